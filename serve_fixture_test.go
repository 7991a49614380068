package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
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
	sqlstore "hongbao/reference/store/sql"
	"hongbao/reference/wallet"
	"hongbao/scenarios/loader"
)

// patience bounds how long a test polls for what comes by itself: several times a lease, on a machine that does other
// things too.
const patience = 30 * time.Second

// served is a service to talk to, as curl would: JSON over HTTP.
type served struct {
	url    string
	addr   string
	keys   auth.Keys
	client *http.Client
	marked bool        // every request has the mark of a load test
	config serveConfig // of a service in this process
	stop   func()      // and its clean stop, which wants it to leave in order
	logs   *text       // and what it says
}

// text is what a service writes, for several goroutines.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (t *text) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

// String returns all of it.
func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// startService runs a service in the test's own process, until the test ends or stops it.
func startService(tb testing.TB, change func(*serveConfig)) *served {
	tb.Helper()
	c := defaultConfig()
	c.Listen, c.Debug, c.Data = "127.0.0.1:0", "", tb.TempDir()
	if change != nil {
		change(&c)
	}
	require.NoError(tb, c.finish())
	if c.Scenario != "" {
		of, err := loader.Load(c.Scenario)
		require.NoError(tb, err)
		var ok bool
		c.Activity, ok = servedStage(of.Activity, wallet.Official)
		require.True(tb, ok, "an official stage")
	}
	s := &served{client: newClient(1), config: c, logs: &text{}}
	c.Log = slog.New(slog.NewTextHandler(s.logs, nil))
	running, err := newService(tb.Context(), c)
	require.NoError(tb, err)
	s.keys, err = auth.Load(c.Keys)
	require.NoError(tb, err)
	require.NoError(tb, running.listen())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- running.run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		s.client.CloseIdleConnections()
		cancel()
		err := <-done
		running.close()
		require.NoError(tb, err, "what was held is posted")
	})
	tb.Cleanup(func() {
		s.stop()
		if tb.Failed() {
			tb.Log(s.logs)
		}
	})
	s.at(running.url())
	return s
}

// newClient returns a client for so many requests at the same time.
func newClient(n int) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: n}}
}

// at sets where the service is.
func (s *served) at(url string) {
	s.url = url
	_, s.addr, _ = strings.Cut(url, "://")
}

// mark returns the same service to somebody who marks every request.
func (s *served) mark() *served {
	m := *s
	m.marked = true
	return &m
}

// as calls a method under the name of a caller or an operator. It returns "ok", or the reason why it is refused.
func (s *served) as(tb testing.TB, id, method, body string, into proto.Message) string {
	tb.Helper()
	reason, err := s.trySigned(id, method, body, into)
	require.NoError(tb, err, method)
	return reason
}

// by calls a method in the session of a user of Douyin.
func (s *served) by(tb testing.TB, user int64, method, body string, into proto.Message) string {
	tb.Helper()
	session := auth.Session(s.keys.SessionKey, wallet.Douyin, wallet.UserID(user), time.Now().Add(time.Hour))
	reason, err := s.try(auth.SchemeBearer+session, method, body, into)
	require.NoError(tb, err, method)
	return reason
}

// trySigned is as, of a service that may be gone.
func (s *served) trySigned(id, method, body string, into proto.Message) (string, error) {
	key := auth.Key{ID: id}
	if c, ok := s.keys.Caller(id); ok {
		key = c.Key
	} else if o, ok := s.keys.Operator(id); ok {
		key = o.Key
	}
	r := auth.Request{Method: http.MethodPost, Path: "/hongbao.v1." + method, Body: []byte(body), LoadTest: s.marked}
	return s.try(auth.Sign(key, r, time.Now(), auth.NewNonce()), method, body, into)
}

