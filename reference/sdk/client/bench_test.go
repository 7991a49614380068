package client

import (
	"context"
	"sync/atomic"
	"testing"

	"hongbao/reference/wallet"
)

// BenchmarkGrant measures one grant from the client through the server to stores in memory and back, over loopback,
// with real cryptography and as many callers as a small load test has. Client and service share the machine.
func BenchmarkGrant(b *testing.B) {
	f := newFixture(b)
	var user atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := f.Grant(context.Background(), f.win(wallet.UserID(user.Add(1)), 1, 88)); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "grants/s")
}

// BenchmarkPage measures a page of 50 entries over the same path.
func BenchmarkPage(b *testing.B) {
	f := newFixture(b)
	for rain := range int32(50) {
		if _, err := f.Grant(context.Background(), f.win(1, rain, 88)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := f.Page(context.Background(), wallet.PageRequest{Caller: person(1), Limit: 50}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}
