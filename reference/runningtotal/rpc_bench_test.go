//go:build unix

package runningtotal_test

import (
	"context"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/runningtotal"
	"hongbao/reference/sdk"
	"hongbao/reference/sdk/client"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// The source's figure (B6): ten million reads a second, and tens of thousands of cores saved.
const sourceQPS = 10_000_000

// BenchmarkRead compares the two ways to read the running total: in the reader's process, and by one call to the
// service per read, over loopback, with both ends on this machine. cpu-ns/op is the CPU time per read of both ends;
// cores-at-10M/s is the number of cores that the source's rate would need.
func BenchmarkRead(b *testing.B) {
	totals := mem.NewTotals()
	require.NoError(b, totals.Report(b.Context(), wallet.Official, "a", 4242))
	reader, err := runningtotal.NewReader(totals, wallet.Official)
	require.NoError(b, err)
	require.NoError(b, reader.Refresh(b.Context()))
	kit, err := sdk.New(sdk.Ports{Pages: noPages{}, Totals: reader})
	require.NoError(b, err)

	b.Run("sdk", func(b *testing.B) {
		measure(b, 1, func() bool {
			total, ok := kit.RunningTotal(wallet.Official)
			return ok && total == 4242
		})
	})
	b.Run("rpc", func(b *testing.B) {
		remoteClient := remote(b, kit)
		measure(b, 16, func() bool {
			total, err := remoteClient.RunningTotal(context.Background(), wallet.Official)
			return err == nil && total == 4242
		})
	})
}

// measure runs read on the given number of goroutines per core and reports the CPU time that it takes.
func measure(b *testing.B, goroutines int, read func() bool) {
	b.ReportAllocs()
	b.SetParallelism(goroutines)
	require.True(b, read(), "before the clock starts")
	began := cpu(b)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if !read() {
				b.Error("a read failed")
				return
			}
		}
	})
	b.StopTimer()
	each := float64(cpu(b)-began) / float64(b.N)
	b.ReportMetric(each, "cpu-ns/op")
	b.ReportMetric(each*sourceQPS/float64(time.Second), "cores-at-10M/s")
}

// cpu returns the CPU time of this process so far, user and system.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// remote returns a client of a server that answers from the same memory.
func remote(b *testing.B, q server.Query) *client.Client {
	keys := auth.Generate()
	s, err := server.New(server.Config{Keys: keys}, server.Ports{Service: noService{}, Query: q, Clock: systemClock{}})
	require.NoError(b, err)
	front := httptest.NewServer(s)
	b.Cleanup(front.Close)
	c, err := client.New(client.Config{BaseURL: front.URL, Key: keys.Callers[0].Key})
	require.NoError(b, err)
	return c
}

// systemClock is the real clock: signatures contain the time.
type systemClock struct{ *storetest.Clock }

func (systemClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// noService and noPages are never called.
type noService struct{ wallet.Service }

type noPages struct{ sdk.Pages }
