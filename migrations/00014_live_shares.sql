-- +goose Up
-- A live share shows its sweep as it stands; the others what chart holds, for good. embed_in are the origins whose pages
-- may show it in a frame.
ALTER TABLE shares
    ADD COLUMN live boolean NOT NULL DEFAULT false,
    ADD COLUMN embed_in text[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE shares
    DROP COLUMN embed_in,
    DROP COLUMN live;
