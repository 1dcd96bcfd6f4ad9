-- +goose Up
-- The queue in the order in which runs are claimed, and apart from it the runs that are held: a claim among ten thousand that
-- wait reads a few rows.
CREATE INDEX runs_queued ON runs (sweep_id, replicate, position) WHERE state = 'queued';
CREATE INDEX runs_active ON runs (sweep_id, position) WHERE state IN ('running', 'stopping');
DROP INDEX runs_to_claim;

-- +goose Down
CREATE INDEX runs_to_claim ON runs (sweep_id, position) WHERE state IN ('queued', 'running', 'stopping');
DROP INDEX runs_active;
DROP INDEX runs_queued;
