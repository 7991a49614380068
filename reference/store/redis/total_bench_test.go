package redis_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// BenchmarkTotals measures the load of 8,000 writers and 20,000 readers on one Redis (R3): a report, which is a script
// on one hash, compared with the INCRBY of plan two, and a read, compared with a GET. 128 goroutines call
// concurrently.
func BenchmarkTotals(b *testing.B) {
	const writers = 8000
	calls := func(b *testing.B, call func(i int64) error) {
		var next atomic.Int64
		b.SetParallelism(128 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := call(next.Add(1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	}
	e := onReal(b, "HONGBAO_REDIS")
	totals := redis.NewTotals(e.open(b))
	for i := range writers {
		require.NoError(b, totals.Report(b.Context(), wallet.Official, "writer-"+strconv.Itoa(i), 1))
	}
	raw, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: strings.Split(os.Getenv("HONGBAO_REDIS"), ","), DisableCache: true})
	require.NoError(b, err)
	b.Cleanup(raw.Close)
	key := e.begin + "incrby"

	b.Run("report", func(b *testing.B) {
		calls(b, func(i int64) error {
			return totals.Report(b.Context(), wallet.Official, "writer-"+strconv.FormatInt(i%writers, 10), wallet.Money(i+writers))
		})
	})
	b.Run("incrby", func(b *testing.B) {
		calls(b, func(i int64) error {
			return raw.Do(b.Context(), raw.B().Incrby().Key(key).Increment(i).Build()).Error()
		})
	})
	b.Run("total", func(b *testing.B) {
		calls(b, func(int64) error { _, err := totals.Total(b.Context(), wallet.Official); return err })
	})
	b.Run("get", func(b *testing.B) {
		calls(b, func(int64) error { return raw.Do(b.Context(), raw.B().Get().Key(key).Build()).Error() })
	})
}
