package open_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"hongbao/internal/servetest"
	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// wire is one connection that sends one request after another, as cheaply as a client can: what it takes of the cores
// is taken from the service.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
	body []byte
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
	return w.answer()
}

// answer reads a response as this service writes it: a status, and a body of known length or in chunks.
func (w *wire) answer() (status int, body []byte, err error) {
	length := -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if status == 0 {
			status, err = strconv.Atoi(string(line[9:12]))
		} else if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(value))
		}
		if err != nil {
			return 0, nil, err
		}
	}
	if length < 0 {
		w.body, err = io.ReadAll(httputil.NewChunkedReader(w.in))
		if err == nil {
			_, err = w.in.Discard(len("\r\n")) // after the last chunk
		}
		return status, w.body, err
	}
	w.body = slices.Grow(w.body[:0], length)[:length]
	_, err = io.ReadFull(w.in, w.body)
	return status, w.body, err
}

// BenchmarkServeGrant grants by token over the wire, as fast as 256 connections can, to a service in the same process:
// the figures are of both together on this machine's cores.
func BenchmarkServeGrant(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { benchGrants(b, nil) })
	b.Run("real", func(b *testing.B) {
		benchGrants(b, servetest.OnRealStores(b))
	})
}

// benchPeople is how many persons win in turn. They have won before: in a festival most have.
const benchPeople = 20_000

func benchGrants(b *testing.B, change func(*open.Config)) {
	s := servetest.Start(b, change)
	var wires []*wire
	for range 256 {
		w, err := dialWire(s.Addr)
		require.NoError(b, err)
		defer w.conn.Close()
		wires = append(wires, w)
	}
	grantAll(b, s, wires, 0, benchPeople)
	b.ResetTimer()
	began, cpu := time.Now(), servetest.CPUTime(b)
	grantAll(b, s, wires, benchPeople, int64(b.N))
	b.ReportMetric(float64((servetest.CPUTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/grant")
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "grants/s")
	b.StopTimer()
}

// granted is the n-th grant of a benchmark: its people win in turn, rain after rain.
func granted(no int64) *pb.GrantRequest {
	return &pb.GrantRequest{App: pb.App_APP_DOUYIN, User: no%benchPeople + 1, Activity: "spring-festival", Scene: "rain",
		Rain: int32(no / benchPeople), Award: pb.AwardType_AWARD_TYPE_CASH, AmountFen: 1, OpenedUs: int64(wallet.InstantOf(time.Now()))}
}

// grantAll makes n grants, from a number on, over all connections at once.
func grantAll(b *testing.B, s *servetest.Service, wires []*wire, from, n int64) {
	signedAll(b, s, wires, hongbaopbconnect.GrantServiceGrantProcedure, n, func(i int64) proto.Message { return granted(from + i) }, nil)
}

// signedAll makes n calls of an upstream over all connections at once. check looks at an answer; nil: its status is
// enough.
func signedAll(b *testing.B, s *servetest.Service, wires []*wire, path string, n int64, request func(int64) proto.Message, check func([]byte) error) {
	caller, _ := s.Keys.Caller("demo")
	var next atomic.Int64
	var failed atomic.Pointer[string]
	var all sync.WaitGroup
	for _, w := range wires {
		all.Go(func() {
			for i := next.Add(1) - 1; i < n && failed.Load() == nil; i = next.Add(1) - 1 {
				body, _ := proto.Marshal(request(i))
				sig := auth.Sign(caller.Key, auth.Request{Method: "POST", Path: path, Body: body}, time.Now(), auth.NewNonce())
				status, answer, err := w.call(path, sig, body)
				if err == nil && check != nil {
					err = check(answer)
				}
				if err != nil || status != http.StatusOK {
					text := fmt.Sprint(status, string(answer), err)
					failed.Store(&text)
				}
			}
		})
	}
	all.Wait()
	if text := failed.Load(); text != nil {
		b.Fatal(*text)
	}
}

// BenchmarkServeBatchGrant is BenchmarkServeGrant with 100 grants in a call.
func BenchmarkServeBatchGrant(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { benchBatches(b, nil) })
	b.Run("real", func(b *testing.B) { benchBatches(b, servetest.OnRealStores(b)) })
}

func benchBatches(b *testing.B, change func(*open.Config)) {
	const batch = 100
	s := servetest.Start(b, change)
	var wires []*wire
	for range 32 {
		w, err := dialWire(s.Addr)
		require.NoError(b, err)
		defer w.conn.Close()
		wires = append(wires, w)
	}
	all := func(from, n int64) {
		signedAll(b, s, wires, hongbaopbconnect.GrantServiceBatchGrantProcedure, (n+batch-1)/batch, func(i int64) proto.Message {
			m := &pb.BatchGrantRequest{}
			for k := range int64(batch) {
				m.Grants = append(m.Grants, granted(from+i*batch+k))
			}
			return m
		}, func(answer []byte) error {
			var reply pb.BatchGrantReply
			if err := proto.Unmarshal(answer, &reply); err != nil {
				return err
			}
			for _, r := range reply.Results {
				if r.GetGrant() == nil {
					return fmt.Errorf("refused: %v", r.GetError())
				}
			}
			return nil
		})
	}
	all(0, benchPeople)
	b.ResetTimer()
	began, cpu := time.Now(), servetest.CPUTime(b)
	all(benchPeople, int64(b.N))
	b.ReportMetric(float64((servetest.CPUTime(b)-cpu).Microseconds())/float64((b.N+batch-1)/batch*batch), "cpu-µs/grant")
	b.ReportMetric(float64((b.N+batch-1)/batch*batch)/time.Since(began).Seconds(), "grants/s")
	b.StopTimer()
}

// BenchmarkServePage reads wallet pages of 50 lines at a steady 2,000 a second, whether the service keeps up or not, and
// reports latencies from the moment that each read was due.
func BenchmarkServePage(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { benchPages(b, nil) })
	b.Run("real", func(b *testing.B) { benchPages(b, servetest.OnRealStores(b)) })
}

