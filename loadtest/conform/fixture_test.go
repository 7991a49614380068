package conform

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	dswire "hongbao/reference/downstream/wire"
	"hongbao/reference/node"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// closing waits for servers that are being closed: one that has refused a large body needs half a second, and no test
// should wait for it.
var closing sync.WaitGroup

// closed runs the tests and waits until every server is closed.
type closed struct{ *testing.M }

// Run implements goleak.TestingM.
func (m closed) Run() int {
	defer closing.Wait()
	return m.M.Run()
}

// TestMain also removes the built program.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(closed{m}, goleak.Cleanup(func(code int) {
		if name, err := built(); err == nil {
			_ = os.RemoveAll(filepath.Dir(name))
		}
		os.Exit(code)
	}))
}

// festivalCap is the cap of the wallets under test.
const festivalCap = 1000

// now is the real clock.
type now struct{}

func (now) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// fault is a fault of the reference wallet: in the service, or in a wrapper around its server.
type fault struct {
	service func(wallet.Service) wallet.Service
	rewards func(wallet.Rewards) wallet.Rewards
	packets func(wallet.PacketService) wallet.PacketService
	edge    func(http.Handler, auth.Keys) http.Handler
}

// referenceWallet starts the reference wallet over stores in memory with the real server, with a fault.
func referenceWallet(t *testing.T, strategy wallet.Strategy, broken fault) Target {
	ring, err := token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	sealer, err := token.NewReal(ring, token.DefaultPolicy())
	require.NoError(t, err)
	const shards = 2
	orders, backlog := mem.NewOrders(), mem.NewBacklog(now{}, shards, time.Second)
	child := wallet.Child{ID: "official", Stage: wallet.Official, From: now{}.Now().Add(-time.Hour), To: now{}.Now().Add(time.Hour),
		Budget: 1 << 40, SingleCap: festivalCap, Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{
			ID: "cash", Scenes: []wallet.Scene{{ID: "rain", BillText: "Rain"}}}}}, {Type: wallet.AvatarPendant, Rewards: []wallet.Reward{{
			ID: "tiger", Scenes: []wallet.Scene{{ID: "pendant"}}}}}}}
	secret := make([]byte, downstream.MinSecret)
	systems, err := dswire.Embedded(fake.NewAll(secret, fake.Behaviour{}), now{}, secret)
	require.NoError(t, err)
	n, err := node.New(node.Config{Strategy: strategy, Activity: wallet.Activity{Parent: "spring", Children: []wallet.Child{child}},
		Instances: 1, Batch: 100, Release: wallet.Release{Num: 1, Den: 1}},
		node.Ports{Clock: now{}, Identities: mem.NewIdentities(), Orders: orders, OpenOrders: orders, Budgets: mem.NewBudgets(),
			Tokens: mem.NewTokens(backlog), Backlog: backlog, Ledger: mem.NewLedger(now{}, 1), Withdrawals: mem.NewWithdrawals(), Bank: mem.NewBank(),
			Packets: mem.NewPackets(), Items: mem.NewItems(), Downstreams: systems, Sealer: sealer, Alarm: func(wallet.AlarmKind, string) {}})
	require.NoError(t, err)
	service, rewards, packets := wallet.Service(n), wallet.Rewards(n), wallet.PacketService(n)
	if broken.service != nil {
		service = broken.service(n)
	}
	if broken.rewards != nil {
		rewards = broken.rewards(n)
	}
	if broken.packets != nil {
		packets = broken.packets(n)
	}
	keys := auth.Generate()
	s, err := server.New(server.Config{Addr: "127.0.0.1:0", Keys: keys}, server.Ports{Service: service, Shadow: service, Rewards: rewards, ShadowRewards: rewards,
		Packets: packets, ShadowPackets: packets, Clock: now{}})
	require.NoError(t, err)
	handler := s.Handler()
	if broken.edge != nil {
		handler = broken.edge(handler, keys)
	}
	h := httptest.NewServer(handler)
	t.Cleanup(func() { closing.Go(h.Close) })
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	go func() { // posts with a short delay
		defer close(done)
		for pause(ctx, 20*time.Millisecond) {
			for shard := range shards {
				_, _ = n.PostBatch(ctx, shard)
			}
		}
	}()
	target := targetOf(h.URL, keys)
	target.Reward, target.Packets = Reward{"pendant", wallet.AvatarPendant}, true
	return target
}

// targetOf returns a target with the keys of the service.
func targetOf(url string, keys auth.Keys) Target {
	demo, _ := keys.Caller("demo")
	return Target{BaseURL: url, Key: demo.Key, Activity: "spring", Scene: "rain", Cap: festivalCap, Patience: 3 * time.Second,
		Session: func(who wallet.Caller, until time.Time) string {
			return auth.Session(keys.SessionKey, who.App, who.User, until)
		}}
}

// built is the program of the naive wallet, built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "naive-*")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "naive")
	out, err := exec.Command("go", "build", "-o", name, "../testdata/naive").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

// naiveWallet starts the naive wallet with one of its faults.
func naiveWallet(t *testing.T, fault string) Target {
	name, err := built()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "keys.json")
	cmd := exec.Command(name, "--listen", "127.0.0.1:0", "--keys", file, "--activity", "spring", "--cap", fmt.Sprint(festivalCap), "--fault", fault)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	keys, err := auth.Load(file)
	require.NoError(t, err)
	return targetOf(strings.TrimPrefix(strings.TrimSpace(line), "listening on "), keys)
}
