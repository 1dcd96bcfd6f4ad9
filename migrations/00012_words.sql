-- +goose Up
-- What runs and attempts ended with and what runners log, in the two languages of the pages: {"ja", "en"}, one of them alone
-- where the trainer speaks only that.
ALTER TABLE runs
    ALTER COLUMN message DROP DEFAULT,
    ALTER COLUMN message TYPE jsonb USING jsonb_strip_nulls(jsonb_build_object('en', nullif(message, ''))),
    ALTER COLUMN message SET DEFAULT '{}';
ALTER TABLE attempts
    ALTER COLUMN reason DROP DEFAULT,
    ALTER COLUMN reason TYPE jsonb USING jsonb_strip_nulls(jsonb_build_object('en', nullif(reason, ''))),
    ALTER COLUMN reason SET DEFAULT '{}';
ALTER TABLE logs
    ALTER COLUMN text TYPE jsonb USING jsonb_build_object('en', text);

-- +goose Down
ALTER TABLE logs
    ALTER COLUMN text TYPE text USING coalesce(text->>'en', text->>'ja', '');
ALTER TABLE attempts
    ALTER COLUMN reason DROP DEFAULT,
    ALTER COLUMN reason TYPE text USING coalesce(reason->>'en', reason->>'ja', ''),
    ALTER COLUMN reason SET DEFAULT '';
ALTER TABLE runs
    ALTER COLUMN message DROP DEFAULT,
    ALTER COLUMN message TYPE text USING coalesce(message->>'en', message->>'ja', ''),
    ALTER COLUMN message SET DEFAULT '';
