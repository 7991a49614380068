package cmd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/internal/rig"
	"hongbao/internal/servetest"
	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// startProcess runs hongbao serve in a folder that contains a hongbao.yaml. It is killed when the test ends.
func startProcess(t *testing.T, data, name string) (*rig.Program, *servetest.Service) {
	t.Helper()
	p, err := rig.NewProgram(data, name, "hongbao", "serve", "--config", filepath.Join(data, "hongbao.yaml"))
	require.NoError(t, err)
	s := &servetest.Service{Client: servetest.NewClient(servetest.ConcurrentClients)}
	require.NoError(t, p.Start(func() error {
		output, err := os.ReadFile(p.Log())
		if err != nil {
			return err
		}
		_, rest, ok := strings.Cut(string(output), "listening on ")
		url, _, complete := strings.Cut(rest, "\n")
		if !ok || !complete {
			return fmt.Errorf("%s does not listen yet", name)
		}
		s.SetURL(url)
		return nil
	}))
	t.Cleanup(p.Kill)
	s.Keys, err = auth.Load(filepath.Join(data, "keys.json"))
	require.NoError(t, err)
	return p, s
}

// The grants before and during the kill.
const (
	people    = 40  // who win in turn
	minGrants = 320 // acknowledged grants before the kill
	eachFen   = 3   // fen per grant
)

// clientRecord records the replies that the upstream got.
type clientRecord struct {
	mu         sync.Mutex
	orders     map[string]int     // acknowledged order → its index in the series
	tokens     map[int64][][]byte // by user
	unanswered []int              // indexes of grants without a reply
}

// body returns the request body of grant n of the series.
func (g *clientRecord) body(n int) string {
	return servetest.GrantBody(int64(n%people+1), n/people, eachFen)
}

// grantUntil sends grants until the service fails. It calls end after minGrants acknowledgements, while others are in flight.
func grantUntil(t *testing.T, s *servetest.Service, end func()) *clientRecord {
	g := &clientRecord{orders: map[string]int{}, tokens: map[int64][][]byte{}}
	var next, acknowledged atomic.Int64
	var all sync.WaitGroup
	due := make(chan struct{})
	for range servetest.ConcurrentClients {
		all.Go(func() {
			for g.grant(s, int(next.Add(1))-1) {
				if acknowledged.Add(1) == minGrants {
					close(due)
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { defer close(over); all.Wait() }()
	select {
	case <-due:
	case <-over:
		t.Fatalf("%d grants were acknowledged and %d were not", len(g.orders), len(g.unanswered))
	}
	end()
	<-over
	return g
}

// grant sends grant n of the series and reports whether it was acknowledged.
func (g *clientRecord) grant(s *servetest.Service, n int) bool {
	var won pb.GrantReply
	reason, err := s.TryAs("demo", "GrantService/Grant", g.body(n), &won)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil || reason != "ok" {
		g.unanswered = append(g.unanswered, n)
		return false
	}
	g.orders[won.Order] = n
	if user := int64(n%people + 1); len(won.Token) > 0 {
		g.tokens[user] = append(g.tokens[user], won.Token)
	}
	return true
}

// TestServeKilled: the process is killed while its only poster, which posts one grant at a time, has a backlog. After a
// restart in the same folder, every acknowledged grant exists exactly once.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			testKilled(t, strategy)
		})
	}
}

func testKilled(t *testing.T, strategy wallet.Strategy) {
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "hongbao.yaml"), fmt.Appendf(nil,
		"{listen: '127.0.0.1:0', debug: '', data: %q, strategy: %s, shards: 1, batch: 1}", data, strategy), 0o600))
	first, s := startProcess(t, data, "first")
	g := grantUntil(t, s, first.Kill)

	second, s := startProcess(t, data, "second")
	output, err := os.ReadFile(second.Log())
	require.NoError(t, err)
	if strategy != wallet.StrategySync { // sync posts before it acknowledges
		require.Contains(t, string(output), "posted the acknowledged grants of an earlier run", "the kill left no backlog, so this test shows nothing")
	}
	total := int64(len(g.orders)+len(g.unanswered)) * eachFen
	for _, n := range g.unanswered { // the outcome is unknown: the same request returns it
		var won pb.GrantReply
		require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", g.body(n), &won))
		g.orders[won.Order] = n
	}
	requireOnPages(t, s, g)
	servetest.RequireSettled(t, s, len(g.orders), total)
	var status pb.StatusReply
	require.Equal(t, "ok", s.CallAs(t, "viewer", "OperatorService/Status", "{}", &status))
	require.Zero(t, status.Budgets[0].StrandedFen)
	require.LessOrEqual(t, status.Budgets[0].LeasedFen, total+open.Default().BudgetBlock, "the lease of the killed process is returned")
	requireSecondProcessRefused(t, data)

	require.NoError(t, second.Stop(servetest.WaitTimeout), "a clean stop exits with 0")
	output, err = os.ReadFile(second.Log())
	require.NoError(t, err)
	require.Contains(t, string(output), "no posting is held")
	c := open.Default()
	c.Data = data
	b := servetest.ReadRecords(t, &c, false)
	require.Len(t, b.Orders, len(g.orders))
	requireExact(t, b, g)
}

