-- +goose Up
-- An attempt may wait in a batch system's queue. It costs no device hours then, and its silence is none.
ALTER TABLE attempts
    ADD COLUMN waiting boolean NOT NULL DEFAULT false, -- and was to its end, where it has ended
    ADD COLUMN left_queue_at timestamptz; -- NULL where it never waited

-- +goose Down
ALTER TABLE attempts
    DROP COLUMN waiting,
    DROP COLUMN left_queue_at;
