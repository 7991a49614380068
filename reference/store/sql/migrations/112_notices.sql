-- +goose Up

-- All on shard 0. A transaction that writes here locks its counter first.
CREATE TABLE {p}announcements (
    id      {long} NOT NULL PRIMARY KEY,
    text    {blob} NOT NULL,
    text_zh {blob} NOT NULL,
    apps    {long} NOT NULL, -- bit a: users of app a see it; 0: all
    starts  {long} NOT NULL,
    ends    {long} NOT NULL
) {end};
CREATE INDEX {p}announcements_ends ON {p}announcements (ends);

-- Versions of the page configuration. They stay.
CREATE TABLE {p}page_configs (
    version {long}  NOT NULL PRIMARY KEY,
    by_whom {blob}  NOT NULL,
    at      {long}  NOT NULL,
    body    {large} NOT NULL
) {end};
