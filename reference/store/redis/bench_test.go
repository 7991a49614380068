package redis_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// benchEach runs a benchmark on miniredis, and on a real server and a real Cluster if they are configured.
func benchEach(b *testing.B, run func(b *testing.B, e endpoint)) {
	b.Run("miniredis", func(b *testing.B) { run(b, onMini(b)) })
	b.Run("redis", func(b *testing.B) { run(b, onReal(b, "HONGBAO_REDIS")) })
	b.Run("cluster", func(b *testing.B) { run(b, onReal(b, "HONGBAO_REDIS_CLUSTER")) })
}

func benchToken(i int64) wallet.Token {
	no := wallet.OrderNo{ActID: wallet.ActID(i), Scene: "rain-cash", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
	return wallet.Token{App: wallet.Douyin, Activity: "spring-2022-official", Order: no, Amount: 188, Opened: 1_643_630_400_000_000}
}

// BenchmarkIssue issues first tokens of new wallets from 128 goroutines.
func BenchmarkIssue(b *testing.B) {
	benchEach(b, func(b *testing.B, e endpoint) {
		tokens := redis.NewTokens(redis.NewBacklog(e.open(b), storetest.NewClock(), 16, time.Minute))
		var next atomic.Int64
		b.SetParallelism(128 / runtime.GOMAXPROCS(0))
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := tokens.Issue(b.Context(), benchToken(next.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "issued/s")
	})
}

// BenchmarkBatch measures a poster's steps for a batch of 500 of one shard, without the ledger: take the batch, mark
// its tokens twice, acknowledge it.
func BenchmarkBatch(b *testing.B) {
	const batch = 500
	steps := func(b *testing.B, e endpoint, mark bool) {
		backlog := redis.NewBacklog(e.open(b), storetest.NewClock(), 1, time.Minute)
		tokens := redis.NewTokens(backlog)
		for range b.N {
			b.StopTimer()
			credits := make([]wallet.Credit, batch)
			for i := range credits {
				credits[i] = benchToken(int64(i) + 1).Credit()
			}
			require.NoError(b, backlog.Push(b.Context(), credits))
			b.StartTimer()
			held, err := backlog.Take(b.Context(), 0, batch)
			require.NoError(b, err)
			require.Len(b, held, batch)
			ids, nos := make([]uint64, batch), make([]wallet.OrderNo, batch)
			for i, h := range held {
				ids[i], nos[i] = h.ID, h.Credit.Order
			}
			if mark {
				require.NoError(b, tokens.Mark(b.Context(), nos, wallet.TokenProcessing))
				require.NoError(b, tokens.Mark(b.Context(), nos, wallet.TokenSuccess))
			}
			require.NoError(b, backlog.Ack(b.Context(), 0, ids))
		}
		b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "credits/s")
	}
	b.Run("take+ack", func(b *testing.B) { benchEach(b, func(b *testing.B, e endpoint) { steps(b, e, false) }) })
	b.Run("take+mark+ack", func(b *testing.B) { benchEach(b, func(b *testing.B, e endpoint) { steps(b, e, true) }) })
}
