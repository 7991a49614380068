package attack_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// Through the wallet's client, a request that may have arrived is unknown, and one that cannot have arrived is
// unavailable. Only the caller decides whether to repeat it.
func TestTransportUnderTheClient(t *testing.T) {
	hang := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hang.Close()
	lie, _ := fakeTarget(t, "HTTP/1.1 200 OK\r\nContent-Type: application/proto\r\nContent-Length: 10\r\n\r\nhalf")
	short, _ := fakeTarget(t, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")

	for _, c := range []struct {
		url, why string
		want     wallet.Code
	}{
		{hang.URL, "no response in time", wallet.CodeUnknown},
		{lie, "a truncated response", wallet.CodeUnknown},
		{short, "a response that is not the wallet's", wallet.CodeUnknown},
		{"http://127.0.0.1:1", "nothing listens", wallet.CodeUnavailable},
	} {
		t.Run(c.why, func(t *testing.T) {
			w, err := client.New(client.Config{BaseURL: c.url, Key: auth.Key{ID: "k", Secret: make([]byte, 32)},
				Timeout: 200 * time.Millisecond, Tries: 1, HTTPClient: newTransport(t, attack.TransportConfig{URL: c.url})})
			require.NoError(t, err)
			_, err = w.Grant(t.Context(), wallet.GrantRequest{})
			require.Equal(t, c.want, wallet.CodeOf(err), "%v", err)
		})
	}
}
