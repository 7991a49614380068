package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/node"
	"hongbao/reference/operator"
	"hongbao/reference/runningtotal"
	"hongbao/reference/sdk"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shards is the number of shards of the fixture's backlog.
const shards = 2

// memoryAuditLog is an audit log in memory, which can be made to fail.
type memoryAuditLog struct {
	mu      sync.Mutex
	broken  error
	actions []wallet.Action
}

func (l *memoryAuditLog) Append(_ context.Context, a wallet.Action) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	a.ID = int64(len(l.actions) + 1)
	l.actions = append(l.actions, a)
	return nil
}

func (l *memoryAuditLog) Actions(_ context.Context, before int64, limit int) (found []wallet.Action, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range slices.Backward(l.actions) {
		if (before == 0 || a.ID < before) && len(found) < limit {
			found = append(found, a)
		}
	}
	return found, nil
}

// fakeInspector is an Inspector, and holds the switches of the config centre.
type fakeInspector struct {
	mu  sync.Mutex
	on  map[wallet.Switch]bool
	err error

	defect bool // AuditBudget panics
}

func (s *fakeInspector) switches() (map[wallet.Switch]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.on, s.err
}

func (s *fakeInspector) set(name wallet.Switch, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.on[name] = on
	}
	return s.err
}

func (s *fakeInspector) Status(context.Context) (Status, error) {
	return Status{Strategy: wallet.StrategyToken, Activity: "spring", Instances: []string{"a", "b"}, Backlog: 3, BacklogAge: time.Second, OpenOrders: 4, Budgets: []BudgetStatus{
		{wallet.Official, 1000, wallet.Quota{Reserved: 100, Leased: 300, Orphaned: 50}}}}, s.err
}

func (s *fakeInspector) AuditBudget(_ context.Context, stage wallet.Stage) (wallet.Money, error) {
	if s.defect {
		panic("a defect")
	}
	return wallet.Money(stage) * 7, s.err
}

func (s *fakeInspector) Reconcile(context.Context) (Reconciliation, error) {
	found := slices.Repeat([]wallet.Difference{{Kind: wallet.Missing, Sides: "orders/ledger", Want: 5}}, 150)
	return Reconciliation{Orders: 9, Entries: 8, Sum: -3, Count: int64(len(found)), Differences: found}, s.err
}

// fixture is a server on a loopback port with a real node over stores in memory.
type fixture struct {
	t         testing.TB
	server    *Server
	clock     *storetest.Clock
	keys      auth.Keys
	node      *node.Node
	ledger    *mem.Ledger
	orders    *mem.Orders
	ring      *token.Keyring
	sealer    wallet.Sealer
	audit     *memoryAuditLog
	inspector *fakeInspector
	rewards   *fakeRewards
	bulk      *operator.Bulk
	url       string
	stop      context.CancelFunc
	stopped   chan error
	client    *http.Client
}

// option changes a fixture's configuration before it starts.
type option func(*Config, *Ports)

// festival returns the fixture's activity: one stage, caps of 1,000 fen.
func festival(clock wallet.Clock) wallet.Activity {
	return wallet.Activity{Parent: "spring", Children: []wallet.Child{{ID: "official", Stage: wallet.Official,
		From: clock.Now().Add(-time.Hour), To: clock.Now().Add(60 * 24 * time.Hour), Budget: 1 << 50, SingleCap: 1000,
		Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "cash", Scenes: []wallet.Scene{{ID: "rain", BillText: "rain"}}}}}}}}}
}

// start starts a server. The test's cleanup stops it.
func start(t testing.TB, changes ...option) *fixture {
	f := &fixture{t: t, clock: storetest.NewClock(), keys: auth.Generate(), audit: &memoryAuditLog{}, inspector: &fakeInspector{on: map[wallet.Switch]bool{}}, rewards: &fakeRewards{},
		stopped: make(chan error, 1), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	f.keys.Callers = append(f.keys.Callers,
		auth.Caller{Key: auth.Key{ID: "asker", Secret: auth.NewSecret()}, Scopes: []auth.Scope{auth.ScopeQuery}},
		auth.Caller{Key: auth.Key{ID: "giver", Secret: auth.NewSecret()}, Scopes: []auth.Scope{auth.ScopeGrant}},
		auth.Caller{Key: auth.Key{ID: "binder", Secret: auth.NewSecret()}, Scopes: []auth.Scope{auth.ScopeBind}, Apps: []wallet.App{wallet.Xigua}},
		auth.Caller{Key: auth.Key{ID: "narrow", Secret: auth.NewSecret()}, Scopes: []auth.Scope{auth.ScopeGrant, auth.ScopeQuery},
			Activities: []wallet.ActivityID{"autumn"}, Apps: []wallet.App{wallet.Xigua}})
	var err error
	f.ring, err = token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	f.sealer, err = token.NewReal(f.ring, token.DefaultPolicy())
	require.NoError(t, err)
	backlog := mem.NewBacklog(f.clock, shards, 10*time.Second)
	f.orders, f.ledger = mem.NewOrders(), mem.NewLedger(f.clock, 1)
	f.node, err = node.New(node.Config{Strategy: wallet.StrategyToken, Activity: festival(f.clock), Instances: 1, Batch: 100,
		Release: wallet.Release{Num: 1, Den: 1}},
		node.Ports{Clock: f.clock, Identities: mem.NewIdentities(), Orders: f.orders, OpenOrders: f.orders, Budgets: mem.NewBudgets(),
			Tokens: mem.NewTokens(backlog), Backlog: backlog, Ledger: f.ledger, Withdrawals: mem.NewWithdrawals(), Bank: mem.NewBank(),
			Sealer: f.sealer, Alarm: func(wallet.AlarmKind, string) {}})
	require.NoError(t, err)
	totals := mem.NewTotals()
	require.NoError(t, totals.Report(t.Context(), wallet.Official, "w", 4242))
	reader, err := runningtotal.NewReader(totals, wallet.Official)
	require.NoError(t, err)
	require.NoError(t, reader.Refresh(t.Context()))
	query, err := sdk.New(sdk.Ports{Pages: f.node, Totals: reader})
	require.NoError(t, err)

	config := Config{Addr: "127.0.0.1:0", DebugAddr: ":0", Keys: f.keys}
	cache, notices, bulk := f.newBackoffice()
	ports := Ports{Service: f.node, Query: query, Inspector: f.inspector, Audit: f.audit, Clock: f.clock,
		Rewards: f.rewards, Packets: f.rewards, Coupons: f.rewards, Refunds: f.rewards, Callbacks: f.rewards, NoticeReader: cache, Notices: notices, Bulk: bulk,
		Settings: &fakeConfigCentre{fakeInspector: f.inspector}, Switches: switchInfo}
	for _, change := range changes {
		change(&config, &ports)
	}
	f.server, err = New(config, ports)
	require.NoError(t, err)
	require.NoError(t, f.server.Listen())
	f.server.SetReady(true)
	f.url = f.server.URL()
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	go func() { f.stopped <- f.server.Serve(ctx) }()
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		stop()
		require.NoError(t, <-f.stopped)
	})
	return f
}

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   string
	fields map[string]any
}

