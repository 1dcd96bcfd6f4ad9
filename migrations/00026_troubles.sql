-- +goose Up
-- Why a delivery didn't arrive, in the two languages of the pages. What was kept until now quotes servers, and with them
-- addresses that are to be read nowhere: it goes.
ALTER TABLE deliveries
    ALTER COLUMN trouble DROP DEFAULT,
    ALTER COLUMN trouble TYPE jsonb USING '{}',
    ALTER COLUMN trouble SET DEFAULT '{}';

-- +goose Down
ALTER TABLE deliveries
    ALTER COLUMN trouble DROP DEFAULT,
    ALTER COLUMN trouble TYPE text USING coalesce(trouble->>'en', ''),
    ALTER COLUMN trouble SET DEFAULT '';
