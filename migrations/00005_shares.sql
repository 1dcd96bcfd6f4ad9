-- +goose Up
CREATE TABLE shares (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_hash  bytea NOT NULL, -- SHA-256; the secret itself is nowhere
    hint         text NOT NULL,
    sweep        text NOT NULL,
    question     text NOT NULL,
    kind         text NOT NULL,
    chart        text NOT NULL, -- byte for byte as shared
    csv          text NOT NULL,
    fingerprints jsonb NOT NULL,
    version      text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    views        bigint NOT NULL DEFAULT 0,
    CONSTRAINT shares_secret_once UNIQUE (secret_hash),
    CONSTRAINT shares_secret_is_a_digest CHECK (octet_length(secret_hash) = 32)
);

-- +goose Down
DROP TABLE shares;
