-- +goose Up
-- The source version whose held-out text a task was made from; '' where it came from elsewhere or isn't known.
ALTER TABLE tasks ADD COLUMN source_sha256 text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE tasks DROP COLUMN source_sha256;
