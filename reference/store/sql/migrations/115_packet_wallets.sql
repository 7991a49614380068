-- +goose Up

-- The wallet of the person that a share is for, when its packet was recorded: all of that person's apps are shown it.
-- NULL: recorded before this column was, and so for its account alone.
ALTER TABLE {p}packet_shares ADD COLUMN wallet {long};
CREATE INDEX {p}packet_shares_wallet ON {p}packet_shares (wallet, stage, listed);