// reason returns the refusal's code and reason from the body, or "ok".
func (a answer) reason() string {
	if a.status == http.StatusOK {
		return "ok"
	}
	for _, d := range a.list("details") {
		debug := d.(map[string]any)["debug"].(map[string]any)
		return fmt.Sprintf("%s %s", debug["code"], debug["reason"])
	}
	return "no detail"
}

func (a answer) list(field string) []any {
	l, _ := a.fields[field].([]any)
	return l
}

func (a answer) text(field string) string { return fmt.Sprint(a.fields[field]) }

// do sends a request.
func (f *fixture) do(r *http.Request) answer {
	f.t.Helper()
	got, err := f.client.Do(r)
	require.NoError(f.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(f.t, err)
	a := answer{got.StatusCode, got.Header, string(body), map[string]any{}}
	if strings.Contains(got.Header.Get("Content-Type"), "json") {
		require.NoError(f.t, json.Unmarshal(body, &a.fields), a.body)
	}
	return a
}

// request returns a JSON request with one Authorization header.
func (f *fixture) request(method, body, authorization string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, f.url+"/hongbao.v1."+method, bytes.NewReader([]byte(body)))
	require.NoError(f.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", authorization)
	return r
}

// signed returns the Authorization header of a request signed at the given time.
func (f *fixture) signed(id, method, body string, now wallet.Instant) string {
	key := auth.Key{ID: id}
	if c, ok := f.keys.Caller(id); ok {
		key = c.Key
	} else if o, ok := f.keys.Operator(id); ok {
		key = o.Key
	}
	return auth.Sign(key, auth.Request{Method: http.MethodPost, Path: "/hongbao.v1." + method, Body: []byte(body)}, now.Time(), auth.NewNonce())
}

// callAs calls a method as a caller or operator.
func (f *fixture) callAs(id, method, body string) answer {
	f.t.Helper()
	return f.do(f.request(method, body, f.signed(id, method, body, f.clock.Now())))
}

// loadTestRequest returns a load test's request, signed with its mark.
func (f *fixture) loadTestRequest(id, method, body string) *http.Request {
	key := auth.Key{ID: id}
	if c, ok := f.keys.Caller(id); ok {
		key = c.Key
	} else if o, ok := f.keys.Operator(id); ok {
		key = o.Key
	}
	r := f.request(method, body, auth.Sign(key, auth.Request{Method: http.MethodPost, Path: "/hongbao.v1." + method,
		Body: []byte(body), LoadTest: true}, f.clock.Now().Time(), auth.NewNonce()))
	r.Header.Set(auth.HeaderLoadTest, "1")
	return r
}

// session returns a user's Authorization header.
func (f *fixture) session(app wallet.App, user wallet.UserID) string {
	return auth.SchemeBearer + auth.Session(f.keys.SessionKey, app, user, f.clock.Now().Add(time.Hour).Time())
}

// callAsUser calls a method as a user of Douyin.
func (f *fixture) callAsUser(user wallet.UserID, method, body string) answer {
	f.t.Helper()
	return f.do(f.request(method, body, f.session(wallet.Douyin, user)))
}

// grantBody returns a valid grant to a user.
func grantBody(user wallet.UserID, rain int, fen int64) string {
	return fmt.Sprintf(`{"app":"APP_DOUYIN","user":%d,"activity":"spring","scene":"rain","rain":%d,"award":"AWARD_TYPE_CASH","amount_fen":%d,"opened_us":%d}`,
		user, rain, fen, storetest.NewClock().Now())
}

// records counts the orders and ledger entries, to show that a refusal changed nothing.
func (f *fixture) records() (n int) {
	require.NoError(f.t, f.orders.Orders(f.t.Context(), func(wallet.Order) bool { n++; return true }))
	require.NoError(f.t, f.ledger.Entries(f.t.Context(), func(wallet.Entry) bool { n++; return true }))
	return n
}

// jsonInt returns a 64-bit number in JSON.
func jsonInt(n int) string { return fmt.Sprint(n) }

// debugURL returns the address of pprof and metrics. Call it after Listen. Empty: no debug listener.
func (s *Server) debugURL() string {
	if s.debug == nil {
		return ""
	}
	return "http://" + s.debug.Addr().String()
}
