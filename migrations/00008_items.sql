-- +goose Up
ALTER TABLE tasks
    ADD COLUMN norm text NOT NULL DEFAULT '',
    ADD COLUMN majority double precision NOT NULL DEFAULT 0,
    ADD CONSTRAINT tasks_norm_known CHECK (norm IN ('', 'bytes', 'sum')),
    ADD CONSTRAINT tasks_majority_is_a_fraction CHECK (majority BETWEEN 0 AND 1);

-- What a task's items gave at the end of a run, for tests of paired differences: one row a task, values in the order of the
-- task's items. A value that an item doesn't have is NaN.
CREATE TABLE item_scores (
    run_id   text NOT NULL REFERENCES runs ON DELETE CASCADE,
    task     text NOT NULL,
    step     bigint NOT NULL,
    ids      text[] NOT NULL,
    nats     double precision[] NOT NULL,
    bytes    integer[] NOT NULL,
    accuracy real[] NOT NULL,
    margin   real[] NOT NULL,
    exact    real[] NOT NULL,
    f1       real[] NOT NULL,
    PRIMARY KEY (run_id, task),
    CONSTRAINT item_scores_at_a_step CHECK (step >= 0),
    CONSTRAINT item_scores_pair_up CHECK (
        cardinality(ids) = ALL (ARRAY[cardinality(nats), cardinality(bytes), cardinality(accuracy), cardinality(margin), cardinality(exact), cardinality(f1)]))
);

-- What other programs measured of other models.
CREATE TABLE reference_results (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model          text NOT NULL,
    task           text NOT NULL,
    metric         text NOT NULL,
    shots          integer NOT NULL,
    value          double precision NOT NULL,
    standard_error double precision,
    items          bigint NOT NULL, -- 0: not known
    file           text NOT NULL,
    ran_at         timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reference_results_once UNIQUE (model, task, metric, shots),
    CONSTRAINT reference_results_not_negative CHECK (shots >= 0 AND items >= 0)
);

-- +goose Down
DROP TABLE reference_results;
DROP TABLE item_scores;
ALTER TABLE tasks
    DROP CONSTRAINT tasks_majority_is_a_fraction,
    DROP CONSTRAINT tasks_norm_known,
    DROP COLUMN majority,
    DROP COLUMN norm;
