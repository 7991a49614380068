-- +goose Up

-- Wallets that an account stood behind once, on shard 0: what was won there before it left is not won again.
CREATE TABLE {p}left_wallets (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    act_id  {long}  NOT NULL,
    at      {long}  NOT NULL, -- when the account left
    PRIMARY KEY (family, account, act_id)
) {end};
