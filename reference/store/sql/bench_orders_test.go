package sqlstore

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// benchCallers is the number of concurrent requests of a busy instance.
const benchCallers = 256

// concurrently makes n calls from benchCallers goroutines and returns calls per second.
func concurrently(b *testing.B, n int, call func(i int64) error) float64 {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for range benchCallers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(begin).Seconds()
}

// winner returns the number of the i-th win; wallets come in no particular order, as in real traffic.
func winner(i int64) wallet.OrderNo {
	return wallet.OrderNo{ActID: wallet.ActID(i*7919%1_000_003 + 1), Scene: "rain-cash", Rain: int32(i / 1_000_003), Award: wallet.Cash, Stage: wallet.Official}
}

func eachBenchStore(b *testing.B, run func(b *testing.B, db *DB)) {
	for _, shards := range []int{1, 2} {
		b.Run(fmt.Sprintf("sqlite/%d", shards), func(b *testing.B) { run(b, openSQLiteTest(b, shards)) })
	}
	b.Run("mysql/1", func(b *testing.B) {
		if os.Getenv("HONGBAO_MYSQL") == "" {
			b.Skip("HONGBAO_MYSQL is not set: run make real")
		}
		run(b, openConfig(b, Config{Driver: "mysql", DSNs: mysqlDatabases(b, 1)}))
	})
}

// BenchmarkCreate records new orders, 256 concurrently.
func BenchmarkCreate(b *testing.B) {
	eachBenchStore(b, func(b *testing.B, db *DB) {
		o := NewOrders(db)
		now := wallet.InstantOf(time.Now())
		b.ResetTimer()
		b.ReportMetric(concurrently(b, b.N, func(i int64) error {
			_, _, err := o.Create(b.Context(), wallet.Order{No: winner(i), Amount: 1, Opened: now, Created: now + wallet.Instant(i)})
			return err
		}), "orders/s")
	})
}

// BenchmarkRecord records reservations on one block, 256 concurrently.
func BenchmarkRecord(b *testing.B) {
	eachBenchStore(b, func(b *testing.B, db *DB) {
		q := NewQuotas(db)
		block, err := q.Lease(b.Context(), "a", wallet.Official, 1<<40, 1<<40, 1<<50)
		require.NoError(b, err)
		b.ResetTimer()
		b.ReportMetric(concurrently(b, b.N, func(i int64) error {
			_, _, err := q.Record(b.Context(), wallet.Reservation{Order: winner(i), Amount: 1, Block: block.ID})
			return err
		}), "records/s")
	})
}

// BenchmarkFinish settles open orders in batches of 500, as posting does.
func BenchmarkFinish(b *testing.B) {
	eachBenchStore(b, func(b *testing.B, db *DB) {
		o := NewOrders(db)
		now := wallet.InstantOf(time.Now())
		concurrently(b, b.N, func(i int64) error {
			_, _, err := o.Create(b.Context(), wallet.Order{No: winner(i), Amount: 1, Opened: now, Created: now + wallet.Instant(i)})
			return err
		})
		b.ResetTimer()
		begin := time.Now()
		for from := int64(1); from <= int64(b.N); from += 500 {
			var nos []wallet.OrderNo
			for i := from; i < from+500 && i <= int64(b.N); i++ {
				nos = append(nos, winner(i))
			}
			require.NoError(b, o.Finish(b.Context(), nos, wallet.OrderSettled))
		}
		b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "orders/s")
	})
}
