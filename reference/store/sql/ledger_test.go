package sqlstore

import (
	"context"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// run runs statements on a shard's writing connection, between other transactions.
func run(t *testing.T, s *shard, statements ...string) {
	t.Helper()
	require.NoError(t, s.do(t.Context(), &kind{apply: func(ctx context.Context, tx *txn, _ []*job) error {
		for _, q := range statements {
			if _, err := tx.exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}}, 1, nil))
}

// grantTo returns a credit of an amount.
func grantTo(id wallet.ActID, rain int32, amount wallet.Money) wallet.Credit {
	return wallet.Credit{Order: wallet.OrderNo{ActID: id, Scene: "rain-cash", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}, Amount: amount}
}

// entries returns the number of entries in the ledger, and requires that every shard sums to zero (F1).
func entries(t require.TestingT, l *Ledger) (n int) {
	ctx := context.Background()
	require.NoError(t, l.Entries(ctx, func(wallet.Entry) bool { n++; return true }))
	for _, s := range l.db.shards {
		balances, err := list(ctx, s.ask, scanBalance, l.balances, math.MinInt64, math.MaxInt64)
		require.NoError(t, err)
		var sum wallet.Money
		for _, b := range balances {
			sum += b.Amount
		}
		require.Zero(t, sum, "shard %d sums to zero", s.no)
	}
	return n
}

// TestOneBadRowHarmsNoOther: the database refuses one credit of a batch.
func TestOneBadRowHarmsNoOther(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		db := open(t)
		l := NewLedger(db, storetest.NewClock(), 3)
		bad := "BEGIN SELECT CASE WHEN NEW.rain = 155 THEN RAISE(ABORT, 'bad row') END; END"
		if db.dialect.name == "mysql" {
			bad = "FOR EACH ROW BEGIN IF NEW.rain = 155 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad row'; END IF; END"
		}
		for _, s := range db.shards {
			run(t, s, "CREATE TRIGGER bad_row BEFORE INSERT ON ledger_grants "+bad)
			if db.dialect.name == "mysql" { // other tests use this store afterwards
				t.Cleanup(func() { _, _ = s.writes.Exec("DROP TRIGGER bad_row") })
			}
		}
		var batch []wallet.Credit
		for i := range int32(160) { // the bad row is near the end, so that earlier statements have written theirs
			batch = append(batch, grantTo(wallet.ActID(i%4+1), i, 1))
		}
		batch = append(batch, grantTo(4, 155, 1), grantTo(4, 155, 5)) // the same number again, and with another amount
		for _, want := range []wallet.PostOutcome{wallet.PostedNow, wallet.PostedBefore} {
			got, err := l.Post(t.Context(), batch)
			require.NoError(t, err)
			for i, p := range got {
				if batch[i].Order.Rain == 155 {
					require.Equal(t, wallet.PostRefused, p, "credit %d", i)
				} else {
					require.Equal(t, want, p, "credit %d", i)
				}
			}
			require.Equal(t, 159, entries(t, l))
		}
	})
}

// TestOverflowsAreFoundByTheDatabase: each amount fits, and so does the batch, but the balance to which it is added
// becomes too large. The sums of a cost account overflow downwards.
func TestOverflowsAreFoundByTheDatabase(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		l := NewLedger(open(t), storetest.NewClock(), 1)
		const most = math.MaxInt64 - 10
		_, err := l.Post(t.Context(), []wallet.Credit{grantTo(3, 1, most)})
		require.NoError(t, err)
		for why, c := range map[string]wallet.Credit{
			"the person's balance": grantTo(3, 2, 11),
			"the cost account":     grantTo(6, 1, 20),
		} {
			s := l.db.shards[0] // wallets 3 and 6 are both on this shard, with one shard and with three
			release := func() error { return nil }
			if l.db.dialect.name == "sqlite" { // so that they share a transaction
				release = hold(t, s)
			}
			wait := make(chan error)
			go func() {
				_, err := l.Post(context.Background(), []wallet.Credit{grantTo(9, int32(c.Order.ActID), 1)})
				wait <- err
			}()
			refused := make(chan error)
			go func() {
				_, err := l.Post(context.Background(), []wallet.Credit{grantTo(12, c.Order.Rain, 1), c})
				refused <- err
			}()
			if l.db.dialect.name == "sqlite" {
				require.Eventually(t, func() bool { return len(s.queue) == 2 }, eventually, tick)
			}
			require.NoError(t, release())
			require.NoError(t, <-wait, "another's posting: %s", why)
			require.ErrorIs(t, <-refused, wallet.ErrOverflow, why)
		}
		require.Equal(t, 3, entries(t, l))
	})
}

// TestReadOnlyAndFullSQLiteDoNothing simulates a disk that was remounted read-only, and a full one. Here the state
// belongs to the connection; it is closed, and the next one works.
func TestReadOnlyAndFullSQLiteDoNothing(t *testing.T) {
	for _, pragma := range []string{"query_only = 1", "max_page_count = 1" /* as many as there are */} {
		l := NewLedger(openSQLiteTest(t, 1), storetest.NewClock(), 1)
		batch := won(1, 2000, anywhere)
		_, err := l.Post(t.Context(), batch[:10])
		require.NoError(t, err)
		restore := breaks(l.post, l.db.shards[0], pragma)
		_, err = l.Post(t.Context(), batch)
		require.ErrorIs(t, err, wallet.ErrUnavailable, pragma)
		require.Equal(t, 10, entries(t, l), "existing data can be read: %s", pragma)
		restore()
		got, err := l.Post(t.Context(), batch)
		require.NoError(t, err, pragma)
		require.Equal(t, []wallet.PostOutcome{wallet.PostedBefore, wallet.PostedNow}, []wallet.PostOutcome{got[0], got[1999]}, pragma)
	}
}

