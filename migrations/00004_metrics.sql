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
    CONSTRAINT segments_once UNIQUE (run_id, attempt, number)
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

-- Two levels of buckets, 64 and 4,096 steps wide, fed only by points really inserted. n counts finite values; a bucket
-- that a resume cuts in two has a row for each side.
CREATE TABLE rollups (
    series_id  integer NOT NULL,
    ordinal    smallint NOT NULL,
    level      smallint NOT NULL, -- width of a bucket in steps is 2^level
    bucket     bigint NOT NULL,
    superseded boolean NOT NULL DEFAULT false,
    n          bigint NOT NULL,
    n_nan      bigint NOT NULL,
    n_pos_inf  bigint NOT NULL,
    n_neg_inf  bigint NOT NULL,
    first_step bigint NOT NULL,
    min        double precision NOT NULL,
    min_step   bigint NOT NULL,
    max        double precision NOT NULL,
    max_step   bigint NOT NULL,
    last       double precision NOT NULL,
    last_step  bigint NOT NULL,
    sum        double precision NOT NULL,
    squares    double precision NOT NULL,
    PRIMARY KEY (series_id, ordinal, level, bucket, superseded),
    CONSTRAINT rollups_level_known CHECK (level IN (6, 12))
);

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
