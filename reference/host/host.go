// Package host runs one instance of the wallet in real time: it divides the backlog among the instances that live,
// posts, compensates, keeps the running total and the switches fresh, and leaves nothing behind on a clean stop.
//
// What is done twice by two hosts, because a lock was lost or a message came late, does no harm: money rests on order
// numbers and not on locks. The package knows ports, not adapters, and decides nothing about money.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hongbao/reference/config"
	"hongbao/reference/degrade"
	"hongbao/reference/quota"
	"hongbao/reference/runningtotal"
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// Config is how an instance lives. Zero durations mean the defaults.
type Config struct {
	// Instance is this process, as no other one is called: a name and something random.
	Instance string

	// Shards is how many shards the backlog has, the same for all instances.
	Shards int

	// Batch is the most credits that one posting takes: a full one is followed by the next at once.
	Batch int

	// Rest is how long a poster waits after a batch that was not full, so that the next one is worth a transaction.
	Rest time.Duration

	// Lease is how long this instance counts as living, and holds its shards, after it was last heard of.
	Lease time.Duration

	// Tick is how often the total is flushed and read and the switches are looked at.
	Tick time.Duration

	// Chores is how often stuck orders, withdrawals and packets are looked after, and the blocks of dead instances.
	Chores time.Duration

	// Audit is how often stranded budget is counted and given back, and all books are reconciled.
	Audit time.Duration

	// Drain is how long a stopping instance goes on posting what is held, when nobody else is there to do it.
	Drain time.Duration
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&c.Rest, time.Second)
	set(&c.Lease, 5*time.Second)
	set(&c.Tick, time.Second)
	set(&c.Chores, 10*time.Second)
	set(&c.Audit, time.Hour)
	set(&c.Drain, 30*time.Second)
	return c
}

// Validate returns ErrInvalid for a configuration that cannot work.
func (c Config) Validate() error {
	if c.Instance == "" || c.Shards < 1 || c.Batch < 1 {
		return fmt.Errorf("%w: host: instance %q, %d shards, batches of %d", wallet.ErrInvalid, c.Instance, c.Shards, c.Batch)
	}
	return nil
}

// Worker is the instance whose steps are driven.
type Worker interface {
	Poster
	OrderWorker
	Settler
	DistrustTokens(on bool)
}

// Poster posts what is held.
type Poster interface {
	PostBatch(ctx context.Context, shard int) (int, error)
}

// OrderWorker finishes orders that are open.
type OrderWorker interface {
	Compensate(ctx context.Context, from wallet.OpenPlace) (int, wallet.OpenPlace, error)
	OpenOrders(ctx context.Context, before wallet.Instant, from wallet.OpenPlace) ([]wallet.Order, wallet.OpenPlace, error)
	SettleOrders(ctx context.Context, orders []wallet.Order) error
}

// Settler makes bounded steps of what is unfinished. Each returns how much it has brought to its end.
type Settler interface {
	SettleWithdrawals(ctx context.Context) (int, error)
	SettlePackets(ctx context.Context) (int, error)
	SettleRewards(ctx context.Context) (int, error)
}

// Ports is what the host drives and what it asks.
type Ports struct {
	Worker  Worker
	Backlog wallet.Backlog
	Leases  wallet.Leases
	Degrade *degrade.Set   // what is switched off; nil: nothing ever is
	Centre  *config.Cache  // that this host keeps fresh, and applies to Degrade; nil: another host does
	Quotas  wallet.Quotas  // nil: budgets are not leased
	Budgets *quota.Budgets // this instance's part of them
	Writer  *runningtotal.Writer
	Reader  *runningtotal.Reader

	Stock     *stock.Keeper               // coupons that are counted; nil: there are none
	Reconcile func(context.Context) error // of all books; nil: not here
	Repair    func(context.Context) error // of the running total (R5); nil: not here

	// Waiting says that open orders wait for their turn and are not stuck, because the backlog is long: compensation rests
	// meanwhile. nil: they never do.
	Waiting func(context.Context) bool

	ReadBackup func(on bool) // moves reads of the running total to its backup (R4); nil: there is none
	Log        *slog.Logger
}

// Host runs one instance.
type Host struct {
	Config
	Ports

	stopping chan struct{} // closed when Run is told to end

	mu      sync.Mutex
	members []string        // living instances, as last heard
	posters map[int]*poster // by shard
	absent  map[string]int  // rounds of chores that a holder of budget has been missing

	absentStock map[string]int // the same of a holder of stock
}

// New returns a host. ErrInvalid when the configuration is.
func New(c Config, p Ports) (*Host, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Host{Config: c.withDefaults(), Ports: p, stopping: make(chan struct{}), posters: map[int]*poster{}}, nil
}

// Run works until ctx ends and then leaves, once: what is held is posted unless others are there to do it, the total is
// flushed, leases and unused budget are given back. The error says what could not be left in order.
func (h *Host) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var loops sync.WaitGroup
	for _, l := range []struct {
		every time.Duration
		step  func(context.Context)
		later bool // not at once: it reads all books
	}{
		{h.Lease / 3, h.divide, false}, {h.Tick, h.refresh, false}, {h.Chores, h.chores, false}, {h.Tick, h.rewards, false},
		{runningtotal.SettledAfter, h.repair, true}, {h.Audit, h.audit, true},
	} {
		loops.Go(func() {
			if !l.later || pause(work, l.every) {
				repeat(work, l.every, l.step)
			}
		})
	}
	<-ctx.Done()
	close(h.stopping)
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.Drain)
	defer cancel()
	err := h.drain(leave)
	stop()
	loops.Wait()
	h.keep(nil)
	return errors.Join(err, h.leave(context.WithoutCancel(ctx)))
}

// repeat makes a step at once and then every so often, until ctx ends.
func repeat(ctx context.Context, every time.Duration, step func(context.Context)) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		step(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Members returns the living instances, as last heard.
func (h *Host) Members() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.members
}

// warn logs what went wrong and will be tried again.
func (h *Host) warn(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		h.Log.Warn(what, "err", err)
	}
}
