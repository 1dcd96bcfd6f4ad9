-- +goose Up
-- Where alerts go. The address and what signs are encrypted; hint is what may be shown.
CREATE TABLE channels (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    kind       text NOT NULL,
    sealed     bytea NOT NULL,
    hint       text NOT NULL,
    lang       text NOT NULL,
    of         text NOT NULL DEFAULT '', -- a sweep's or recurrence's name; '': all
    kinds      text[] NOT NULL,
    quiet      jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT channels_name_once UNIQUE (name),
    CONSTRAINT channels_kind_known CHECK (kind IN ('mail', 'slack', 'discord', 'teams', 'webhook')),
    CONSTRAINT channels_lang_known CHECK (lang IN ('ja', 'en'))
);

-- The outbox: written in the transaction of what it tells of.
CREATE TABLE alerts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        text NOT NULL,
    kind       text NOT NULL,
    sweep      text NOT NULL DEFAULT '',
    recurrence text NOT NULL DEFAULT '',
    run_id     text NOT NULL DEFAULT '',
    detail     jsonb NOT NULL DEFAULT '{}',
    at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT alerts_key_once UNIQUE (key),
    CONSTRAINT alerts_kind_known CHECK (kind IN ('run_failed', 'run_diverged', 'run_silent', 'run_recovered', 'sweep_finished', 'sweep_paused',
        'recurrence_missed', 'test'))
);
CREATE INDEX alerts_of_run ON alerts (run_id, kind) WHERE run_id <> '';

CREATE TABLE deliveries (
    alert_id   bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
    channel_id bigint NOT NULL REFERENCES channels ON DELETE CASCADE,
    tries      integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz,
    given_up   boolean NOT NULL DEFAULT false,
    trouble    text NOT NULL DEFAULT '',
    PRIMARY KEY (alert_id, channel_id),
    CONSTRAINT deliveries_one_end CHECK (sent_at IS NULL OR NOT given_up)
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE sent_at IS NULL AND NOT given_up;

-- Why a sweep is paused: '' by a person, 'failures' because its runs failed one after the other.
ALTER TABLE sweeps
    ADD COLUMN paused_by text NOT NULL DEFAULT '',
    ADD CONSTRAINT sweeps_paused_by_known CHECK (paused_by IN ('', 'failures'));

-- +goose Down
ALTER TABLE sweeps
    DROP CONSTRAINT sweeps_paused_by_known,
    DROP COLUMN paused_by;
DROP TABLE deliveries;
DROP TABLE alerts;
DROP TABLE channels;
