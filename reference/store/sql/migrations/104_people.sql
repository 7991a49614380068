-- +goose Up

-- All on shard 0. A transaction that takes a number locks its row until the commit, so numbers become visible in their order.
CREATE TABLE {p}counters (
    id    INTEGER NOT NULL PRIMARY KEY, -- 1 wallets handed out, 2 payments, 3 operators' actions
    value {long}  NOT NULL
) {end};

CREATE TABLE {p}accounts (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    act_id  {long}  NOT NULL,
    phone   {long}  NOT NULL, -- 0: none
    PRIMARY KEY (family, account)
) {end};

CREATE TABLE {p}phones (
    phone  {long} NOT NULL PRIMARY KEY,
    holder {long} NOT NULL, -- 0: nobody
    bound  {long} NOT NULL  -- accounts that are bound to it
) {end};

-- Wallets that were joined to another one.
CREATE TABLE {p}former_wallets (
    act_id {long} NOT NULL,
    former {long} NOT NULL,
    PRIMARY KEY (act_id, former)
) {end};

CREATE TABLE {p}payments (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    request {long}  NOT NULL,
    amount  {long}  NOT NULL CHECK (amount > 0),
    number  {long}  NOT NULL, -- in the order of the statement
    PRIMARY KEY (family, account, request)
) {end};
CREATE INDEX {p}payments_number ON {p}payments (number);

CREATE TABLE {p}actions (
    id       {long} NOT NULL PRIMARY KEY,
    at       {long} NOT NULL,
    operator {blob} NOT NULL,
    role     {blob} NOT NULL,
    method   {blob} NOT NULL,
    detail   {blob} NOT NULL,
    outcome  {blob} NOT NULL
) {end};
