-- +goose Up

-- A grant in a person's account. Clustered by wallet, so that a person's list is one range.
CREATE TABLE {p}ledger_grants (
    act_id  {long}  NOT NULL,
    stage   INTEGER NOT NULL,
    scene   {scene} NOT NULL,
    rain    INTEGER NOT NULL,
    award   INTEGER NOT NULL,
    amount  {long}  NOT NULL CHECK (amount > 0),
    opened  {long}  NOT NULL,
    posted  {long}  NOT NULL,
    posting {long}  NOT NULL, -- the transaction: names the debit that these credits come from
    PRIMARY KEY (act_id, stage, scene, rain, award)
) {end};

-- The company's side: what one transaction took from a cost sub-account.
CREATE TABLE {p}ledger_debits (
    posting {long}  NOT NULL,
    stage   INTEGER NOT NULL,
    sub     INTEGER NOT NULL,
    amount  {long}  NOT NULL CHECK (amount < 0),
    posted  {long}  NOT NULL,
    PRIMARY KEY (posting, stage)
) {end};

-- Balances. owner is an ActID; accounts that belong to nobody lie below zero, and so come first.
CREATE TABLE {p}ledger_accounts (
    owner   {long}  NOT NULL,
    kind    INTEGER NOT NULL,
    stage   INTEGER NOT NULL,
    balance {long}  NOT NULL,
    income  {long}  NOT NULL, -- sum of all grants
    PRIMARY KEY (owner, kind, stage) -- no CHECK that nobody owes: it would look at what is added, too
) {end};

-- The numbers of transfers, with what each asked for and the answer that stands.
CREATE TABLE {p}ledger_moves (
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    request {long}  NOT NULL,
    step    INTEGER NOT NULL,
    part    INTEGER NOT NULL, -- 0: the transfer; above: its steps on single shards
    state   INTEGER NOT NULL,
    amount  {long}  NOT NULL,
    asked   {blob}  NOT NULL,
    PRIMARY KEY (family, account, request, step, part)
) {end};

-- The lines of transfers, clustered by wallet.
CREATE TABLE {p}ledger_legs (
    owner   {long}  NOT NULL,
    kind    INTEGER NOT NULL,
    stage   INTEGER NOT NULL,
    family  INTEGER NOT NULL,
    account {long}  NOT NULL,
    request {long}  NOT NULL,
    step    INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    amount  {long}  NOT NULL,
    posted  {long}  NOT NULL,
    PRIMARY KEY (owner, kind, stage, family, account, request, step, part, line)
) {end};
