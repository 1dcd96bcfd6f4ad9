-- +goose Up
CREATE TABLE recurrences (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    question   text NOT NULL,
    definition jsonb NOT NULL, -- cron line, zone, what to do with missed firings, until when runs train
    budget     jsonb NOT NULL, -- of each firing
    document   text NOT NULL,
    state      text NOT NULL DEFAULT 'active',
    next_at    timestamptz NOT NULL, -- the first planned time that isn't decided
    revision   bigint NOT NULL DEFAULT 1, -- raised by every change: a decision on an old one is void
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT recurrences_name_once UNIQUE (name),
    CONSTRAINT recurrences_name_wellformed CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    CONSTRAINT recurrences_state_known CHECK (state IN ('active', 'paused', 'ended'))
);
CREATE INDEX recurrences_due ON recurrences (next_at) WHERE state <> 'ended';

-- What became of a planned time. A sweep starts in the transaction that writes its firing.
CREATE TABLE firings (
    recurrence_id bigint NOT NULL REFERENCES recurrences ON DELETE CASCADE,
    planned_at    timestamptz NOT NULL,
    decided_at    timestamptz NOT NULL,
    state         text NOT NULL,
    reason        text NOT NULL DEFAULT '',
    message       jsonb NOT NULL DEFAULT '{}',
    sweep_id      bigint REFERENCES sweeps,
    CONSTRAINT firings_once PRIMARY KEY (recurrence_id, planned_at),
    CONSTRAINT firings_sweep_once UNIQUE (sweep_id),
    CONSTRAINT firings_state_known CHECK (state IN ('fired', 'missed', 'skipped')),
    CONSTRAINT firings_sweep_iff_fired CHECK ((sweep_id IS NOT NULL) = (state = 'fired')),
    CONSTRAINT firings_reason_iff_skipped CHECK ((reason <> '') = (state = 'skipped')),
    CONSTRAINT firings_reason_known CHECK (reason IN ('', 'paused', 'previous', 'refused'))
);

-- When a firing's runs must have left; null: nothing bounds them.
ALTER TABLE sweeps ADD COLUMN closes_at timestamptz;

-- +goose Down
ALTER TABLE sweeps DROP COLUMN closes_at;
DROP TABLE firings;
DROP TABLE recurrences;