// requireExact checks that the records have no open order and contain each acknowledged grant exactly once.
func requireExact(t *testing.T, b servetest.Records, g *clientRecord) {
	t.Helper()
	total := wallet.Money(len(b.Orders) * eachFen)
	require.Zero(t, b.Sum)
	require.Equal(t, total, b.Spent)
	require.Equal(t, wallet.Quota{Reserved: total, Leased: total}, b.Quota)
	for no, o := range b.Orders {
		require.Equal(t, wallet.OrderSettled, o.State, no)
		require.Equal(t, 1, b.Grants[no], "%v is in the ledger once", no)
	}
	for order := range g.orders {
		no, err := wallet.ParseOrderNo(order)
		require.NoError(t, err)
		require.Contains(t, b.Orders, no)
	}
}

// TestServeStopped: a clean stop under load posts all acknowledged grants before the process exits.
func TestServeStopped(t *testing.T) {
	t.Parallel()
	testStopped(t, func(*open.Config) {})
}

// TestServeStoppedReal is the same on Redis and MySQL, without another instance that could post the held postings.
func TestServeStoppedReal(t *testing.T) { testStopped(t, servetest.OnRealStores(t)) }

func testStopped(t *testing.T, change func(*open.Config)) {
	s := servetest.Start(t, func(c *open.Config) { change(c); c.Shards, c.Batch = 1, 1 })
	var held pb.StatusReply
	g := grantUntil(t, s, func() {
		require.Equal(t, "ok", s.CallAs(t, "viewer", "OperatorService/Status", "{}", &held))
		s.Stop()
	})
	require.Positive(t, held.BacklogDepth, "there was no backlog, so this test shows nothing")
	requireExact(t, servetest.ReadRecords(t, &s.Config, false), g)
}

// requireOnPages checks that every grant is on its person's page once. The grants of the clients' tokens are posted by then.
func requireOnPages(t *testing.T, s *servetest.Service, g *clientRecord) {
	t.Helper()
	seen := map[string]int{}
	for user := int64(1); user <= people; user++ {
		var page pb.WalletPageReply
		ask := func(body string) {
			require.Equal(t, "ok", s.CallByUser(t, user, "WalletService/WalletPage", body, &page))
		}
		ask(`{"limit":100,"withdraw":true}`)
		if len(g.tokens) == 0 { // after the restart only the ledger shows the grants
			won := int64(0)
			for _, n := range g.orders {
				if int64(n%people+1) == user {
					won += eachFen
				}
			}
			servetest.Eventually(t, "the grants are posted", func() bool { ask(`{"limit":100}`); return page.IncomeFen == won })
		}
		for _, l := range page.Lines {
			seen[l.Order]++
		}
		require.EqualValues(t, len(page.Lines)*eachFen, page.IncomeFen)
		require.Equal(t, page.IncomeFen, page.BalanceFen)
		income := page.IncomeFen
		if tokens := g.tokens[user]; len(tokens) > 0 {
			ask(servetest.PageBody(tokens...))
			require.Equal(t, income, page.IncomeFen, "tokens of posted grants add nothing")
			for _, reason := range servetest.RefusalReasons(len(tokens), page.Refused) {
				require.Equal(t, "token_replayed", reason)
			}
		}
	}
	for order := range g.orders {
		require.Equal(t, 1, seen[order], order)
	}
	require.Len(t, seen, len(g.orders))
}

// requireSecondProcessRefused checks that a second process in the same folder exits with the usage code.
func requireSecondProcessRefused(t *testing.T, data string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), servetest.WaitTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "hongbao", "serve", "--data", data, "--listen", "127.0.0.1:0", "--debug", "").CombinedOutput()
	var exited *exec.ExitError
	require.ErrorAs(t, err, &exited)
	require.Equal(t, exitUsage, exited.ExitCode())
	require.Contains(t, string(out), "is in use by another hongbao: stop it, or choose another folder")
	require.NotContains(t, string(out), "listening")
}
