-- +goose Up
-- Why no queued run of a sweep can begin, as its trainer can't be started, and until when none is tried.
ALTER TABLE sweeps
	ADD COLUMN held jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN held_until timestamptz;

-- +goose Down
ALTER TABLE sweeps
	DROP COLUMN held,
	DROP COLUMN held_until;
