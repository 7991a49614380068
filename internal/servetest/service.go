// Package servetest runs the wallet service for tests and talks to it over HTTP, as a client would.
package servetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/store/sql"
	"hongbao/reference/wallet"
	"hongbao/scenarios/loader"
)

// Patience bounds how long a test polls for what comes by itself: several times a lease, on a machine that does other
// things too.
const Patience = 30 * time.Second

// Service is a service to talk to, as curl would: JSON over HTTP.
type Service struct {
	URL    string
	Addr   string
	Keys   auth.Keys
	Client *http.Client
	Marked bool        // every request has the mark of a load test
	Config open.Config // of a service in this process
	Stop   func()      // and its clean stop, which wants it to leave in order
	Logs   *Log        // and what it says
}

// Log is what a service writes, for several goroutines.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (t *Log) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

// String returns all of it.
func (t *Log) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// Start runs a service in the test's own process, until the test ends or stops it.
func Start(tb testing.TB, change func(*open.Config)) *Service {
	tb.Helper()
	c := open.Default()
	c.Listen, c.Debug, c.Data = "127.0.0.1:0", "", tb.TempDir()
	if change != nil {
		change(&c)
	}
	require.NoError(tb, c.Complete())
	if c.Scenario != "" {
		of, err := loader.Load(c.Scenario)
		require.NoError(tb, err)
		var ok bool
		c.Activity, ok = open.StageOf(of.Activity, wallet.Official)
		require.True(tb, ok, "an official stage")
	}
	s := &Service{Client: NewClient(1), Config: c, Logs: &Log{}}
	c.Log = slog.New(slog.NewTextHandler(s.Logs, nil))
	running, err := open.New(tb.Context(), c)
	require.NoError(tb, err)
	s.Keys, err = auth.Load(c.Keys)
	require.NoError(tb, err)
	require.NoError(tb, running.Listen())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- running.Run(ctx) }()
	s.Stop = sync.OnceFunc(func() {
		s.Client.CloseIdleConnections()
		cancel()
		err := <-done
		running.Close()
		require.NoError(tb, err, "what was held is posted")
	})
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() {
			tb.Log(s.Logs)
		}
	})
	s.At(running.URL())
	return s
}

// NewClient returns a client for so many requests at the same time.
func NewClient(n int) *http.Client {
	return &http.Client{Timeout: Patience, Transport: &http.Transport{MaxIdleConnsPerHost: n}}
}

// At sets where the service is.
func (s *Service) At(url string) {
	s.URL = url
	_, s.Addr, _ = strings.Cut(url, "://")
}

// Mark returns the same service to somebody who marks every request.
func (s *Service) Mark() *Service {
	m := *s
	m.Marked = true
	return &m
}

// As calls a method under the name of a caller or an operator. It returns "ok", or the reason why it is refused.
func (s *Service) As(tb testing.TB, id, method, body string, into proto.Message) string {
	tb.Helper()
	reason, err := s.TrySigned(id, method, body, into)
	require.NoError(tb, err, method)
	return reason
}

// By calls a method in the session of a user of Douyin.
func (s *Service) By(tb testing.TB, user int64, method, body string, into proto.Message) string {
	tb.Helper()
	session := auth.Session(s.Keys.SessionKey, wallet.Douyin, wallet.UserID(user), time.Now().Add(time.Hour))
	reason, err := s.Try(auth.SchemeBearer+session, method, body, into)
	require.NoError(tb, err, method)
	return reason
}

// TrySigned is as, of a service that may be gone.
func (s *Service) TrySigned(id, method, body string, into proto.Message) (string, error) {
	key := auth.Key{ID: id}
	if c, ok := s.Keys.Caller(id); ok {
		key = c.Key
	} else if o, ok := s.Keys.Operator(id); ok {
		key = o.Key
	}
	r := auth.Request{Method: http.MethodPost, Path: "/hongbao.v1." + method, Body: []byte(body), LoadTest: s.Marked}
	return s.Try(auth.Sign(key, r, time.Now(), auth.NewNonce()), method, body, into)
}

