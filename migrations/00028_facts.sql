-- +goose Up
-- Three facts of a run that nobody may take for each other: its lease, its process as its engine sees it, and its metrics. seen_at is
-- when a worker last held it.
ALTER TABLE runs
    ADD COLUMN process_at timestamptz, -- when the engine last saw the process of the newest attempt
    ADD COLUMN metric_at  timestamptz; -- when a point was last stored
UPDATE runs
SET process_at = seen_at, metric_at = event_at;

-- +goose Down
ALTER TABLE runs
    DROP COLUMN process_at,
    DROP COLUMN metric_at;