// breaks makes a kind's transactions on a shard begin with a pragma, until restore is called.
func breaks(k *kind, s *shard, pragma string) (restore func()) {
	whole := k.apply
	k.apply = func(ctx context.Context, t *txn, jobs []*job) error {
		if t.shard == s {
			if _, err := t.exec(ctx, "PRAGMA "+pragma); err != nil {
				return err
			}
		}
		return whole(ctx, t, jobs)
	}
	return func() { k.apply = whole }
}

// lift returns a transfer of a credit's amount from its wallet's balance to its hold account.
func lift(request int64, c wallet.Credit) wallet.Transfer {
	from := wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: int64(c.Order.ActID)}
	to := from
	to.Kind = wallet.HoldAccount
	no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: 7}, Request: request}, Step: wallet.TransferHold}
	return wallet.Transfer{No: no, Legs: []wallet.Leg{{Account: from, Amount: -c.Amount}, {Account: to, Amount: c.Amount}}}
}

// TestPartsOfABatch: one shard of three cannot write.
func TestPartsOfABatch(t *testing.T) {
	l := NewLedger(openSQLiteTest(t, 3), storetest.NewClock(), 2)
	restore := breaks(l.post, l.db.shards[1], "query_only = 1")
	batch := []wallet.Credit{grantTo(3, 1, 1), grantTo(4, 1, 1), grantTo(5, 1, 1)}
	_, err := l.Post(t.Context(), batch[1:2])
	require.ErrorIs(t, err, wallet.ErrUnavailable, "nothing was written")
	_, err = l.Post(t.Context(), batch)
	require.ErrorIs(t, err, wallet.ErrUnknown, "two of three were")
	require.Equal(t, 2, entries(t, l))
	_, err = l.Post(t.Context(), batch)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "this call wrote nothing")
	restore()
	got, err := l.Post(t.Context(), batch)
	require.NoError(t, err)
	require.Equal(t, []wallet.PostOutcome{wallet.PostedBefore, wallet.PostedNow, wallet.PostedBefore}, got)
}

// TestEntriesAreImmutable (F1): where the database can enforce it.
func TestEntriesAreImmutable(t *testing.T) {
	for _, shadow := range []bool{false, true} {
		db := openConfig(t, Config{Driver: "sqlite", DSNs: sqliteFiles(t, 1), Shadow: shadow})
		l := NewLedger(db, storetest.NewClock(), 1)
		_, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, 1, 5)})
		require.NoError(t, err)
		require.NoError(t, l.Transfer(t.Context(), lift(1, grantTo(1, 1, 5))))
		for _, table := range []string{"ledger_grants", "ledger_debits", "ledger_legs"} {
			for _, q := range []string{"UPDATE {p}" + table + " SET amount = amount", "DELETE FROM {p}" + table} {
				err := db.shards[0].do(t.Context(), &kind{apply: func(ctx context.Context, tx *txn, _ []*job) error {
					_, err := tx.exec(ctx, db.text(q))
					return err
				}}, 1, nil)
				require.ErrorContains(t, err, "immutable", q)
			}
		}
		require.Equal(t, 3, entries(t, l))
	}
}

// TestNoStatementChangesEntries (F1): where it cannot, no statement of this package updates or deletes an entry.
func TestNoStatementChangesEntries(t *testing.T) {
	changes := regexp.MustCompile(`(?i)\b(UPDATE|DELETE\s+FROM|REPLACE\s+INTO|TRUNCATE(\s+TABLE)?|DROP\s+TABLE)\s+(\{p\})?ledger_(grants|debits|legs)`)
	require.Regexp(t, changes, "DELETE FROM {p}ledger_legs", "the pattern finds what it looks for")
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	read := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		require.NotRegexp(t, changes, string(text), f.Name())
		read++
	}
	require.Greater(t, read, 5)
}

func TestViewAndPostRefuseTooMuch(t *testing.T) {
	l := NewLedger(openSQLiteTest(t, 1), storetest.NewClock(), 1)
	_, err := l.Post(t.Context(), make([]wallet.Credit, maxPost+1))
	require.ErrorIs(t, err, wallet.ErrInvalid)
	for why, q := range map[string]wallet.ViewQuery{
		"no entries":        {},
		"too many entries":  {Limit: maxView + 1},
		"too many wallets":  {Limit: 1, Wallets: make([]wallet.ActID, maxWallets+1)},
		"too many numbers":  {Limit: 1, Check: make([]wallet.OrderNo, maxChecks+1)},
		"a cursor from far": {Limit: 1, After: wallet.Cursor{Order: wallet.OrderNo{Scene: "é'--"}}},
	} {
		_, err := l.View(t.Context(), q)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
	v, err := l.View(t.Context(), wallet.ViewQuery{Limit: 1, Check: []wallet.OrderNo{{ActID: 1, Scene: "é'; --", Rain: -1}}})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, v.Posted, "an invalid number was not posted")
}

// TestCostAccountsMayChange: the number of cost accounts may change between opens.
func TestCostAccountsMayChange(t *testing.T) {
	db := openSQLiteTest(t, 1)
	for _, costs := range []int{4, 1} {
		l := NewLedger(db, storetest.NewClock(), costs)
		for i := range int32(8) {
			_, err := l.Post(t.Context(), []wallet.Credit{grantTo(1, i+10*int32(costs), 1)})
			require.NoError(t, err)
		}
		var sum wallet.Money
		last := wallet.CostAccount
		require.NoError(t, l.Balances(t.Context(), func(a wallet.AccountNo, m wallet.Money) bool {
			require.GreaterOrEqual(t, a.Kind, last, "cost accounts come first")
			sum, last = sum+m, a.Kind
			return true
		}))
		require.Zero(t, sum)
	}
}
