-- +goose Up
-- Text that somebody asked a server to read into a source, in the order in which it is read.
CREATE TABLE additions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    lang        text NOT NULL,
    licence     text NOT NULL,
    path        text NOT NULL,
    text_column text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting',
    epoch       bigint NOT NULL DEFAULT 0, -- raised by every server that begins: what an earlier one says is void
    lease_until timestamptz,
    progress    jsonb NOT NULL DEFAULT '{}',
    version     text NOT NULL DEFAULT '', -- of the source that it became
    message     jsonb NOT NULL DEFAULT '{}', -- why it failed
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    CONSTRAINT additions_state_known CHECK (state IN ('waiting', 'reading', 'added', 'failed', 'cancelled'))
);
CREATE UNIQUE INDEX additions_one_at_a_time ON additions (name) WHERE state IN ('waiting', 'reading');

-- +goose Down
DROP TABLE additions;
