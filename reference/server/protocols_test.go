package server

import (
	"context"
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
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	connectpb "hongbao/reference/server/hongbaopb/hongbaopbconnect"
	"hongbao/reference/wallet"
)

// signer signs requests as the caller "demo", and sends the session of Douyin's user 7 to WalletService.
type signer struct {
	f     *fixture
	inner http.RoundTripper
	saw   *string // the HTTP protocol of the last response
}

func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = newBody(body), int64(len(body))
	key, _ := s.f.keys.Caller("demo")
	r.Header.Set("Authorization", auth.Sign(key.Key, auth.Request{Method: r.Method, Path: r.URL.Path, Body: body}, s.f.clock.Now().Time(), auth.NewNonce()))
	if filepath.Dir(r.URL.Path) == "/"+connectpb.WalletServiceName {
		r.Header.Set("Authorization", s.f.session(wallet.Douyin, 7))
	}
	got, err := s.inner.RoundTrip(r)
	if err == nil {
		*s.saw = got.Proto
	}
	return got, err
}

// certificate writes a self-signed certificate for 127.0.0.1 and returns its files.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	from := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from.Add(-time.Hour), NotAfter: from.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	require.NoError(t, err)
	pkcs, err := x509.MarshalPKCS8PrivateKey(secret)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(cert, certPEM, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certPEM))
	return cert, key, pool
}

// TestProtocols: every protocol and format, over HTTP/1.1 and HTTP/2, with and without TLS, gives the same replies and
// the same refusals.
func TestProtocols(t *testing.T) {
	cert, key, pool := certificate(t)
	for _, encrypted := range []bool{false, true} {
		f := start(t, func(c *Config, _ *Ports) {
			if encrypted {
				c.TLSCert, c.TLSKey = cert, key
			}
		})
		for _, http2 := range []bool{false, true} {
			transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{RootCAs: pool}}
			transport.Protocols.SetHTTP1(!http2)
			transport.Protocols.SetHTTP2(http2 && encrypted)
			transport.Protocols.SetUnencryptedHTTP2(http2 && !encrypted)
			t.Cleanup(transport.CloseIdleConnections)
			for name, options := range map[string][]connect.ClientOption{
				"connect":      nil,
				"connect json": {connect.WithProtoJSON()},
				"grpc":         {connect.WithGRPC()},
				"grpc json":    {connect.WithGRPC(), connect.WithProtoJSON()},
				"grpc-web":     {connect.WithGRPCWeb()},
			} {
				if !http2 && name[:4] == "grpc" && name != "grpc-web" {
					continue // gRPC needs HTTP/2
				}
				saw := ""
				client := &http.Client{Transport: signer{f, transport, &saw}}
				exchange(t, f, client, options)
				require.Equal(t, map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2], saw, name)
			}
		}
	}
}

// exchange makes a grant, reads a page and makes calls that are refused.
func exchange(t *testing.T, f *fixture, client *http.Client, options []connect.ClientOption) {
	ctx := t.Context()
	grant := &pb.GrantRequest{App: pb.App_APP_DOUYIN, User: 7, Activity: "spring", Scene: "rain", Rain: 1,
		Award: pb.AwardType_AWARD_TYPE_CASH, AmountFen: 100, OpenedUs: int64(f.clock.Now())}
	reply, err := connectpb.NewGrantServiceClient(client, f.url, options...).Grant(ctx, grant)
	require.NoError(t, err)
	require.Equal(t, "1_rain_1_1_3", reply.Order)
	require.Equal(t, pb.GrantState_GRANT_STATE_ACCEPTED, reply.State)

	page, err := connectpb.NewWalletServiceClient(client, f.url, options...).WalletPage(ctx, &pb.WalletPageRequest{Tokens: [][]byte{reply.Token}})
	require.NoError(t, err)
	require.Equal(t, int64(100), page.BalanceFen)
	require.Empty(t, page.Refused)

	grant.AmountFen = 1001
	_, err = connectpb.NewGrantServiceClient(client, f.url, options...).Grant(ctx, grant)
	refusedWith(t, err, connect.CodeFailedPrecondition, "over_cap")

	_, err = connectpb.NewOperatorServiceClient(client, f.url, options...).Status(ctx, &pb.StatusRequest{})
	refusedWith(t, err, connect.CodeUnauthenticated, "unknown_key") // by the server, before Connect

	nope := connect.NewClient[pb.StatusRequest, pb.StatusReply](client, f.url+"/hongbao.v1.GrantService/Nope", options...)
	_, err = nope.CallUnary(ctx, connect.NewRequest(&pb.StatusRequest{}))
	refusedWith(t, err, connect.CodeUnimplemented, "unknown_method")

	bare := &http.Client{Transport: client.Transport.(signer).inner}
	_, err = connectpb.NewGrantServiceClient(bare, f.url, options...).Grant(ctx, grant)
	refusedWith(t, err, connect.CodeUnauthenticated, "no_credentials")
}

// refusedWith checks an error's code, its detail, and its reason in the metadata.
func refusedWith(t *testing.T, err error, code connect.Code, reason string) {
	t.Helper()
	var refused *connect.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code(), err)
	require.Equal(t, reason, refused.Meta().Get(headerReason))
	require.Len(t, refused.Details(), 1)
	message, err := refused.Details()[0].Value()
	require.NoError(t, err)
	require.Equal(t, reason, message.(*pb.ErrorDetail).Reason)
}

// TestErrorsOnTheWire checks that each code has one code on the wire, and says whether and how to repeat.
func TestErrorsOnTheWire(t *testing.T) {
	seen := map[connect.Code]wallet.Code{}
	for code := wallet.CodeInternal; code <= wallet.CodeUnauthorised; code++ {
		wire := wireCode(code)
		require.NotContains(t, seen, wire, "two codes have the same code on the wire")
		seen[wire] = code
		d := detail(&wallet.Error{Code: code, Reason: "r"})
		require.Equal(t, code.String(), d.Code)
		require.Equal(t, "r", d.Reason)
		repeat := code == wallet.CodeOverloaded || code == wallet.CodeUnavailable || code == wallet.CodeUnknown
		require.Equal(t, repeat, d.Retryable, code)
		require.Equal(t, code == wallet.CodeUnknown, d.SameNumber, code)
	}
	require.Equal(t, wallet.CodeUnknown, wallet.CodeOf(withCode(context.Canceled, true)))
	require.Equal(t, wallet.CodeUnavailable, wallet.CodeOf(withCode(context.DeadlineExceeded, false)))
	require.Equal(t, wallet.CodeInternal, wallet.CodeOf(withCode(io.EOF, true)), "not a timeout")
	require.ErrorIs(t, withCode(wallet.AsUnknown(context.Canceled), false), wallet.ErrUnknown, "an error with a code keeps it")
	require.NoError(t, withCode(nil, true))
}