// try sends one request. The error says that no answer came that can be read.
func (s *served) try(authorization, method, body string, into proto.Message) (string, error) {
	r, err := http.NewRequest(http.MethodPost, s.url+"/hongbao.v1."+method, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	if s.marked {
		r.Header.Set(auth.HeaderLoadTest, "1")
	}
	got, err := s.client.Do(r)
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

// win is the body of a grant to a user, won this hour: a moment that stays the same over repeats.
func win(user int64, rain int, fen int64) string {
	won := wallet.InstantOf(time.Now().Truncate(time.Hour)) + wallet.Instant(rain)
	return fmt.Sprintf(`{"app":"APP_DOUYIN","user":%d,"activity":"spring-festival","scene":"rain","rain":%d,"award":"AWARD_TYPE_CASH","amount_fen":%d,"opened_us":%d}`,
		user, rain, fen, int64(won))
}

// holding is the body of a page request with the tokens that a client holds.
func holding(tokens ...[]byte) string {
	b, _ := protojson.Marshal(&pb.WalletPageRequest{Tokens: tokens})
	return string(b)
}

// reasons returns why a page has refused tokens, in their order; "" stands for one that was taken.
func reasons(tokens int, refused []*pb.RefusedToken) []string {
	out := make([]string, tokens)
	for _, r := range refused {
		out[r.Index] = r.Error.Reason
	}
	return out
}

// eventually polls until something is so.
func eventually(tb testing.TB, why string, so func() bool) {
	tb.Helper()
	for until := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			tb.Fatalf("not after %v: %s", patience, why)
		}
	}
}

// onRealStores puts a service on the servers that the environment names: in a database of its own, under a prefix of
// its own.
func onRealStores(tb testing.TB) func(*serveConfig) {
	addr, dsn := os.Getenv("HONGBAO_REDIS"), os.Getenv("HONGBAO_MYSQL")
	if addr == "" || dsn == "" {
		tb.Skip("HONGBAO_REDIS and HONGBAO_MYSQL are not set: run make real")
	}
	name, prefix := newDatabase(tb, dsn), "test-"+randomName()+":"
	return func(c *serveConfig) {
		c.Redis = redisConfig{Prefix: prefix, Main: &redisEndpoint{Addrs: []string{addr}}}
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

// books is what is on record of a service that has left.
type books struct {
	orders map[wallet.OrderNo]wallet.Order
	grants map[wallet.OrderNo]int // entries on personal accounts
	sum    wallet.Money           // of all accounts
	spent  wallet.Money           // by cost accounts
	quota  wallet.Quota           // of the official stage
}

// readBooks reads the books of the live traffic, or of the marked load.
func readBooks(tb testing.TB, c *serveConfig, shadow bool) books {
	tb.Helper()
	db, err := sqlstore.Open(tb.Context(), sqlOf(c, shadow))
	require.NoError(tb, err)
	defer db.Close()
	b := books{orders: map[wallet.OrderNo]wallet.Order{}, grants: map[wallet.OrderNo]int{}}
	require.NoError(tb, sqlstore.NewOrders(db).Orders(tb.Context(), func(o wallet.Order) bool { b.orders[o.No] = o; return true }))
	ledger := sqlstore.NewLedger(db, systemClock{}, costAccountsOfService)
	require.NoError(tb, ledger.Entries(tb.Context(), func(e wallet.Entry) bool {
		if e.Order != (wallet.OrderNo{}) {
			b.grants[e.Order]++
		}
		return true
	}))
	require.NoError(tb, ledger.Balances(tb.Context(), func(a wallet.AccountNo, m wallet.Money) bool {
		b.sum += m
		if a.Kind == wallet.CostAccount {
			b.spent -= m
		}
		return true
	}))
	b.quota, err = sqlstore.NewQuotas(db).Quota(tb.Context(), wallet.Official)
	require.NoError(tb, err)
	return b
}

// operator returns the client of an operator of the service.
func (s *served) operator(tb testing.TB, id string) *client.Operator {
	o, ok := s.keys.Operator(id)
	require.True(tb, ok)
	c, err := client.NewOperator(client.Config{BaseURL: s.url, Key: o.Key, LoadTest: s.marked, HTTPClient: s.client, Tries: 1})
	require.NoError(tb, err)
	return c
}

// clean cleans up, once the instance has heard that it lives and nothing is held.
func (s *served) clean(t *testing.T) {
	t.Helper()
	eventually(t, "the marked load is cleaned up", func() bool {
		_, err := s.operator(t, "operator").CleanUp(t.Context(), false)
		if err != nil {
			require.Contains(t, []string{"unavailable", "load_test_backlog"}, wallet.ReasonOf(err), err)
		}
		return err == nil
	})
}
