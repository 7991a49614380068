package sqlstore

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// wallClock is the clock of benchmarks.
type wallClock struct{}

func (wallClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// people is the number of wallets that the benchmarks credit, a prime.
const people = 1_000_003

// won returns n new credits, starting at a number: for neighbouring wallets with stride 1, for random ones with a
// large stride.
func won(from int64, n int, stride int64) []wallet.Credit {
	out := make([]wallet.Credit, n)
	for i := range out {
		at := from + int64(i)
		out[i] = wallet.Credit{
			Order:  wallet.OrderNo{ActID: wallet.ActID(at*stride%people + 1), Scene: "rain-cash", Rain: int32(at / people), Award: wallet.Cash, Stage: wallet.Official},
			Amount: wallet.Money(at%500 + 1), Opened: wallet.Instant(at),
		}
	}
	return out
}

// postFor posts n credits in batches of the given size from the given number of posters and returns entries per
// second.
func postFor(b *testing.B, db *DB, from int64, n, size, posters int, stride int64) float64 {
	b.Helper()
	l := NewLedger(db, wallClock{}, 16)
	var next atomic.Int64
	next.Store(from)
	end := from + int64(n)
	var all sync.WaitGroup
	begin := time.Now()
	for range posters {
		all.Go(func() {
			for {
				at := next.Add(int64(size)) - int64(size)
				if at >= end {
					return
				}
				_, err := l.Post(b.Context(), won(at, int(min(int64(size), end-at)), stride))
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(begin).Seconds()
}

// anywhere is a stride that puts each credit of a batch on a separate page.
const anywhere = 7919

// BenchmarkPostSQLite posts in batches of 500 from one poster: to adjacent wallets, such as those that joined
// together, and to random wallets, where each credit writes a separate page.
func BenchmarkPostSQLite(b *testing.B) {
	for _, c := range []struct {
		name   string
		stride int64
	}{{"neighbours", 1}, {"anywhere", anywhere}} {
		b.Run(c.name, func(b *testing.B) {
			db := openSQLiteTest(b, 1)
			b.ResetTimer()
			b.ReportMetric(postFor(b, db, 0, b.N, 500, 1, c.stride), "entries/s")
		})
	}
}

// BenchmarkPostMySQL posts in batches of 500 from 8 posters. For comparison, the same run posts without batches: 32
// connections, one transaction per entry and balance, without the cost account. x_single is the ratio of the two
// rates.
func BenchmarkPostMySQL(b *testing.B) {
	db := openMySQLTest(b, 1)
	single := singles(b, db, 1<<40, 6000, 32)
	b.ResetTimer()
	batches := postFor(b, db, 0, b.N, 500, 8, anywhere)
	b.ReportMetric(batches, "entries/s")
	b.ReportMetric(single, "single/s")
	b.ReportMetric(batches/single, "x_single")
}

// singles writes n entries, one transaction each, and returns entries per second.
func singles(b *testing.B, db *DB, from int64, n, conns int) float64 {
	b.Helper()
	l := NewLedger(db, wallClock{}, 16)
	s := db.shards[0]
	s.writes.SetMaxOpenConns(conns + mysqlWriters)
	s.writes.SetMaxIdleConns(conns + mysqlWriters)
	var next atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for range conns {
		all.Go(func() {
			for at := next.Add(1) - 1; at < int64(n); at = next.Add(1) - 1 {
				c := won(from+at, 1, anywhere)[0]
				tx, err := s.writes.BeginTx(b.Context(), nil)
				if err != nil {
					b.Error(err)
					return
				}
				t := &txn{committer: &committer{shard: s}, tx: tx}
				_, err = t.exec(b.Context(), l.grants.head+placeholders(9, 1), append(keyed(nil, c.Order), int64(c.Amount), 0, 0, at)...)
				if err == nil {
					err = l.add(b.Context(), t, []wallet.Leg{{Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: 3, Owner: int64(c.Order.ActID)}, Amount: c.Amount}}, true)
				}
				if err == nil {
					err = tx.Commit()
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(begin).Seconds()
}

// BenchmarkView reads the first 50 of a wallet's 60 entries and checks 10 numbers, in a store of 100,000 entries.
func BenchmarkView(b *testing.B) {
	for name, open := range map[string]func(testing.TB, int) *DB{"sqlite": openSQLiteTest, "mysql": openMySQLTest} {
		b.Run(name, func(b *testing.B) {
			db := open(b, 1)
			l := NewLedger(db, wallClock{}, 16)
			postFor(b, db, 0, 100_000, 500, 1, 1)
			var mine []wallet.Credit
			for i := range 60 {
				c := won(int64(i), 1, 1)[0]
				c.Order.ActID, c.Order.Rain = 1, int32(i)
				mine = append(mine, c)
			}
			_, err := l.Post(b.Context(), mine)
			require.NoError(b, err)
			q := wallet.ViewQuery{Wallets: []wallet.ActID{1}, Stage: wallet.Official, Limit: 50}
			for _, c := range mine[:10] {
				q.Check = append(q.Check, c.Order)
			}
			var times []time.Duration
			for b.Loop() {
				begin := time.Now()
				v, err := l.View(b.Context(), q)
				if err != nil || len(v.Grants) != 50 {
					b.Fatal(fmt.Sprint(err, len(v.Grants)))
				}
				times = append(times, time.Since(begin))
			}
			b.ReportMetric(float64(percentile(times, 99).Microseconds()), "p99-µs")
		})
	}
}

// percentile returns the p-th percentile by nearest rank.
func percentile(times []time.Duration, p int) time.Duration {
	slices.Sort(times)
	return times[(len(times)*p+99)/100-1]
}
