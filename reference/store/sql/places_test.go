package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestPlacesOfOldRows: rows from before places existed get them by the migration, and are then walked through.
func TestPlacesOfOldRows(t *testing.T) {
	const rows, limit = 9, 2
	db := openSQLiteTest(t, 1)
	w, p := NewWithdrawals(db), NewPackets(db)
	asked, sent := sentPacket(1), sentPacket(1)
	for i := range int64(rows) {
		account := wallet.Account{Family: wallet.DouyinFamily, User: 7}
		_, _, err := w.Create(t.Context(), wallet.Withdrawal{No: wallet.WithdrawalNo{Account: account, Request: i + 1}, Owner: 5, Stage: wallet.Official,
			Amount: 1, Wallets: []wallet.ActID{5}, Created: wallet.Instant(10 + i), State: wallet.WithdrawalHeld})
		require.NoError(t, err)
		asked.No.Request, asked.Created = 100+i, wallet.Instant(10+i)
		_, _, err = p.Create(t.Context(), asked)
		require.NoError(t, err)
		sent.No.Request, sent.Created = 200+i, wallet.Instant(10+i)
		_, _, err = p.Create(t.Context(), sent)
		require.NoError(t, err)
		require.NoError(t, p.Advance(t.Context(), sent.No, wallet.PacketSent))
	}
	files, err := db.rendered()
	require.NoError(t, err)
	up, err := fs.ReadFile(files, "116_places.sql")
	require.NoError(t, err)
	statements := []string{"UPDATE withdrawals SET due = created", "UPDATE packets SET asked = created WHERE asked IS NOT NULL",
		"UPDATE packets SET sent = created WHERE sent IS NOT NULL"}
	for _, s := range strings.Split(string(up), ";\n") {
		if i := strings.Index(s, "UPDATE"); i >= 0 {
			statements = append(statements, s[i:])
		}
	}
	require.Len(t, statements, 6)
	old := &kind{apply: func(ctx context.Context, t *txn, _ []*job) error {
		for _, s := range statements {
			if _, err := t.exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}}
	require.NoError(t, db.shards[0].do(t.Context(), old, 1, nil))

	var withdrawals, packets []int64
	for place, first := wallet.ScanCursor(0), true; first || place != 0; first = false {
		got, next, err := w.Unfinished(t.Context(), 10+rows-1, place, limit) // before the last one
		require.NoError(t, err)
		for _, v := range got {
			withdrawals = append(withdrawals, v.No.Request)
		}
		place = next
	}
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8}, withdrawals)
	for place, first := wallet.ScanCursor(0), true; first || place != 0; first = false {
		got, next, err := p.Unfinished(t.Context(), 12, 13, place, limit)
		require.NoError(t, err)
		for _, v := range got {
			packets = append(packets, v.No.Request)
		}
		place = next
	}
	require.Equal(t, []int64{100, 200, 101, 201, 202}, packets)
}

// TestUnfinishedIsReadByIndex: unfinished records are few among many, and are found by an index on their places.
func TestUnfinishedIsReadByIndex(t *testing.T) {
	db := openSQLiteTest(t, 1)
	for query, want := range map[string][]string{
		NewWithdrawals(db).due:    {"USING INDEX withdrawals_due (due>? AND due<?)"},
		NewPackets(db).unfinished: {"packets_asked (asked>? AND asked<?)", "packets_sent (sent>? AND sent<?)", "packet_shares_moving (moving<?)"},
	} {
		var plan strings.Builder
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = 1
		}
		require.NoError(t, db.shards[0].ask(t.Context(), "EXPLAIN QUERY PLAN "+query, args, func(r *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			plan.WriteString(detail + "\n")
			return err
		}))
		for _, index := range want {
			require.Contains(t, plan.String(), index)
		}
		require.NotContains(t, plan.String(), "SCAN withdrawals")
		require.NotContains(t, plan.String(), "SCAN packet")
		require.NotContains(t, plan.String(), "SCAN q")
	}
}
