package host_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/config"
	"hongbao/reference/degrade"
	"hongbao/reference/host"
	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// cluster is what the hosts of a test share. Its stores use the time of the test's bubble.
type cluster struct {
	backlog *mem.Backlog
	leases  *leases
	quotas  *quotas
	totals  *mem.Totals
	centre  *centre

	onBackup atomic.Bool
	waiting  atomic.Bool // reads of the running total were moved

	mu      sync.Mutex
	posted  map[wallet.OrderNo]int
	posting map[int]string // the instance that is posting the shard
	doubles int            // number of times that two instances posted one shard concurrently
}

const shards = 6

type bubble struct{}

func (bubble) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

func newCluster() *cluster {
	return &cluster{
		backlog: mem.NewBacklog(bubble{}, shards, 10*time.Second), leases: &leases{until: map[string]lease{}}, quotas: &quotas{open: map[string]bool{}},
		totals: mem.NewTotals(), centre: &centre{on: map[wallet.Switch]bool{wallet.SwitchDistrustTokens: true, wallet.SwitchTotalsBackup: true}}, posted: map[wallet.OrderNo]int{}, posting: map[int]string{},
	}
}

// worker is an instance that only posts.
type worker struct {
	*cluster
	name       string
	set        *degrade.Set
	mu         sync.Mutex
	failure    error
	distrusted bool
	calls      map[string]int
}

func (w *worker) count(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[call]++
}

func (w *worker) failWith(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failure = err
}

func (w *worker) fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

func (w *worker) PostBatch(ctx context.Context, shard int) (int, error) {
	if err := w.fault(); err != nil {
		return 0, err
	}
	held, err := w.backlog.Take(ctx, shard, 10)
	if err != nil || len(held) == 0 {
		return 0, err
	}
	w.cluster.mu.Lock()
	if w.posting[shard] != "" {
		w.doubles++
	}
	w.posting[shard] = w.name
	w.cluster.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	w.cluster.mu.Lock()
	defer w.cluster.mu.Unlock()
	w.posting[shard] = ""
	var ids []uint64
	for _, h := range held {
		w.posted[h.Credit.Order]++
		ids = append(ids, h.ID)
	}
	return len(held), w.backlog.Ack(ctx, shard, ids)
}

func (w *worker) Compensate(_ context.Context, from wallet.ScanCursor) (int, wallet.ScanCursor, error) {
	w.count("compensate")
	if from == 0 {
		return 1, 7, wallet.ErrUnknown // skipped
	}
	return 1, 0, nil
}

func (w *worker) OpenOrders(_ context.Context, _ wallet.Instant, from wallet.ScanCursor) ([]wallet.Order, wallet.ScanCursor, error) {
	if from == 2 {
		return make([]wallet.Order, 3), 0, nil
	}
	return make([]wallet.Order, 100), from + 1, nil
}

func (w *worker) SettleOrders(_ context.Context, orders []wallet.Order) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls["settled"] += len(orders)
	if len(orders) == 1 {
		return wallet.ErrUnavailable
	}
	return nil
}

func (w *worker) SettleWithdrawals(context.Context) (int, error) {
	w.count("withdrawals")
	return 0, nil
}

// SettleRewards has nothing to settle.
func (w *worker) SettleRewards(context.Context) (int, error) { return 0, nil }

// SettlePackets settles a packet three times and then finds no more.
func (w *worker) SettlePackets(context.Context) (int, error) {
	w.count("packets")
	w.mu.Lock()
	defer w.mu.Unlock()
	return min(max(4-w.calls["packets"], 0), 1), nil
}

func (w *worker) DistrustTokens(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.distrusted = on
}

// leases is a lock whose leases expire by the bubble's time.
type leases struct {
	mu    sync.Mutex
	until map[string]lease
	down  map[string]bool // holders that cannot reach it
}

type lease struct {
	holder string
	until  time.Time
}

func (l *leases) reach(who string) error {
	if l.down[who] {
		return wallet.ErrUnavailable
	}
	return nil
}

// held returns the names of all leases ever held.
func (l *leases) held() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.until))
}

// reaches makes the lock reachable for an instance, or not.
func (l *leases) reaches(who string, yes bool) {
	if !yes {
		l.cut(who)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.down, who)
}

func (l *leases) cut(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down == nil {
		l.down = map[string]bool{}
	}
	l.down[who] = true
}

