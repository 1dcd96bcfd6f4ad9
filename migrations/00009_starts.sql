-- +goose Up
-- What a run goes on from instead of its own first step: another run after so many steps. One of its own sweep is a trunk:
-- both do the same up to there, and a run whose trunk never gets so far trains that part itself.
ALTER TABLE runs
    ADD COLUMN start_run text REFERENCES runs,
    ADD COLUMN start_step bigint,
    ADD CONSTRAINT runs_start_whole CHECK ((start_run IS NULL) = (start_step IS NULL)),
    ADD CONSTRAINT runs_start_within CHECK (start_step > 0 AND start_step < steps),
    ADD CONSTRAINT runs_start_from_another CHECK (start_run <> id);
CREATE INDEX runs_by_start ON runs (start_run) WHERE start_run IS NOT NULL;

-- A segment with a run is the past that a run took over from that one: its points are copies.
ALTER TABLE segments
    ADD COLUMN of_run text;

-- +goose Down
ALTER TABLE segments
    DROP COLUMN of_run;
DROP INDEX runs_by_start;
ALTER TABLE runs
    DROP CONSTRAINT runs_start_from_another,
    DROP CONSTRAINT runs_start_within,
    DROP CONSTRAINT runs_start_whole,
    DROP COLUMN start_step,
    DROP COLUMN start_run;