func benchPages(b *testing.B, change func(*open.Config)) {
	const readers, lines, rate = 500, 50, 2000
	s := servetest.Start(b, change)
	var wires []*wire
	for range 64 {
		w, err := dialWire(s.Addr)
		require.NoError(b, err)
		defer w.conn.Close()
		wires = append(wires, w)
	}
	for rain := range int64(lines) {
		grantAll(b, s, wires, rain*benchPeople, readers) // the same people in each rain
	}
	body, err := proto.Marshal(&pb.WalletPageRequest{Limit: lines})
	require.NoError(b, err)
	sessions := make([]string, readers)
	for i := range sessions {
		sessions[i] = auth.SchemeBearer + auth.Session(s.Keys.SessionKey, wallet.Douyin, wallet.UserID(i+1), time.Now().Add(time.Hour))
	}
	const path = hongbaopbconnect.WalletServiceWalletPageProcedure
	for _, session := range sessions { // until all is posted, and once each
		require.Eventually(b, func() bool {
			_, answer, err := wires[0].call(path, session, body)
			var page pb.WalletPageReply
			return err == nil && proto.Unmarshal(answer, &page) == nil && len(page.Lines) == lines &&
				!slices.ContainsFunc(page.Lines, func(l *pb.Line) bool { return l.Status != pb.TokenStatus_TOKEN_STATUS_SUCCESS })
		}, time.Minute, 10*time.Millisecond)
	}
	took := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	var mu sync.Mutex
	var next atomic.Int64
	var all sync.WaitGroup
	var failed atomic.Pointer[string]
	b.ResetTimer()
	began, cpu := time.Now(), servetest.CPUTime(b)
	for _, w := range wires {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N) && failed.Load() == nil; i = next.Add(1) - 1 {
				due := began.Add(time.Duration(i) * time.Second / rate)
				time.Sleep(time.Until(due))
				status, answer, err := w.call(path, sessions[i%readers], body)
				late := time.Since(due)
				var page pb.WalletPageReply
				if err != nil || status != http.StatusOK || proto.Unmarshal(answer, &page) != nil || len(page.Lines) != lines {
					text := fmt.Sprint(status, string(answer), err)
					failed.Store(&text)
				}
				mu.Lock()
				_ = took.RecordValue(late.Microseconds())
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if text := failed.Load(); text != nil {
		b.Fatal(*text)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "pages/s")
	b.ReportMetric(float64((servetest.CPUTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/page")
	b.ReportMetric(float64(took.ValueAtQuantile(50))/1000, "p50-ms")
	b.ReportMetric(float64(took.ValueAtQuantile(99))/1000, "p99-ms")
	b.StopTimer()
}
