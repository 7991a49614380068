-- +goose Up

-- Former wallets of an account, on shard 0: a grant that it won there before it left is not granted again.
CREATE TABLE {p}left_wallets (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    act_id  {long}  NOT NULL,
    at      {long}  NOT NULL, -- when the account left
    PRIMARY KEY (family, account, act_id)
) {end};
