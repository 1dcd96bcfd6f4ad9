-- +goose Up
-- What early stopping said of a run at a rung: once, whoever looks and however often it is restarted.
CREATE TABLE judgements (
    run_id    text NOT NULL REFERENCES runs ON DELETE CASCADE,
    rung      integer NOT NULL,
    stopped   boolean NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, rung)
);

-- +goose Down
DROP TABLE judgements;
