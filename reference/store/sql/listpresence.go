package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hongbao/reference/wallet"
)

// ListPresence checks the indexes of withdrawals, packets and items in one statement per shard; reading the lists takes four.
type ListPresence struct {
	db    *DB
	query string
}

var _ wallet.ListPresenceReader = (*ListPresence)(nil)

// NewListPresence returns a check which lists in db are not empty.
func NewListPresence(db *DB) *ListPresence {
	const mine = " AND stage = ?)"
	return &ListPresence{db, db.text("SELECT EXISTS (SELECT 1 FROM {p}withdrawals WHERE owner IN (%s)" + mine + ", " +
		"EXISTS (SELECT 1 FROM {p}items WHERE act_id IN (%s)" + mine + ", " +
		"EXISTS (SELECT 1 FROM {p}packets WHERE owner IN (%s)" + mine +
		" OR EXISTS (SELECT 1 FROM {p}packet_shares WHERE wallet IN (%s)" + mine +
		" OR EXISTS (SELECT 1 FROM {p}packet_shares WHERE owner IN (%s)" + mine +
		" OR EXISTS (SELECT 1 FROM {p}packet_shares WHERE to_family = ? AND to_account = ?" + mine)}
}

// Presence implements wallet.ListPresenceReader. ErrInvalid: no wallet, or more wallets than one person can have.
func (k *ListPresence) Presence(ctx context.Context, caller wallet.Account, wallets []wallet.ActID, stage wallet.Stage) (present wallet.ListPresence, err error) {
	if len(wallets) == 0 || len(wallets) > maxWallets {
		return present, fmt.Errorf("%w: lists of %d wallets", wallet.ErrInvalid, len(wallets))
	}
	var args []any
	for range strings.Count(k.query, "%s") {
		for _, id := range wallets {
			args = append(args, int64(id))
		}
		args = append(args, int64(stage))
	}
	args = append(args, int64(caller.Family), int64(caller.User), int64(stage))
	query := strings.ReplaceAll(k.query, "%s", strings.TrimSuffix(strings.Repeat("?,", len(wallets)), ","))
	for _, s := range k.db.shards { // withdrawals and packets are on the shards of accounts, not of wallets
		err := s.ask(ctx, query, args, func(r *sql.Rows) error {
			var here wallet.ListPresence
			err := r.Scan(&here.Withdrawals, &here.Items, &here.Packets)
			present = wallet.ListPresence{Withdrawals: present.Withdrawals || here.Withdrawals, Packets: present.Packets || here.Packets, Items: present.Items || here.Items}
			return err
		})
		if err != nil {
			return wallet.ListPresence{}, err
		}
	}
	return present, nil
}
