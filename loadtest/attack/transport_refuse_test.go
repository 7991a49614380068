package attack_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
)

// Malformed requests and requests for another target are not sent, and do not use up a connection.
func TestTransportRefuses(t *testing.T) {
	url, got := fakeTarget(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	tr := newTransport(t, attack.TransportConfig{URL: url})
	for _, c := range []struct {
		why   string
		spoil func(*http.Request)
	}{
		{"another target", func(r *http.Request) { r.URL.Host = "example.com" }},
		{"another scheme", func(r *http.Request) { r.URL.Scheme = "https" }},
		{"a header's value with a line break", func(r *http.Request) { r.Header["X"] = []string{"a\r\nY: b"} }},
		{"a header's name with a colon", func(r *http.Request) { r.Header["X:y"] = []string{"a"} }},
		{"a method with a space", func(r *http.Request) { r.Method = "GET /" }},
		{"a path with a line break", func(r *http.Request) { r.URL.Opaque = "/\r\nX: y" }},
		{"a host with a line break", func(r *http.Request) { r.Host = "a\r\nX: y" }},
		{"a body shorter than its length", func(r *http.Request) { r.ContentLength = 9 }},
		{"a body longer than its length", func(r *http.Request) { r.ContentLength = 1 }},
		{"a body above the bound", func(r *http.Request) { r.ContentLength = 2 << 20 }},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("body"))
		require.NoError(t, err)
		c.spoil(r)
		_, err = tr.Do(r)
		require.ErrorIs(t, err, attack.ErrNotSent, c.why)
	}
	require.Zero(t, got.Load())
	require.EqualValues(t, 1, tr.Stats().Open)
}

func TestTransportConfig(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, c := range []struct {
		c   attack.TransportConfig
		why string
	}{
		{attack.TransportConfig{}, "no URL"},
		{attack.TransportConfig{URL: "localhost:80"}, "no scheme"},
		{attack.TransportConfig{URL: "ftp://localhost"}, "not HTTP"},
		{attack.TransportConfig{URL: "http://"}, "no host"},
		{attack.TransportConfig{URL: "http://localhost", Conns: -1}, "negative connections"},
		{attack.TransportConfig{URL: "https://localhost", CAFile: filepath.Join(dir, "none")}, "a missing file"},
		{attack.TransportConfig{URL: "https://localhost", CAFile: empty}, "an empty file"},
	} {
		_, err := attack.NewTransport(c.c)
		require.ErrorIs(t, err, attack.ErrConfig, c.why)
	}
}
