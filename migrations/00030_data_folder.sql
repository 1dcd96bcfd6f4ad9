-- +goose Up
-- The data folder that holds what this database names: known by the id in its file, since it may be mounted anywhere. One row at most.
CREATE TABLE data_folder (
    id   text PRIMARY KEY,
    path text NOT NULL, -- where it was first used, for people
    host text NOT NULL,
    at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX data_folder_once ON data_folder ((true));

-- +goose Down
DROP TABLE data_folder;
