-- +goose Up
CREATE TABLE sweeps (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    definition   jsonb NOT NULL, -- the sweep as it was started: resolved recipe, seeds, designs
    seed         bigint NOT NULL, -- the 64 bits of an unsigned seed
    document     text NOT NULL,
    state        text NOT NULL,
    runs_at_once integer NOT NULL, -- 0: no bound
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    CONSTRAINT sweeps_name_once UNIQUE (name),
    CONSTRAINT sweeps_state_known CHECK (state IN ('running', 'paused', 'completed', 'stopped')),
    CONSTRAINT sweeps_finished_iff_ended CHECK ((finished_at IS NOT NULL) = (state IN ('completed', 'stopped'))),
    CONSTRAINT sweeps_runs_at_once_not_negative CHECK (runs_at_once >= 0)
);

CREATE TABLE sweep_sources (
    sweep_id  bigint NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    position  integer NOT NULL,
    source_id bigint NOT NULL REFERENCES sources,
    PRIMARY KEY (sweep_id, position),
    CONSTRAINT sweep_sources_once UNIQUE (sweep_id, source_id)
);

CREATE TABLE sweep_tasks (
    sweep_id bigint NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    position integer NOT NULL,
    task_id  bigint NOT NULL REFERENCES tasks,
    PRIMARY KEY (sweep_id, position),
    CONSTRAINT sweep_tasks_once UNIQUE (sweep_id, task_id)
);

CREATE TABLE arms (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sweep_id   bigint NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    position   integer NOT NULL,
    name       text NOT NULL,
    definition jsonb NOT NULL,
    CONSTRAINT arms_name_once UNIQUE (sweep_id, name),
    CONSTRAINT arms_position_once UNIQUE (sweep_id, position)
);

-- +goose Down
DROP TABLE arms;
DROP TABLE sweep_tasks;
DROP TABLE sweep_sources;
DROP TABLE sweeps;
