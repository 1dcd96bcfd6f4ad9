-- +goose Up
-- What sweeps that plan themselves have added to themselves, and why: each round once, whoever decides and however often it is
-- restarted.
CREATE TABLE rounds (
    sweep_id   bigint NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    number     integer NOT NULL,
    kind       text NOT NULL,
    round      jsonb NOT NULL, -- what was read, what that said, and the arms that were added
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sweep_id, number),
    CONSTRAINT rounds_count_from_one CHECK (number > 0),
    CONSTRAINT rounds_kind_known CHECK (kind IN ('start', 'batch', 'confirm', 'verdict'))
);
CREATE UNIQUE INDEX rounds_one_of_a_kind ON rounds (sweep_id, kind) WHERE kind <> 'batch';

-- +goose Down
DROP TABLE rounds;
