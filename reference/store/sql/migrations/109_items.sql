-- +goose Up

-- Rewards other than cash, clustered by wallet. The key is what was asked for.
CREATE TABLE {p}items (
    act_id  {long}  NOT NULL,
    stage   INTEGER NOT NULL,
    scene   {scene} NOT NULL,
    rain    INTEGER NOT NULL,
    award   INTEGER NOT NULL,
    asked   {scene} NOT NULL,
    family  INTEGER NOT NULL, -- the account that won it
    account {long}  NOT NULL,
    opened  {long}  NOT NULL,
    created {long}  NOT NULL,
    granted INTEGER NOT NULL, -- the type of what is granted; 0: nothing
    reward  {scene} NOT NULL,
    counted {blob}  NOT NULL, -- the number that the stock counted it under; empty: it was not counted
    state   INTEGER NOT NULL,
    changed {long}  NOT NULL,
    ref     {blob}  NOT NULL, -- the downstream's own name for it
    expires {long}  NOT NULL,
    place   {long},           -- in the list of its state; NULL where it waits for nothing
    written {long}  NOT NULL, -- by which transaction
    PRIMARY KEY (act_id, stage, scene, rain, award)
) {end};
CREATE INDEX {p}items_state ON {p}items (state, place, stage);
