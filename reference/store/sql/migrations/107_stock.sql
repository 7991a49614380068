-- +goose Up

-- On shard 0: what is leased of each template's stock. A transaction that writes here or to the blocks first
-- locks the row of template '', which holds the highest number of a block.
CREATE TABLE {p}stock_leases (
    template {scene} NOT NULL,
    stage    INTEGER NOT NULL,
    leased   {long}  NOT NULL,
    PRIMARY KEY (template, stage)
) {end};

-- On shard 0: the blocks. They stay, because numbers are never used again.
CREATE TABLE {p}stock_blocks (
    block    {long}  NOT NULL PRIMARY KEY,
    template {scene} NOT NULL,
    stage    INTEGER NOT NULL,
    state    INTEGER NOT NULL, -- 0 open, 1 orphaned, 2 closed
    leased   {long}  NOT NULL, -- of a closed block: what it issued, as the last audit found it
    holder   {blob}  NOT NULL
) {end};
CREATE INDEX {p}stock_blocks_template ON {p}stock_blocks (template, state);

-- On every shard: whether a block may still issue here, and what it has issued here, as of budgets.
CREATE TABLE {p}stock_quota_fences (
    block    {long}  NOT NULL,
    stripe   INTEGER NOT NULL,
    stage    INTEGER NOT NULL,
    closed   INTEGER NOT NULL,
    reserved {long}  NOT NULL,
    PRIMARY KEY (block, stripe)
) {end};

-- Which block an order's coupon is of; 0: it has none and gets none. On the order's shard, clustered by wallet.
CREATE TABLE {p}stock_quota_reservations (
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
