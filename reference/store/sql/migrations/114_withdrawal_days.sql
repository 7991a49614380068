-- +goose Up

-- What a wallet withdraws in a day, on the wallet's shard.
CREATE TABLE {p}withdrawal_days (
    owner  {long}  NOT NULL,
    stage  INTEGER NOT NULL,
    day    INTEGER NOT NULL,
    amount {long}  NOT NULL,
    times  {long}  NOT NULL,
    PRIMARY KEY (owner, stage, day)
) {end};

-- The withdrawals that were counted there. counts is 0 after the withdrawal failed.
CREATE TABLE {p}withdrawal_takes (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    request {long}  NOT NULL,
    counts  INTEGER NOT NULL,
    PRIMARY KEY (family, account, request)
) {end};
