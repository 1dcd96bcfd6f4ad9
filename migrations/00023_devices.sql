-- +goose Up
-- How many devices of its kind a segment's run computes on, and what one of them can do at most, in floating point operations a
-- second at the run's precision; 0: nobody said.
ALTER TABLE segments
    ADD COLUMN devices integer NOT NULL DEFAULT 1,
    ADD COLUMN peak_flops double precision NOT NULL DEFAULT 0,
    ADD CONSTRAINT segments_on_devices CHECK (devices > 0 AND peak_flops >= 0 AND peak_flops < 'Infinity');

-- +goose Down
ALTER TABLE segments
    DROP COLUMN devices,
    DROP COLUMN peak_flops;
