-- +goose Up
-- Rules that the program keeps and nothing else may break: names that can stand in an address, a run's arm of its own
-- sweep, counts that only grow from nothing.
ALTER TABLE sources
    ADD CONSTRAINT sources_name_wellformed CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$');
ALTER TABLE tasks
    ADD CONSTRAINT tasks_name_wellformed CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$');
ALTER TABLE sweeps
    ADD CONSTRAINT sweeps_name_wellformed CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$');
ALTER TABLE arms
    ADD CONSTRAINT arms_of_one_sweep UNIQUE (sweep_id, id);
ALTER TABLE runs
    ADD CONSTRAINT runs_arm_of_own_sweep FOREIGN KEY (sweep_id, arm_id) REFERENCES arms (sweep_id, id) ON DELETE CASCADE,
    ADD CONSTRAINT runs_epoch_not_negative CHECK (epoch >= 0 AND attempt >= 0);
ALTER TABLE attempts
    ADD CONSTRAINT attempts_cursor_not_negative CHECK (read_offset >= 0 AND read_seq >= 0);
ALTER TABLE checkpoints
    ADD CONSTRAINT checkpoints_at_a_step CHECK (step >= 0 AND bytes >= 0);
ALTER TABLE points
    ADD CONSTRAINT points_at_a_step CHECK (step >= 0);
ALTER TABLE shares
    ADD CONSTRAINT shares_views_not_negative CHECK (views >= 0);

-- +goose Down
ALTER TABLE shares
    DROP CONSTRAINT shares_views_not_negative;
ALTER TABLE points
    DROP CONSTRAINT points_at_a_step;
ALTER TABLE checkpoints
    DROP CONSTRAINT checkpoints_at_a_step;
ALTER TABLE attempts
    DROP CONSTRAINT attempts_cursor_not_negative;
ALTER TABLE runs
    DROP CONSTRAINT runs_epoch_not_negative,
    DROP CONSTRAINT runs_arm_of_own_sweep;
ALTER TABLE arms
    DROP CONSTRAINT arms_of_one_sweep;
ALTER TABLE sweeps
    DROP CONSTRAINT sweeps_name_wellformed;
ALTER TABLE tasks
    DROP CONSTRAINT tasks_name_wellformed;
ALTER TABLE sources
    DROP CONSTRAINT sources_name_wellformed;
