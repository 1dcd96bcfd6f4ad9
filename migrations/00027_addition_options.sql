-- +goose Up
-- How text is cut into documents, how much of it is held out, and whether what holds held-out text stays out.
ALTER TABLE additions
    ADD COLUMN split                text NOT NULL DEFAULT '', -- file, paragraphs or lines; empty: by the file's size
    ADD COLUMN heldout_share        float8 NOT NULL DEFAULT 0, -- of the documents; 0: the usual
    ADD COLUMN drop_near_duplicates boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE additions
    DROP COLUMN split,
    DROP COLUMN heldout_share,
    DROP COLUMN drop_near_duplicates;
