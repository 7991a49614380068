package attack_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
)

// BenchmarkTransport sends one request at a time, with this transport and with net/http's, to a target that does hardly
// any work, so that the difference is the client's.
func BenchmarkTransport(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer l.Close()
	go answerAll(l)
	url := "http://" + l.Addr().String()
	ours := newTransport(b, attack.TransportConfig{URL: url})
	theirs := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}}
	defer theirs.CloseIdleConnections()
	for _, c := range []struct {
		name string
		do   func(*http.Request) (*http.Response, error)
	}{{"attack", ours.Do}, {"net-http", theirs.Do}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second)
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(echoed))
				require.NoError(b, err)
				resp, err := c.do(r)
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, resp.Body)
				require.NoError(b, err)
				resp.Body.Close()
				cancel()
			}
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// answerAll answers each request on each connection without parsing it.
func answerAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			br := bufio.NewReader(c)
			for {
				if _, err := br.Peek(1); err != nil {
					return
				}
				if _, err := br.Discard(br.Buffered()); err != nil {
					return
				}
				if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 31 Jan 2022 12:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
					return
				}
			}
		}()
	}
}