// Try sends one request. The error says that no answer came that can be read.
func (s *Service) Try(authorization, method, body string, into proto.Message) (string, error) {
	r, err := http.NewRequest(http.MethodPost, s.URL+"/hongbao.v1."+method, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	if s.Marked {
		r.Header.Set(auth.HeaderLoadTest, "1")
	}
	got, err := s.Client.Do(r)
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	answer, err := io.ReadAll(got.Body)
	if err != nil {
		return "", err
	}
	if got.StatusCode == http.StatusOK {
		return "ok", protojson.Unmarshal(answer, into)
	}
	var refused struct {
		Details []struct{ Debug struct{ Reason string } }
	}
	if err := json.Unmarshal(answer, &refused); err != nil || len(refused.Details) != 1 {
		return "", fmt.Errorf("%s: %s", got.Status, answer)
	}
	return refused.Details[0].Debug.Reason, nil
}

// Win is the body of a grant to a user, won this hour: a moment that stays the same over repeats.
func Win(user int64, rain int, fen int64) string {
	won := wallet.InstantOf(time.Now().Truncate(time.Hour)) + wallet.Instant(rain)
	return fmt.Sprintf(`{"app":"APP_DOUYIN","user":%d,"activity":"spring-festival","scene":"rain","rain":%d,"award":"AWARD_TYPE_CASH","amount_fen":%d,"opened_us":%d}`,
		user, rain, fen, int64(won))
}

// Holding is the body of a page request with the tokens that a client holds.
func Holding(tokens ...[]byte) string {
	b, _ := protojson.Marshal(&pb.WalletPageRequest{Tokens: tokens})
	return string(b)
}

// Reasons returns why a page has refused tokens, in their order; "" stands for one that was taken.
func Reasons(tokens int, refused []*pb.RefusedToken) []string {
	out := make([]string, tokens)
	for _, r := range refused {
		out[r.Index] = r.Error.Reason
	}
	return out
}

// Eventually polls until something is so.
func Eventually(tb testing.TB, why string, so func() bool) {
	tb.Helper()
	for until := time.Now().Add(Patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			tb.Fatalf("not after %v: %s", Patience, why)
		}
	}
}

// OnRealStores puts a service on the servers that the environment names: in a database of its own, under a prefix of
// its own.
func OnRealStores(tb testing.TB) func(*open.Config) {
	addr, dsn := os.Getenv("HONGBAO_REDIS"), os.Getenv("HONGBAO_MYSQL")
	if addr == "" || dsn == "" {
		tb.Skip("HONGBAO_REDIS and HONGBAO_MYSQL are not set: run make real")
	}
	name, prefix := newDatabase(tb, dsn), "test-"+randomName()+":"
	return func(c *open.Config) {
		c.Redis = open.RedisConfig{Prefix: prefix, Main: &open.RedisEndpoint{Addrs: []string{addr}}}
		c.MySQL.DSNs = []string{name}
	}
}

// newDatabase makes a database that goes with the test, and returns its data source.
func newDatabase(tb testing.TB, dsn string) string {
	c, err := mysql.ParseDSN(dsn)
	require.NoError(tb, err)
	db, err := sql.Open("mysql", dsn)
	require.NoError(tb, err)
	c.DBName = "hongbao_" + randomName()
	_, err = db.Exec("CREATE DATABASE " + c.DBName)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		_, err := db.Exec("DROP DATABASE " + c.DBName)
		require.NoError(tb, err)
		require.NoError(tb, db.Close())
	})
	return c.FormatDSN()
}

// randomName returns a name that no other test has.
func randomName() string { return strings.ToLower(rand.Text()) }

// costAccountsOfService is how many sub-accounts the service's cost accounts have.
const costAccountsOfService = 16

// systemClock is the time of this machine.
type systemClock struct{}

