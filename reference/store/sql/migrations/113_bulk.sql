-- +goose Up

-- Bulk re-issues, on shard 0. A transaction that creates one locks the counter first. Each list is one job.
CREATE TABLE {p}bulk_jobs (
    id       {long}  NOT NULL PRIMARY KEY,
    digest_a {long}  NOT NULL, -- the list's SHA-256, eight bytes each
    digest_b {long}  NOT NULL,
    digest_c {long}  NOT NULL,
    digest_d {long}  NOT NULL,
    activity {blob}  NOT NULL,
    by_whom  {blob}  NOT NULL,
    created  {long}  NOT NULL,
    length   INTEGER NOT NULL, -- rows
    state    INTEGER NOT NULL,
    done     INTEGER NOT NULL,
    granted  INTEGER NOT NULL
) {end};
CREATE UNIQUE INDEX {p}bulk_jobs_digest ON {p}bulk_jobs (digest_a, digest_b, digest_c, digest_d);
CREATE INDEX {p}bulk_jobs_state ON {p}bulk_jobs (state, id);

CREATE TABLE {p}bulk_rows (
    job     {long}  NOT NULL,
    place   INTEGER NOT NULL, -- from 0
    line    INTEGER NOT NULL,
    app     INTEGER NOT NULL,
    account {long}  NOT NULL,
    scene   {scene} NOT NULL,
    award   INTEGER NOT NULL,
    amount  {long}  NOT NULL,
    reason  {blob}  NOT NULL,
    outcome {blob}  NOT NULL, -- empty: none yet
    PRIMARY KEY (job, place)
) {end};
