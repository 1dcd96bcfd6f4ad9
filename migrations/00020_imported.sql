-- +goose Up
-- Text that runs which were trained elsewhere have read: it has a name and a language, and isn't here.
ALTER TABLE sources DROP CONSTRAINT sources_role_known;
ALTER TABLE sources ADD CONSTRAINT sources_role_known CHECK (role IN ('train', 'heldout', 'elsewhere'));

-- +goose Down
ALTER TABLE sources DROP CONSTRAINT sources_role_known;
ALTER TABLE sources ADD CONSTRAINT sources_role_known CHECK (role IN ('train', 'heldout'));
