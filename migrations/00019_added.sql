-- +goose Up
-- The version that was added last is the newest of its name, also where its text had been added before.
ALTER TABLE sources ADD COLUMN added_at timestamptz NOT NULL DEFAULT clock_timestamp();
UPDATE sources SET added_at = created_at;
ALTER TABLE tasks ADD COLUMN added_at timestamptz NOT NULL DEFAULT clock_timestamp();
UPDATE tasks SET added_at = created_at;

-- +goose Down
ALTER TABLE tasks DROP COLUMN added_at;
ALTER TABLE sources DROP COLUMN added_at;
