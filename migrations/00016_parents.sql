-- +goose Up
-- A run may start from a run of another sweep, or from a folder, and take the weights alone of what it starts from: then its
-- steps are its own, and start_step is only where those weights stood. Of what was there when its sweep started a copy is
-- kept, under the digest of its manifest.
ALTER TABLE runs
    ADD COLUMN start_take text NOT NULL DEFAULT 'state',
    ADD COLUMN start_sha256 text,
    ADD CONSTRAINT runs_start_take_known CHECK (start_take IN ('state', 'weights')),
    ADD CONSTRAINT runs_start_state_of_a_run CHECK (start_take = 'weights' OR start_sha256 IS NULL OR start_run IS NOT NULL),
    DROP CONSTRAINT runs_start_within,
    ADD CONSTRAINT runs_start_within CHECK (start_step > 0 AND (start_step < steps OR start_take = 'weights'));

-- +goose Down
ALTER TABLE runs
    DROP CONSTRAINT runs_start_within,
    ADD CONSTRAINT runs_start_within CHECK (start_step > 0 AND start_step < steps),
    DROP CONSTRAINT runs_start_state_of_a_run,
    DROP CONSTRAINT runs_start_take_known,
    DROP COLUMN start_sha256,
    DROP COLUMN start_take;
