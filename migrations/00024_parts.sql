-- +goose Up
-- An addition may be a part of a source that is there: a sample of its training text, up to so many bytes.
ALTER TABLE additions
    ADD COLUMN part_of    text NOT NULL DEFAULT '', -- NAME@VERSION; empty: text is read from path
    ADD COLUMN part_bytes bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE additions
    DROP COLUMN part_of,
    DROP COLUMN part_bytes;
