-- +goose Up
-- Where a run's training went wrong: what jumped, left or got stuck, how long it took to recover, and what was done.
CREATE TABLE spikes (
    run_id     text NOT NULL REFERENCES runs ON DELETE CASCADE,
    round      smallint NOT NULL, -- interventions that the run had had
    kind       text NOT NULL,
    step       bigint NOT NULL,
    level      double precision NOT NULL,
    peak       double precision NOT NULL,
    until_step bigint, -- null: not recovered
    closed     boolean NOT NULL,
    rows       jsonb NOT NULL DEFAULT '{}', -- source: numbers of the rows that the step read
    action     text NOT NULL DEFAULT '',
    back_to    bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, round, kind, step),
    CONSTRAINT spikes_kind_known CHECK (kind IN ('loss', 'grad', 'nonfinite', 'away', 'stuck')),
    CONSTRAINT spikes_action_known CHECK (action IN ('', 'reported', 'stopped', 'rolled_back')),
    CONSTRAINT spikes_back_iff_rolled CHECK ((back_to IS NOT NULL) = (action = 'rolled_back')),
    CONSTRAINT spikes_recover_forward CHECK (until_step >= step OR action = 'rolled_back')
);

ALTER TABLE runs
    ADD COLUMN interventions jsonb NOT NULL DEFAULT '[]', -- what it does otherwise than its recipe since it diverged
    ADD COLUMN watch jsonb NOT NULL DEFAULT '{}'; -- what is remembered of its loss as far as its events are stored

-- +goose Down
ALTER TABLE runs
    DROP COLUMN watch,
    DROP COLUMN interventions;
DROP TABLE spikes;
