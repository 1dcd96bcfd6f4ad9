-- +goose Up
-- For how long a sweep's bulk is kept ({"points", "checkpoints", "logs"}: days after a run's end; absent: for good), and when
-- it was put out of sight. What was thrown away of a run stands in dropped.
ALTER TABLE sweeps
    ADD COLUMN keep jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN archived_at timestamptz;
ALTER TABLE runs
    ADD COLUMN dropped text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT runs_dropped_known CHECK (dropped <@ '{points, checkpoints, logs}');

-- A firing stays when its sweep is deleted.
ALTER TABLE firings
    DROP CONSTRAINT firings_sweep_iff_fired,
    ADD CONSTRAINT firings_sweep_only_if_fired CHECK (sweep_id IS NULL OR state = 'fired'),
    DROP CONSTRAINT firings_sweep_id_fkey,
    ADD CONSTRAINT firings_sweep_id_fkey FOREIGN KEY (sweep_id) REFERENCES sweeps ON DELETE SET NULL;

-- +goose Down
DELETE FROM firings WHERE state = 'fired' AND sweep_id IS NULL;
ALTER TABLE firings
    DROP CONSTRAINT firings_sweep_id_fkey,
    ADD CONSTRAINT firings_sweep_id_fkey FOREIGN KEY (sweep_id) REFERENCES sweeps,
    DROP CONSTRAINT firings_sweep_only_if_fired,
    ADD CONSTRAINT firings_sweep_iff_fired CHECK ((sweep_id IS NOT NULL) = (state = 'fired'));
ALTER TABLE runs
    DROP CONSTRAINT runs_dropped_known,
    DROP COLUMN dropped;
ALTER TABLE sweeps
    DROP COLUMN archived_at,
    DROP COLUMN keep;
