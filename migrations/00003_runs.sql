-- +goose Up
CREATE TABLE runs (
    id              text PRIMARY KEY,
    sweep_id        bigint NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    arm_id          bigint NOT NULL REFERENCES arms ON DELETE CASCADE,
    replicate       bigint NOT NULL,
    position        integer NOT NULL,
    name            text NOT NULL,
    data_seed       bigint NOT NULL, -- seeds hold the 64 bits of unsigned numbers
    mix_seed        bigint NOT NULL,
    init_seed       bigint NOT NULL,
    steps           bigint NOT NULL,
    tokens_per_step bigint NOT NULL,
    state           text NOT NULL DEFAULT 'queued',
    reason          text NOT NULL DEFAULT '',
    message         text NOT NULL DEFAULT '',
    epoch           bigint NOT NULL DEFAULT 0, -- raised by every claim: the fencing token of all writes
    holder_host     text,
    holder_boot_id  text,
    holder_pid      integer,
    holder_start    bigint, -- of the process, as its operating system counts
    lease_until     timestamptz,
    attempt         integer NOT NULL DEFAULT 0,
    step            bigint NOT NULL DEFAULT 0,
    loss            double precision,
    tokens_per_s    double precision,
    event_at        timestamptz,
    seen_at         timestamptz,
    sealed          boolean NOT NULL DEFAULT false, -- its points lie in chunks
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    CONSTRAINT runs_replicate_once UNIQUE (arm_id, replicate),
    CONSTRAINT runs_name_once UNIQUE (sweep_id, name),
    CONSTRAINT runs_state_known CHECK (state IN ('queued', 'running', 'stopping', 'completed', 'stopped', 'diverged', 'failed')),
    CONSTRAINT runs_lease_iff_held CHECK (num_nulls(holder_host, holder_boot_id, holder_pid, holder_start, lease_until) IN (0, 5)),
    CONSTRAINT runs_held_only_while_active CHECK (lease_until IS NULL OR state IN ('running', 'stopping')),
    CONSTRAINT runs_sealed_only_when_ended CHECK (NOT sealed OR state IN ('completed', 'stopped', 'diverged', 'failed')),
    CONSTRAINT runs_finished_iff_ended CHECK ((finished_at IS NOT NULL) = (state IN ('completed', 'stopped', 'diverged', 'failed'))),
    CONSTRAINT runs_reason_iff_stopped CHECK ((reason <> '') = (state IN ('stopping', 'stopped'))),
    CONSTRAINT runs_reason_known CHECK (reason IN ('', 'person', 'budget', 'early')),
    CONSTRAINT runs_steps_positive CHECK (steps > 0 AND tokens_per_step > 0),
    CONSTRAINT runs_step_within CHECK (step BETWEEN 0 AND steps),
    CONSTRAINT runs_completed_whole CHECK (state <> 'completed' OR step = steps)
);
CREATE INDEX runs_by_sweep ON runs (sweep_id, position);
CREATE INDEX runs_to_claim ON runs (sweep_id, position) WHERE state IN ('queued', 'running', 'stopping');
CREATE INDEX runs_to_seal ON runs (finished_at) WHERE NOT sealed AND finished_at IS NOT NULL;

CREATE TABLE attempts (
    run_id      text NOT NULL REFERENCES runs ON DELETE CASCADE,
    number      integer NOT NULL,
    host        text NOT NULL,
    engine      text NOT NULL,
    handle      jsonb,
    spec_sha256 text NOT NULL,
    read_offset bigint NOT NULL DEFAULT 0, -- the cursor: bytes of events.jsonl that are stored …
    read_seq    bigint NOT NULL DEFAULT 0, -- … and the number of the last event among them
    started_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    outcome     text NOT NULL DEFAULT '',
    reason      text NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, number),
    CONSTRAINT attempts_count_from_one CHECK (number > 0),
    CONSTRAINT attempts_outcome_iff_ended CHECK ((outcome <> '') = (ended_at IS NOT NULL)),
    CONSTRAINT attempts_outcome_known CHECK (outcome IN ('', 'completed', 'stopped', 'diverged', 'failed', 'lost'))
);
CREATE UNIQUE INDEX attempts_one_open ON attempts (run_id) WHERE ended_at IS NULL;
CREATE INDEX attempts_open_by_host ON attempts (host) WHERE ended_at IS NULL;

CREATE TABLE logs (
    run_id  text NOT NULL,
    attempt integer NOT NULL,
    seq     bigint NOT NULL,
    time    timestamptz NOT NULL,
    level   text NOT NULL,
    text    text NOT NULL,
    PRIMARY KEY (run_id, attempt, seq),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts ON DELETE CASCADE
);

CREATE TABLE run_plans (
    run_id text PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    plan   jsonb NOT NULL
);

-- +goose Down
DROP TABLE run_plans;
DROP TABLE logs;
DROP TABLE attempts;
DROP TABLE runs;
