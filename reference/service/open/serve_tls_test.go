package open_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
)

// TestServeTLS: with a certificate the API speaks TLS and nothing else, also on HTTP/2.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	cert, key, trusted := selfSigned(t)
	s := servetest.Start(t, func(c *open.Config) { c.TLS = open.TLSConfig{cert, key} })
	require.True(t, strings.HasPrefix(s.URL, "https://"), s.URL)

	_, err := s.Try("", "WalletService/WalletPage", "{}", &pb.WalletPageReply{})
	require.ErrorAs(t, err, new(*tls.CertificateVerificationError), "nobody else has signed it")
	s.Client = &http.Client{Timeout: servetest.WaitTimeout, Transport: &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	t.Cleanup(s.Client.CloseIdleConnections)
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	var page pb.WalletPageReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", "{}", &page))
	require.EqualValues(t, 88, page.BalanceFen)
	got, err := s.Client.Get(s.URL + "/healthz")
	require.NoError(t, err)
	require.NoError(t, got.Body.Close())
	require.Equal(t, 2, got.ProtoMajor)

	got, err = http.Get("http://" + s.Addr + "/healthz")
	require.NoError(t, err)
	require.NoError(t, got.Body.Close())
	require.Equal(t, http.StatusBadRequest, got.StatusCode, "nothing is served in clear")
}

// selfSigned makes a certificate for the loopback.
func selfSigned(t *testing.T) (cert, key string, trusted *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public})
	require.NoError(t, os.WriteFile(cert, text, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	trusted = x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(text))
	return cert, key, trusted
}

// TestServePages: the pages about the state of the service are served on their ports, and only there.
func TestServePages(t *testing.T) {
	t.Parallel()
	debug := servetest.ClosedAddr(t)
	s := servetest.Start(t, func(c *open.Config) { c.Debug = debug })
	get := func(url string) (int, string) {
		got, err := s.Client.Get(url)
		require.NoError(t, err)
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		return got.StatusCode, string(body)
	}
	status, _ := get(s.URL + "/healthz")
	require.Equal(t, http.StatusOK, status)
	servetest.Eventually(t, "it is ready", func() bool { status, _ := get(s.URL + "/readyz"); return status == http.StatusOK })
	status, text := get(s.URL + "/openapi.json")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "hongbao.v1.GrantService")
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	servetest.Eventually(t, "the metrics have the grant, and how the service stands", func() bool {
		_, text := get("http://" + debug + "/metrics")
		return strings.Contains(text, `hongbao_requests_total{method="hongbao.v1.GrantService/Grant",reason="ok"} 1`) && strings.Contains(text, "hongbao_backlog_depth")
	})
	status, _ = get(s.URL + "/metrics")
	require.Equal(t, http.StatusNotFound, status, "not on the port of the API")
}
