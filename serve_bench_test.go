package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// wire is one connection that sends one request after another, as cheaply as a client can: what it takes of the cores
// is taken from the service.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
}

func dialWire(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 4096)}, nil
}

// call sends a request and returns the status.
func (w *wire) call(path, authorization string, body []byte) (int, []byte, error) {
	w.out.Reset()
	fmt.Fprintf(&w.out, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/proto\r\nConnect-Protocol-Version: 1\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n",
		path, authorization, len(body))
	w.out.Write(body)
	if _, err := w.conn.Write(w.out.Bytes()); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// BenchmarkServeGrant grants by token over the wire, as fast as 256 connections can, to a service in the same process:
// the figures are of both together on this machine's cores.
func BenchmarkServeGrant(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { benchGrants(b, nil) })
	b.Run("real", func(b *testing.B) {
		benchGrants(b, onRealStores(b))
	})
}

func benchGrants(b *testing.B, change func(*serveConfig)) {
	s := startService(b, change)
	const path = hongbaopbconnect.GrantServiceGrantProcedure
	const connections, people = 256, 50_000
	caller, _ := s.keys.Caller("demo")
	var next atomic.Int64
	var all sync.WaitGroup
	var failed atomic.Pointer[string]
	var wires []*wire
	for range connections {
		w, err := dialWire(s.addr)
		require.NoError(b, err)
		defer w.conn.Close()
		wires = append(wires, w)
	}
	b.ResetTimer()
	began := time.Now()
	for _, w := range wires {
		all.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) || failed.Load() != nil {
					return
				}
				now := time.Now()
				body, _ := proto.Marshal(&pb.GrantRequest{App: pb.App_APP_DOUYIN, User: n%people + 1, Activity: "spring-festival", Scene: "rain",
					Rain: int32(n / people), Award: pb.AwardType_AWARD_TYPE_CASH, AmountFen: 1, OpenedUs: int64(wallet.InstantOf(now))})
				sig := auth.Sign(caller.Key, auth.Request{Method: "POST", Path: path, Body: body}, now, auth.NewNonce())
				status, answer, err := w.call(path, sig, body)
				if err != nil || status != http.StatusOK {
					text := fmt.Sprint(status, string(answer), err)
					failed.Store(&text)
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	b.StopTimer()
	if text := failed.Load(); text != nil {
		b.Fatal(*text)
	}
	b.ReportMetric(float64(b.N)/took.Seconds(), "grants/s")
}
