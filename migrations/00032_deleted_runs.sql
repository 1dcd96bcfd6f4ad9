-- +goose Up
-- Runs that somebody deleted: a run's folder that no row names is left over from one of these, or belongs to another database.
CREATE TABLE deleted_runs (
    id         text PRIMARY KEY,
    deleted_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE deleted_runs;
