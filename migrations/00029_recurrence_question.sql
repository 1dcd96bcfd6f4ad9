-- +goose Up
-- A recurrence's question in English, beside the one in Japanese; empty: none was asked, or its file hasn't been applied since.
ALTER TABLE recurrences
    ADD COLUMN question_en text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE recurrences
    DROP COLUMN question_en;
