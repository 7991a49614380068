-- +goose Up

-- On shard 0: what is leased of each stage's budget. A transaction that writes here or to the blocks locks all three rows first.
CREATE TABLE {p}quota_stages (
    stage  INTEGER NOT NULL PRIMARY KEY,
    leased {long}  NOT NULL
) {end};

-- On shard 0: the blocks. They stay, because numbers are never used again.
CREATE TABLE {p}quota_blocks (
    block  {long}  NOT NULL PRIMARY KEY,
    stage  INTEGER NOT NULL,
    state  INTEGER NOT NULL, -- 0 open, 1 orphaned, 2 closed
    leased {long}  NOT NULL, -- of a closed block: what it granted
    holder {blob}  NOT NULL
) {end};
CREATE INDEX {p}quota_blocks_state ON {p}quota_blocks (state);

-- On every shard: whether a block may still grant here, and what it has granted here. Several rows a block, so that
-- transactions side by side do not wait for each other.
CREATE TABLE {p}quota_fences (
    block    {long}  NOT NULL,
    stripe   INTEGER NOT NULL,
    stage    INTEGER NOT NULL,
    closed   INTEGER NOT NULL,
    reserved {long}  NOT NULL,
    PRIMARY KEY (block, stripe)
) {end};

-- Which block pays for an order; 0: none. On the order's shard, clustered by wallet.
CREATE TABLE {p}quota_reservations (
    act_id  {long}  NOT NULL,
    stage   INTEGER NOT NULL,
    scene   {scene} NOT NULL,
    rain    INTEGER NOT NULL,
    award   INTEGER NOT NULL,
    amount  {long}  NOT NULL CHECK (amount > 0),
    block   {long}  NOT NULL,
    written {long}  NOT NULL, -- by which transaction
    PRIMARY KEY (act_id, stage, scene, rain, award)
) {end};
