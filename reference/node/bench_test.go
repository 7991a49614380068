package node_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"hongbao/reference/node"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// newBench returns an instance over stores in memory without faults.
func newBench(b *testing.B, s wallet.Strategy) (*node.Node, *manualClock) {
	b.Helper()
	clock := &manualClock{eve}
	keys, err := token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		b.Fatal(err)
	}
	sealer, err := token.NewModelled(keys, token.DefaultPolicy())
	if err != nil {
		b.Fatal(err)
	}
	orders, backlog := mem.NewOrders(), mem.NewBacklog(clock, shards, lease)
	n, err := node.New(node.Config{Strategy: s, Activity: tree(1<<60, 1_000), Instances: 1, Batch: 500,
		Release: wallet.Release{Num: 1, Den: 1}},
		node.Ports{Clock: clock, Identities: mem.NewIdentities(), Orders: orders, OpenOrders: orders, Budgets: mem.NewBudgets(),
			Tokens: mem.NewTokens(backlog), Backlog: backlog, Ledger: mem.NewLedger(clock, 1), Withdrawals: mem.NewWithdrawals(),
			Bank: mem.NewBank(), Sealer: sealer, Alarm: func(k wallet.AlarmKind, detail string) { b.Fatal(k, detail) }})
	if err != nil {
		b.Fatal(err)
	}
	return n, clock
}

// request is the i-th grant: ten for each person, about what one person wins in a festival.
func request(i int) wallet.GrantRequest {
	return wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: wallet.UserID(i/10 + 1)}, Activity: "spring",
		Scene: "rain", Rain: int32(i % 10), Award: wallet.Cash, Amount: 88, Opened: eve}
}

// BenchmarkGrant measures one grant up to its acknowledgement, with modelled cryptography.
func BenchmarkGrant(b *testing.B) {
	for _, s := range wallet.Strategies {
		b.Run(string(s), func(b *testing.B) {
			n, _ := newBench(b, s)
			ctx := context.Background()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := n.Grant(ctx, request(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPost measures one posting out of a backlog, in batches of 500.
func BenchmarkPost(b *testing.B) {
	n, _ := newBench(b, wallet.StrategyToken)
	ctx := context.Background()
	for i := range b.N {
		if _, err := n.Grant(ctx, request(i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for posted := 0; posted < b.N; {
		for shard := range shards {
			took, err := n.PostBatch(ctx, shard)
			if err != nil {
				b.Fatal(err)
			}
			posted += took
		}
	}
}

// BenchmarkPage measures a page of 50 lines of a person who has won 100 times, half of it posted.
func BenchmarkPage(b *testing.B) {
	const wins, lines = 100, 50
	n, clock := newBench(b, wallet.StrategyToken)
	ctx := context.Background()
	r := request(0)
	for i := range wins {
		clock.now = clock.now.Add(time.Second)
		r.Rain, r.Opened = int32(i), clock.now
		if _, err := n.Grant(ctx, r); err != nil {
			b.Fatal(err)
		}
		if i == wins/2-1 {
			for shard := range shards {
				if _, err := n.PostBatch(ctx, shard); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		p, err := n.Page(ctx, wallet.PageRequest{Caller: r.Caller, Limit: lines})
		if err != nil || len(p.Grants) != lines {
			b.Fatal(err, len(p.Grants))
		}
	}
}
