// Package servetest runs the wallet service for tests, calls it over HTTP like a client, and reads its records. Amounts are in
// fen. Only tests may import it.
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
	sqlstore "hongbao/reference/store/sql"
	"hongbao/reference/wallet"
	"hongbao/scenarios/loader"
)

// WaitTimeout bounds how long a test waits for a condition. It is several times a lease, because the machine may be busy.
const WaitTimeout = 30 * time.Second

// Service is a running service that a test calls with JSON over HTTP.
type Service struct {
	URL      string
	Addr     string
	Keys     auth.Keys
	Client   *http.Client
	LoadTest bool        // every request carries the load-test mark
	Config   open.Config // set by Start
	Stop     func()      // set by Start: stops the service and requires a clean stop; idempotent
	Logs     *Log        // set by Start: the service's log
}

// Log is a buffer for the output of a service. Safe for concurrent use.
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

// String returns everything written so far.
func (t *Log) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// Start runs a service in the test process until the test ends or calls Stop. change, unless nil, changes the configuration.
func Start(tb testing.TB, change func(*open.Config)) *Service {
	tb.Helper()
	c := open.Default()
	c.Listen, c.Debug, c.Data = "127.0.0.1:0", "", tb.TempDir()
	if change != nil {
		change(&c)
	}
	require.NoError(tb, c.Complete())
	require.NoError(tb, open.MakeKeys(&c)) // instances on real stores do not create their keys
	if c.Scenario != "" {
		scenario, err := loader.Load(c.Scenario)
		require.NoError(tb, err)
		var ok bool
		c.Activity, ok = open.StageOf(scenario.Activity, wallet.Official)
		require.True(tb, ok, "the scenario has an official stage")
	}
	s := &Service{Client: NewClient(1), Config: c, Logs: &Log{}}
	c.Log = slog.New(slog.NewTextHandler(s.Logs, nil))
	running, stop, err := open.Start(context.Background(), c)
	require.NoError(tb, err)
	s.Keys = running.Keys()
	s.Stop = sync.OnceFunc(func() {
		s.Client.CloseIdleConnections()
		require.NoError(tb, stop(), "a clean stop posts all held postings")
	})
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() {
			tb.Log(s.Logs)
		}
	})
	s.SetURL(running.URL())
	return s
}

// NewClient returns an HTTP client for n concurrent requests.
func NewClient(n int) *http.Client {
	return &http.Client{Timeout: WaitTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: n}}
}

// SetURL sets the address of the service.
func (s *Service) SetURL(url string) {
	s.URL = url
	_, s.Addr, _ = strings.Cut(url, "://")
}

// WithLoadTestMark returns a copy of s whose requests carry the load-test mark.
func (s *Service) WithLoadTestMark() *Service {
	m := *s
	m.LoadTest = true
	return &m
}

// CallAs calls a method, signed with the key of an upstream or operator. It returns "ok" or the reason of the refusal.
func (s *Service) CallAs(tb testing.TB, id, method, body string, into proto.Message) string {
	tb.Helper()
	reason, err := s.TryAs(id, method, body, into)
	require.NoError(tb, err, method)
	return reason
}

// CallByUser calls a method in the session of a Douyin user. It returns "ok" or the reason of the refusal.
func (s *Service) CallByUser(tb testing.TB, user int64, method, body string, into proto.Message) string {
	tb.Helper()
	session := auth.Session(s.Keys.SessionKey, wallet.Douyin, wallet.UserID(user), time.Now().Add(time.Hour))
	reason, err := s.Try(auth.SchemeBearer+session, method, body, into)
	require.NoError(tb, err, method)
	return reason
}

// TryAs is CallAs for a service that may be down: the error is that of Try.
func (s *Service) TryAs(id, method, body string, into proto.Message) (string, error) {
	key := auth.Key{ID: id}
	if c, ok := s.Keys.Caller(id); ok {
		key = c.Key
	} else if o, ok := s.Keys.Operator(id); ok {
		key = o.Key
	}
	r := auth.Request{Method: http.MethodPost, Path: "/hongbao.v1." + method, Body: []byte(body), LoadTest: s.LoadTest}
	return s.Try(auth.Sign(key, r, time.Now(), auth.NewNonce()), method, body, into)
}

