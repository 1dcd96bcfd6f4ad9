-- +goose Up
-- An unbroken stretch of an attempt's steps. Postgres numbers a run's segments itself. What lies past counts_to was
-- superseded by a later segment: drawn grey, never counted, never deleted.
CREATE TABLE segments (
    run_id       text NOT NULL REFERENCES runs ON DELETE CASCADE,
    ordinal      smallint NOT NULL,
    attempt      integer NOT NULL,
    number       integer NOT NULL, -- the attempt's own
    resumed_from bigint, -- null: from the beginning
    counts_to    bigint NOT NULL DEFAULT 9223372036854775807,
    trainer      text NOT NULL,
    device       text NOT NULL,
    isa          text NOT NULL,
    threads      integer NOT NULL,
    started_at   timestamptz NOT NULL,
    PRIMARY KEY (run_id, ordinal),
    FOREIGN KEY (run_id, attempt) REFERENCES attempts (run_id, number) ON DELETE CASCADE,
    CONSTRAINT segments_once UNIQUE (run_id, attempt, number),
    CONSTRAINT segments_resume_at_a_step CHECK (resumed_from >= 0),
    CONSTRAINT segments_count_to_a_step CHECK (counts_to >= -1)
);

CREATE TABLE checkpoints (
    run_id          text NOT NULL,
    ordinal         smallint NOT NULL,
    attempt         integer NOT NULL,
    step            bigint NOT NULL,
    path            text NOT NULL,
    bytes           bigint NOT NULL,
    manifest_sha256 text NOT NULL,
    PRIMARY KEY (run_id, ordinal, step),
    FOREIGN KEY (run_id, ordinal) REFERENCES segments ON DELETE CASCADE
);

CREATE TABLE series (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    name   text NOT NULL,
    CONSTRAINT series_once UNIQUE (run_id, name)
);

CREATE TABLE points (
    series_id integer NOT NULL,
    ordinal   smallint NOT NULL,
    step      bigint NOT NULL,
    value     double precision NOT NULL,
    PRIMARY KEY (series_id, ordinal, step)
);

-- Buckets of 64 and 4,096 steps, fed only by points really inserted. One begins at a multiple of its width, or behind
-- the step at which a resume cut it in two, so that a bucket counts as a whole or not at all: it counts unless its first
-- step is past its segment's counts_to. n counts finite values; min, max, sum and squares are of these.
CREATE TABLE rollups (
    series_id  integer NOT NULL,
    ordinal    smallint NOT NULL,
    level      smallint NOT NULL, -- width of a bucket in steps is 2^level
    start      bigint NOT NULL,
    n          bigint NOT NULL,
    n_nan      bigint NOT NULL,
    n_pos_inf  bigint NOT NULL,
    n_neg_inf  bigint NOT NULL,
    first_step bigint NOT NULL,
    min        double precision NOT NULL,
    min_step   bigint NOT NULL, -- -1 where n is 0, as max_step
    max        double precision NOT NULL,
    max_step   bigint NOT NULL,
    last       double precision NOT NULL,
    last_step  bigint NOT NULL,
    sum        double precision NOT NULL,
    squares    double precision NOT NULL,
    PRIMARY KEY (series_id, ordinal, level, start),
    CONSTRAINT rollups_level_known CHECK (level IN (6, 12)),
    CONSTRAINT rollups_within_bucket CHECK (start <= first_step AND first_step <= last_step AND last_step >> level = start >> level)
) WITH (fillfactor = 80);

-- Points of ended runs, sealed: up to 4,096 neighbours in one row, in order of steps.
CREATE TABLE chunks (
    series_id  integer NOT NULL,
    ordinal    smallint NOT NULL,
    first_step bigint NOT NULL,
    last_step  bigint NOT NULL,
    steps      bigint[] NOT NULL,
    vals       double precision[] NOT NULL,
    PRIMARY KEY (series_id, ordinal, first_step),
    CONSTRAINT chunks_pair_up CHECK (cardinality(steps) = cardinality(vals))
);

-- +goose Down
DROP TABLE chunks;
DROP TABLE rollups;
DROP TABLE points;
DROP TABLE series;
DROP TABLE checkpoints;
DROP TABLE segments;