// Now implements wallet.Clock.
func (systemClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// Records is what is on record of a service that has left.
type Records struct {
	Orders map[wallet.OrderNo]wallet.Order
	Grants map[wallet.OrderNo]int // entries on personal accounts
	Sum    wallet.Money           // of all accounts
	Spent  wallet.Money           // by cost accounts
	Quota  wallet.Quota           // of the official stage
}

// ReadRecords reads the books of the live traffic, or of the marked load.
func ReadRecords(tb testing.TB, c *open.Config, shadow bool) Records {
	tb.Helper()
	db, err := sqlstore.Open(tb.Context(), open.SqlOf(c, shadow))
	require.NoError(tb, err)
	defer db.Close()
	b := Records{Orders: map[wallet.OrderNo]wallet.Order{}, Grants: map[wallet.OrderNo]int{}}
	require.NoError(tb, sqlstore.NewOrders(db).Orders(tb.Context(), func(o wallet.Order) bool { b.Orders[o.No] = o; return true }))
	ledger := sqlstore.NewLedger(db, systemClock{}, costAccountsOfService)
	require.NoError(tb, ledger.Entries(tb.Context(), func(e wallet.Entry) bool {
		if e.Order != (wallet.OrderNo{}) {
			b.Grants[e.Order]++
		}
		return true
	}))
	require.NoError(tb, ledger.Balances(tb.Context(), func(a wallet.AccountNo, m wallet.Money) bool {
		b.Sum += m
		if a.Kind == wallet.CostAccount {
			b.Spent -= m
		}
		return true
	}))
	b.Quota, err = sqlstore.NewQuotas(db).Quota(tb.Context(), wallet.Official)
	require.NoError(tb, err)
	return b
}

// Operator returns the client of an operator of the service.
func (s *Service) Operator(tb testing.TB, id string) *client.OperatorClient {
	o, ok := s.Keys.Operator(id)
	require.True(tb, ok)
	c, err := client.NewOperatorClient(client.Config{BaseURL: s.URL, Key: o.Key, LoadTest: s.Marked, HTTPClient: s.Client, Tries: 1})
	require.NoError(tb, err)
	return c
}

// Clean cleans up, once the instance has heard that it lives and nothing is held.
func (s *Service) Clean(t *testing.T) {
	t.Helper()
	Eventually(t, "the marked load is cleaned up", func() bool {
		_, err := s.Operator(t, "operator").CleanUp(t.Context(), false)
		if err != nil {
			require.Contains(t, []string{"unavailable", "load_test_backlog"}, wallet.ReasonOf(err), err)
		}
		return err == nil
	})
}

const Loaders = 16 // requests at the same time

// Password is what must never be seen.
const Password = "geheim-5cb8a1"

// Nowhere returns an address of the loopback at which nobody listens.
func Nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// AtRest waits until nothing is held, and wants the running total and all books to agree.
func AtRest(t *testing.T, s *Service, orders int, fen int64) {
	t.Helper()
	var status pb.StatusReply
	Eventually(t, "nothing is held and no order is open", func() bool {
		return s.As(t, "viewer", "OperatorService/Status", "{}", &status) == "ok" && status.BacklogDepth == 0 && status.OpenOrders == 0
	})
	require.EqualValues(t, fen, status.Budgets[0].ReservedFen)
	require.Zero(t, status.Budgets[0].StrandedFen)
	var total pb.RunningTotalReply
	Eventually(t, fmt.Sprintf("the running total is %d", fen), func() bool {
		return s.As(t, "demo", "QueryService/RunningTotal", `{"stage":"STAGE_OFFICIAL"}`, &total) == "ok" && total.TotalFen >= fen
	})
	require.Equal(t, fen, total.TotalFen)
	var r pb.ReconcileReply
	require.Equal(t, "ok", s.As(t, "auditor", "OperatorService/Reconcile", "{}", &r))
	require.Zero(t, r.Differences, r.Lines)
	require.EqualValues(t, orders, r.Orders)
}
