-- +goose Up
CREATE TABLE sources (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name              text NOT NULL,
    version           text NOT NULL,
    lang              text NOT NULL,
    role              text NOT NULL,
    manifest_sha256   text NOT NULL,
    dir               text NOT NULL,
    bytes             bigint NOT NULL,
    documents         bigint NOT NULL,
    heldout_bytes     bigint NOT NULL,
    heldout_documents bigint NOT NULL,
    rejected          jsonb NOT NULL,
    origin            jsonb NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sources_version_once UNIQUE (name, version),
    CONSTRAINT sources_manifest_once UNIQUE (name, manifest_sha256),
    CONSTRAINT sources_role_known CHECK (role IN ('train', 'heldout')),
    CONSTRAINT sources_sizes_not_negative CHECK (bytes >= 0 AND documents >= 0 AND heldout_bytes >= 0 AND heldout_documents >= 0)
);

CREATE TABLE tasks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    version    text NOT NULL,
    lang       text NOT NULL,
    kind       text NOT NULL,
    items      bigint NOT NULL,
    chance     double precision NOT NULL,
    source     text NOT NULL,
    sha256     text NOT NULL,
    path       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tasks_version_once UNIQUE (name, version),
    CONSTRAINT tasks_chance_is_a_fraction CHECK (chance BETWEEN 0 AND 1),
    CONSTRAINT tasks_have_items CHECK (items > 0)
);

-- +goose Down
DROP TABLE tasks;
DROP TABLE sources;
