-- +goose Up
-- How many runs of a sweep that have one shape train at once in one process: chosen when the first of them starts, for what a run
-- computes may depend on it. A handle of an attempt that is in a pack has its folder as "pack".
CREATE TABLE pack_slots (
    sweep_id bigint NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    shape    text NOT NULL, -- of the arms' variants; empty: the recipe's
    slots    integer NOT NULL,
    PRIMARY KEY (sweep_id, shape),
    CONSTRAINT pack_slots_positive CHECK (slots > 0)
);
CREATE INDEX attempts_by_pack ON attempts ((handle->>'pack')) WHERE handle ? 'pack';

-- +goose Down
DROP INDEX attempts_by_pack;
DROP TABLE pack_slots;
