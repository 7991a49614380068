-- +goose Up

-- Withdrawals of record, on the shard of the account that asked.
CREATE TABLE {p}withdrawals (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    request {long}  NOT NULL,
    owner   {long}  NOT NULL,
    stage   INTEGER NOT NULL,
    amount  {long}  NOT NULL,
    created {long}  NOT NULL,
    state   INTEGER NOT NULL,
    due     {long},           -- created, while it is unfinished
    wallets {blob}  NOT NULL, -- eight bytes each
    written {long}  NOT NULL, -- by which transaction
    PRIMARY KEY (family, account, request)
) {end};
CREATE INDEX {p}withdrawals_owner ON {p}withdrawals (owner, stage, created);
CREATE INDEX {p}withdrawals_due ON {p}withdrawals (due);