// Try sends one request. It returns "ok" or the reason of the refusal, or an error if there is no readable reply.
func (s *Service) Try(authorization, method, body string, into proto.Message) (string, error) {
	r, err := http.NewRequest(http.MethodPost, s.URL+"/hongbao.v1."+method, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	if s.LoadTest {
		r.Header.Set(auth.HeaderLoadTest, "1")
	}
	got, err := s.Client.Do(r)
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	reply, err := io.ReadAll(got.Body)
	if err != nil {
		return "", err
	}
	if got.StatusCode == http.StatusOK {
		return "ok", protojson.Unmarshal(reply, into)
	}
	var refused struct {
		Details []struct{ Debug struct{ Reason string } }
	}
	if err := json.Unmarshal(reply, &refused); err != nil || len(refused.Details) != 1 {
		return "", fmt.Errorf("%s: %s", got.Status, reply)
	}
	return refused.Details[0].Debug.Reason, nil
}

// GrantBody returns the request body of a cash grant of fen to a Douyin user. Its opening time is within the current hour and
// is the same for repeats.
func GrantBody(user int64, rain int, fen int64) string {
	won := wallet.InstantOf(time.Now().Truncate(time.Hour)) + wallet.Instant(rain)
	return fmt.Sprintf(`{"app":"APP_DOUYIN","user":%d,"activity":"spring-festival","scene":"rain","rain":%d,"award":"AWARD_TYPE_CASH","amount_fen":%d,"opened_us":%d}`,
		user, rain, fen, int64(won))
}

// PageBody returns the request body of a wallet page with the tokens of the client.
func PageBody(tokens ...[]byte) string {
	b, _ := protojson.Marshal(&pb.WalletPageRequest{Tokens: tokens})
	return string(b)
}

// RefusalReasons returns the reason of the refusal of each of the tokens, in their order; "" if the token was accepted.
func RefusalReasons(tokens int, refused []*pb.RefusedToken) []string {
	out := make([]string, tokens)
	for _, r := range refused {
		out[r.Index] = r.Error.Reason
	}
	return out
}

// Eventually polls until the condition is true, and fails the test after WaitTimeout.
func Eventually(tb testing.TB, why string, condition func() bool) {
	tb.Helper()
	for until := time.Now().Add(WaitTimeout); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			tb.Fatalf("not after %v: %s", WaitTimeout, why)
		}
	}
}

// OnRealStores returns a configuration change that puts a service on the servers given by the environment, in a new database
// and under a new Redis key prefix. It skips the test if there are none.
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

// newDatabase creates a database, which is dropped at the end of the test, and returns its data source name.
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

// randomName returns a unique name.
func randomName() string { return strings.ToLower(rand.Text()) }

// serviceSubAccounts is the number of sub-accounts of the service's cost accounts.
const serviceSubAccounts = 16

// systemClock is the clock of this machine.
type systemClock struct{}

// Now implements wallet.Clock.
func (systemClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// Records are the stored records of a stopped service.
type Records struct {
	Orders map[wallet.OrderNo]wallet.Order
	Grants map[wallet.OrderNo]int // ledger entries per order
	Sum    wallet.Money           // sum of all account balances; 0 in a consistent ledger
	Spent  wallet.Money           // paid from cost accounts
	Quota  wallet.Quota           // of the official stage
}

// ReadRecords reads the records of the live wallet, or of the shadow wallet.
func ReadRecords(tb testing.TB, c *open.Config, shadow bool) Records {
	tb.Helper()
	db, err := sqlstore.Open(tb.Context(), open.SqlOf(c, shadow))
	require.NoError(tb, err)
	defer db.Close()
	b := Records{Orders: map[wallet.OrderNo]wallet.Order{}, Grants: map[wallet.OrderNo]int{}}
	require.NoError(tb, sqlstore.NewOrders(db).Orders(tb.Context(), func(o wallet.Order) bool { b.Orders[o.No] = o; return true }))
	ledger := sqlstore.NewLedger(db, systemClock{}, serviceSubAccounts)
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

// Operator returns a client that signs as the operator.
func (s *Service) Operator(tb testing.TB, id string) *client.OperatorClient {
	o, ok := s.Keys.Operator(id)
	require.True(tb, ok)
	c, err := client.NewOperatorClient(client.Config{BaseURL: s.URL, Key: o.Key, LoadTest: s.LoadTest, HTTPClient: s.Client, Tries: 1})
	require.NoError(tb, err)
	return c
}

// CleanUpLoadTest deletes the load-test data. It retries while the instance does not know yet that it is the only live one, and
// while the shadow wallet holds postings.
func (s *Service) CleanUpLoadTest(t *testing.T) {
	t.Helper()
	Eventually(t, "the load-test data is deleted", func() bool {
		_, err := s.Operator(t, "operator").CleanUp(t.Context(), false)
		if err != nil {
			require.Contains(t, []string{"unavailable", "load_test_backlog"}, wallet.ReasonOf(err), err)
		}
		return err == nil
	})
}

// ConcurrentClients is the number of concurrent requests of tests that load a service.
const ConcurrentClients = 16

// Password is a password that must not appear in any output.
const Password = "geheim-5cb8a1"

// ClosedAddr returns a loopback address on which nothing listens.
func ClosedAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// RequireSettled waits until no posting is held and no order is open. Then it requires that the running total, the budget and
// the reconciliation agree with the number of orders and their sum in fen.
func RequireSettled(t *testing.T, s *Service, orders int, fen int64) {
	t.Helper()
	var status pb.StatusReply
	Eventually(t, "no posting is held and no order is open", func() bool {
		return s.CallAs(t, "viewer", "OperatorService/Status", "{}", &status) == "ok" && status.BacklogDepth == 0 && status.OpenOrders == 0
	})
	require.EqualValues(t, fen, status.Budgets[0].ReservedFen)
	require.Zero(t, status.Budgets[0].StrandedFen)
	var total pb.RunningTotalReply
	Eventually(t, fmt.Sprintf("the running total is %d", fen), func() bool {
		return s.CallAs(t, "demo", "QueryService/RunningTotal", `{"stage":"STAGE_OFFICIAL"}`, &total) == "ok" && total.TotalFen >= fen
	})
	require.Equal(t, fen, total.TotalFen)
	var r pb.ReconcileReply
	require.Equal(t, "ok", s.CallAs(t, "auditor", "OperatorService/Reconcile", "{}", &r))
	require.Zero(t, r.Differences, r.Lines)
	require.EqualValues(t, orders, r.Orders)
}
