package server

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
)

// grantCall returns the n-th grant as signed protobuf: ten for each user.
func (f *fixture) grantCall(n int64) *http.Request {
	body, err := proto.Marshal(&pb.GrantRequest{App: pb.App_APP_DOUYIN, User: n/10 + 1, Activity: "spring", Scene: "rain", Rain: int32(n % 10),
		Award: pb.AwardType_AWARD_TYPE_CASH, AmountFen: 88, OpenedUs: int64(f.clock.Now())})
	require.NoError(f.t, err)
	r, err := http.NewRequest(http.MethodPost, f.url+connectpb.GrantServiceGrantProcedure, bytes.NewReader(body))
	require.NoError(f.t, err)
	r.Header.Set("Content-Type", "application/proto")
	key, _ := f.keys.Caller("demo")
	r.Header.Set("Authorization", auth.Sign(key.Key, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body}, f.clock.Now().Time(), auth.NewNonce()))
	return r
}

// BenchmarkGrant measures a grant with a real token, signed by its caller: over a loopback connection with the clients
// on the same cores, and through the handler only.
func BenchmarkGrant(b *testing.B) {
	b.Run("loopback", func(b *testing.B) {
		f := start(b)
		var n atomic.Int64
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				got, err := f.client.Do(f.grantCall(n.Add(1)))
				if err != nil || got.StatusCode != http.StatusOK {
					b.Error(err, got)
					return
				}
				_, _ = io.Copy(io.Discard, got.Body)
				got.Body.Close()
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "grants/s")
	})
	b.Run("handler", func(b *testing.B) {
		f := start(b)
		requests := make([]*http.Request, b.N)
		for i := range requests {
			requests[i] = f.grantCall(int64(i))
		}
		b.ReportAllocs()
		b.ResetTimer()
		for _, r := range requests {
			w := httptest.NewRecorder()
			if f.server.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Fatal(w.Code, w.Body)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "grants/s")
	})
}

// BenchmarkEdge measures what the server adds to a user's call that does nothing: authentication, limits, metrics,
// codec.
func BenchmarkEdge(b *testing.B) {
	f := start(b, func(_ *Config, p *Ports) { p.Service = emptyService{} })
	session := f.session(1, 7)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, connectpb.WalletServiceWalletPageProcedure, http.NoBody)
		r.Header.Set("Content-Type", "application/proto")
		r.Header.Set("Authorization", session)
		w := httptest.NewRecorder()
		if f.server.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}
