-- +goose Up
-- A trainer may end a run as diverged for reasons of its own: an entry of the run's ledger, too.
ALTER TABLE spikes
    DROP CONSTRAINT spikes_kind_known,
    ADD CONSTRAINT spikes_kind_known CHECK (kind IN ('loss', 'grad', 'nonfinite', 'away', 'stuck', 'trainer'));

-- +goose Down
DELETE FROM spikes WHERE kind = 'trainer';
ALTER TABLE spikes
    DROP CONSTRAINT spikes_kind_known,
    ADD CONSTRAINT spikes_kind_known CHECK (kind IN ('loss', 'grad', 'nonfinite', 'away', 'stuck'));