func (l *leases) Hold(_ context.Context, name, holder string, ttl time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.reach(holder); err != nil {
		return false, err
	}
	if have, ok := l.until[name]; ok && have.holder != holder && time.Now().Before(have.until) {
		return false, nil
	}
	l.until[name] = lease{holder, time.Now().Add(ttl)}
	return true, nil
}

func (l *leases) Release(_ context.Context, name, holder string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.reach(holder); err != nil {
		return err
	}
	if l.until[name].holder == holder {
		delete(l.until, name)
	}
	return nil
}

func (l *leases) Join(_ context.Context, group, member string, ttl time.Duration) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.reach(member); err != nil {
		return nil, err
	}
	l.until[group+"/"+member] = lease{member, time.Now().Add(ttl)}
	var out []string
	for name, have := range l.until {
		if name == group+"/"+have.holder && time.Now().Before(have.until) {
			out = append(out, have.holder)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (l *leases) Leave(_ context.Context, group, member string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.reach(member); err != nil {
		return err
	}
	delete(l.until, group+"/"+member)
	return nil
}

// quotas records the budget holders and those that were orphaned.
type quotas struct {
	wallet.Quotas
	mu       sync.Mutex
	open     map[string]bool
	orphaned []string
	reclaims int
}

func (q *quotas) Holders(context.Context) (out []string, _ error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for h := range q.open {
		out = append(out, h)
	}
	slices.Sort(out)
	return out, nil
}

func (q *quotas) Orphan(_ context.Context, holder string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open[holder] {
		delete(q.open, holder)
		q.orphaned = append(q.orphaned, holder)
	}
	return nil
}

func (q *quotas) Reclaim(context.Context, wallet.Stage) (wallet.Money, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reclaims++
	return 0, nil
}

// centre is a config centre that can be made unreachable.
type centre struct {
	wallet.ConfigCentre
	mu      sync.Mutex
	on      map[wallet.Switch]bool
	failure error
}

func (c *centre) Read(context.Context) (map[wallet.Switch]bool, wallet.Settings, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.on), wallet.Settings{}, c.failure
}

func (c *centre) set(s wallet.Switch, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on[s] = on
}

func (c *centre) failWith(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
}

// start runs a host. It returns its worker and a function that stops it and returns Run's error.
func (tn *cluster) start(t *testing.T, name string) (*worker, func() error) {
	w := &worker{cluster: tn, name: name, calls: map[string]int{}, set: degrade.NewSet(bubble{})}
	w.set.Apply(tn.centre.on) // a service reads its centre before it starts
	tn.quotas.mu.Lock()
	tn.quotas.open[name] = true
	tn.quotas.mu.Unlock()
	writer := runningtotal.NewWriter(name, tn.totals)
	require.NoError(t, writer.Add(wallet.Official, 5))
	reader, err := runningtotal.NewReader(tn.totals)
	require.NoError(t, err)
	h, err := host.New(host.Config{Instance: name, Shards: shards, Batch: 10, Chores: 10 * time.Second}, host.Ports{
		Worker: w, Backlog: tn.backlog, Leases: tn.leases, Degrade: w.set, Centre: config.NewCache(tn.centre, wallet.Settings{}, nil, bubble{}),
		Quotas: tn.quotas, Writer: writer, Reader: reader, Log: slog.New(slog.DiscardHandler),
		ReadBackup: func(on bool) { tn.onBackup.Store(on) },
		Waiting:    func(context.Context) bool { return tn.waiting.Load() },
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	return w, func() error { cancel(); return <-done }
}

func (tn *cluster) push(t *testing.T, n int) {
	var cs []wallet.Credit
	for i := range n {
		cs = append(cs, wallet.Credit{Order: wallet.OrderNo{ActID: wallet.ActID(i + 1), Scene: "rain", Award: wallet.Cash, Stage: wallet.Official}, Amount: 1})
	}
	require.NoError(t, tn.backlog.Push(t.Context(), cs))
}

func (tn *cluster) depth(t *testing.T) int64 {
	d, err := tn.backlog.Depth(t.Context())
	require.NoError(t, err)
	return d
}

// holders counts the shards by holder.
func (tn *cluster) holders() map[string]int {
	tn.leases.mu.Lock()
	defer tn.leases.mu.Unlock()
	out := map[string]int{}
	for name, l := range tn.leases.until {
		if len(name) > 6 && name[:6] == "shard-" && time.Now().Before(l.until) {
			out[l.holder]++
		}
	}
	return out
}
