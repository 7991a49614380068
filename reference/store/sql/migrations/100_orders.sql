-- +goose Up

-- The orders of record, clustered by wallet.
CREATE TABLE {p}orders (
    act_id  {long}  NOT NULL,
    stage   INTEGER NOT NULL,
    scene   {scene} NOT NULL,
    rain    INTEGER NOT NULL,
    award   INTEGER NOT NULL,
    amount  {long}  NOT NULL,
    opened  {long}  NOT NULL,
    created {long}  NOT NULL,
    state   INTEGER NOT NULL,
    place   {long},          -- in the list of open orders; NULL once the state is final
    written {long}  NOT NULL, -- by which transaction
    PRIMARY KEY (act_id, stage, scene, rain, award)
) {end};
