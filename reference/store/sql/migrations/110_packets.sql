-- +goose Up

-- Packets between users, on the shard of the account that sent them.
CREATE TABLE {p}packets (
    family   INTEGER NOT NULL,
    account  {long}  NOT NULL,
    request  {long}  NOT NULL,
    owner    {long}  NOT NULL,
    stage    INTEGER NOT NULL,
    amount   {long}  NOT NULL,
    created  {long}  NOT NULL,
    state    INTEGER NOT NULL,
    wallets  {blob}  NOT NULL, -- eight bytes each
    greeting {blob}  NOT NULL,
    asked    {long},           -- created, while it is asked for
    sent     {long},           -- created, while it is sent and not closed
    written  {long}  NOT NULL, -- by which transaction
    PRIMARY KEY (family, account, request)
) {end};
CREATE INDEX {p}packets_owner ON {p}packets (owner, stage, created);
CREATE INDEX {p}packets_asked ON {p}packets (asked);
CREATE INDEX {p}packets_sent ON {p}packets (sent);

-- Their shares, beside them.
CREATE TABLE {p}packet_shares (
    family     INTEGER NOT NULL,
    account    {long}  NOT NULL,
    request    {long}  NOT NULL,
    place      INTEGER NOT NULL,
    to_family  INTEGER NOT NULL,
    to_account {long}  NOT NULL,
    amount     {long}  NOT NULL,
    state      INTEGER NOT NULL,
    owner      {long}  NOT NULL,
    at         {long}  NOT NULL,
    stage      INTEGER NOT NULL, -- of the packet
    created    {long}  NOT NULL, -- the packet was
    listed     {long},           -- created, once the packet is sent: before that nobody is shown it
    moving     {long},           -- at, while the share is opening or returning
    PRIMARY KEY (family, account, request, place)
) {end};
CREATE INDEX {p}packet_shares_to ON {p}packet_shares (to_family, to_account, stage, listed);
CREATE INDEX {p}packet_shares_owner ON {p}packet_shares (owner, stage, listed);
CREATE INDEX {p}packet_shares_moving ON {p}packet_shares (moving);
