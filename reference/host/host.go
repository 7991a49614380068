// Package host runs one instance of the wallet in real time: it divides the backlog among the running instances, posts,
// compensates, keeps the running total and the switches up to date, and releases everything on a graceful stop.
//
// Work done twice by two hosts, after a lost lock or a late message, does no harm: money is protected by order numbers,
// not by locks. The package uses ports, not adapters, and makes no decision about money.
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

// Config configures an instance. Zero durations mean the defaults.
type Config struct {
	// Instance is a unique name of this process: a name and a random part.
	Instance string

	// Shards is the number of the backlog's shards, the same for all instances.
	Shards int

	// Batch is the largest number of credits in one posting. A full batch is followed by the next at once.
	Batch int

	// PostPause is a poster's pause after a batch that was not full, so that the next one is worth a transaction.
	PostPause time.Duration

	// Lease is how long this instance counts as running, and holds its shards, after its last renewal.
	Lease time.Duration

	// Tick is the interval of flushing and reading the total and of reading the switches.
	Tick time.Duration

	// Chores is the interval of settling stuck orders, withdrawals and packets, and of orphaning dead instances'
	// blocks.
	Chores time.Duration

	// Audit is the interval of reclaiming orphaned budget and of reconciling all records.
	Audit time.Duration

	// Drain bounds how long a stopping instance posts held credits, if no other instance is running.
	Drain time.Duration
}

// withDefaults sets the defaults.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&c.PostPause, time.Second)
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

// Worker is the instance whose steps the host runs.
type Worker interface {
	Poster
	OrderWorker
	Settler
	DistrustTokens(on bool)
}

// Poster posts held postings.
type Poster interface {
	PostBatch(ctx context.Context, shard int) (int, error)
}

// OrderWorker finishes open orders.
type OrderWorker interface {
	Compensate(ctx context.Context, from wallet.ScanCursor) (int, wallet.ScanCursor, error)
	OpenOrders(ctx context.Context, before wallet.Instant, from wallet.ScanCursor) ([]wallet.Order, wallet.ScanCursor, error)
	SettleOrders(ctx context.Context, orders []wallet.Order) error
}

// Settler settles unfinished operations in bounded steps. Each step returns the number of operations that it finished.
type Settler interface {
	SettleWithdrawals(ctx context.Context) (int, error)
	SettlePackets(ctx context.Context) (int, error)
	SettleRewards(ctx context.Context) (int, error)
}

// Ports holds what the host uses.
type Ports struct {
	Worker  Worker
	Backlog wallet.Backlog
	Leases  wallet.Leases
	Degrade *degrade.Set   // the switches; nil: every switch is off
	Centre  *config.Cache  // refreshed by this host and applied to Degrade; nil: by another host
	Quotas  wallet.Quotas  // nil: budgets are not leased
	Budgets *quota.Budgets // this instance's leased blocks
	Writer  *runningtotal.Writer
	Reader  *runningtotal.Reader

	Stock     *stock.Maintenance          // coupons with a stock; nil: there are none
	Reconcile func(context.Context) error // of all records; nil: not on this instance
	Repair    func(context.Context) error // of the running total (R5); nil: not on this instance

	// Waiting reports that open orders are only queued, not stuck, because the backlog is long: compensation pauses
	// meanwhile. nil: never.
	Waiting func(context.Context) bool

	ReadBackup func(on bool) // switches reads of the running total to its backup (R4); nil: there is none
	Log        *slog.Logger
}

// Host runs one instance.
type Host struct {
	Config
	Ports

	stopping chan struct{} // closed when Run has to end

	mu      sync.Mutex
	members []string        // the running instances, as last read
	posters map[int]*poster // by shard
	absent  map[string]int  // chore rounds that a budget holder has been missing

	absentStock map[string]int // the same for holders of stock
}

// New returns a host. ErrInvalid when the configuration is.
func New(c Config, p Ports) (*Host, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Host{Config: c.withDefaults(), Ports: p, stopping: make(chan struct{}), posters: map[int]*poster{}}, nil
}

// Run works until ctx ends and then shuts down, once: held credits are posted unless other instances are running, the
// total is flushed, leases and unused budget are returned. The error says what failed during shutdown.
func (h *Host) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var loops sync.WaitGroup
	for _, l := range []struct {
		every time.Duration
		step  func(context.Context)
		later bool // the first run is delayed, because it reads all records
	}{
		{h.Lease / 3, h.divide, false}, {h.Tick, h.refresh, false}, {h.Chores, h.chores, false}, {h.Tick, h.rewards, false},
		{runningtotal.MinRepairInterval, h.repair, true}, {h.Audit, h.audit, true},
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
	h.setShards(nil)
	return errors.Join(err, h.leave(context.WithoutCancel(ctx)))
}

// repeat calls step at once and then at the interval, until ctx ends.
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

// Members returns the running instances, as last read.
func (h *Host) Members() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.members
}

// warn logs an error that will be retried.
func (h *Host) warn(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		h.Log.Warn(what, "err", err)
	}
}
