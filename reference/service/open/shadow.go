package open

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"hongbao/reference/server"
	"hongbao/reference/wallet"
)

// gatePoll is how often a forced clean-up looks whether the marked requests under way have ended.
const gatePoll = 5 * time.Millisecond

// cleanUpLimit bounds a clean-up: tables of millions of rows are dropped in seconds, and keys deleted by the ten thousand
// a second.
const cleanUpLimit = 10 * time.Minute

// shadowWallet is the wallet of the marked load (K2), which can be exchanged for a new one while the service runs: what a side
// remembers of data that is thrown away (leased budget, people, sums) goes with the side.
type shadowWallet struct {
	open func(ctx context.Context) (*walletInstance, error) // a side on its stores, as they were left

	cleaning sync.Mutex   // one clean-up at a time
	closing  atomic.Bool  // a clean-up is about to begin: no more requests
	gate     sync.RWMutex // who asks the side holds it shared, who exchanges the side holds it alone

	// Under gate:
	instance *walletInstance // nil: a clean-up did not come to its end
	rest     *stores         // of a side that is gone, which may still hold something
	work     context.Context // of the hosts; nil: the service does not run
	stopHost func() error    // ends the side's host in order; nil: none runs
}

var (
	_ wallet.Service = (*shadowWallet)(nil)
	_ server.Marked  = (*shadowWallet)(nil)
)

// acquire returns the side to ask, and how to say that it was asked, or server.ErrMarkedGone.
func (m *shadowWallet) acquire() (*walletInstance, func(), error) {
	if m.closing.Load() || !m.gate.TryRLock() {
		return nil, nil, server.ErrMarkedGone
	}
	if m.instance == nil {
		m.gate.RUnlock()
		return nil, nil, server.ErrMarkedGone
	}
	return m.instance, m.gate.RUnlock, nil
}

// withInstance asks the side.
func withInstance[T any](m *shadowWallet, ask func(*walletInstance) (T, error)) (none T, err error) {
	d, leave, err := m.acquire()
	if err != nil {
		return none, err
	}
	defer leave()
	return ask(d)
}

// Grant implements wallet.Service.
func (m *shadowWallet) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	return withInstance(m, func(d *walletInstance) (wallet.GrantReply, error) { return d.ingress.Grant(ctx, r) })
}

// Page implements wallet.Service.
func (m *shadowWallet) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Page, error) { return d.ingress.Page(ctx, r) })
}

// Withdraw implements wallet.Service.
func (m *shadowWallet) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	return withInstance(m, func(d *walletInstance) (wallet.WithdrawReply, error) { return d.ingress.Withdraw(ctx, r) })
}

// Bind implements wallet.Service.
func (m *shadowWallet) Bind(ctx context.Context, c wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Person, error) { return d.ingress.Bind(ctx, c, p) })
}

// Status implements server.Inspector.
func (m *shadowWallet) Status(ctx context.Context) (server.Status, error) {
	return withInstance(m, func(d *walletInstance) (server.Status, error) { return inspector{d}.Status(ctx) })
}

// AuditBudget implements server.Inspector.
func (m *shadowWallet) AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Money, error) { return inspector{d}.AuditBudget(ctx, s) })
}

// Reconcile implements server.Inspector.
func (m *shadowWallet) Reconcile(ctx context.Context) (server.Reconciliation, error) {
	return withInstance(m, func(d *walletInstance) (server.Reconciliation, error) { return inspector{d}.Reconcile(ctx) })
}

// CleanUp implements server.Marked. What other instances remember it cannot reach, so it wants to be alone: an instance
// that begins to take marked load while this runs is not seen.
func (m *shadowWallet) CleanUp(ctx context.Context, force bool) (keys int64, err error) {
	if !m.cleaning.TryLock() {
		return 0, server.ErrMarkedGone
	}
	defer m.cleaning.Unlock()
	if err := m.shut(ctx, force); err != nil {
		return 0, err
	}
	defer m.gate.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit) // who hangs up does not leave half of it
	defer cancel()
	if m.instance != nil {
		if err := m.instance.disposable(ctx, force); err != nil {
			return 0, err
		}
		if force { // so that the host finds nothing to post
			if keys, err = m.instance.stores.forget(ctx); err != nil {
				return keys, err
			}
		}
		_ = m.stop() // what it could not leave in order is thrown away
		m.rest, m.instance = m.instance.stores, nil
	}
	if m.rest != nil {
		more, err := m.rest.discard(ctx)
		if keys += more; err != nil {
			return keys, fmt.Errorf("throwing the load test's data away: %w", err)
		}
		_ = m.rest.close() // nothing is in it
		m.rest = nil
	}
	return keys, m.renew(ctx)
}

// renew opens a new side and runs its host. The caller holds the gate.
func (m *shadowWallet) renew(ctx context.Context) (err error) {
	if m.instance, err = m.open(ctx); err != nil {
		return fmt.Errorf("a new wallet for marked load: %w", err)
	}
	m.run()
	return nil
}

// shut takes the gate alone. server.ErrMarkedBusy: requests are under way, and they are not to be waited for.
func (m *shadowWallet) shut(ctx context.Context, force bool) error {
	if m.gate.TryLock() {
		return nil
	}
	if !force {
		return server.ErrMarkedBusy
	}
	m.closing.Store(true)
	defer m.closing.Store(false)
	t := time.NewTicker(gatePoll)
	defer t.Stop()
	for !m.gate.TryLock() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", server.ErrMarkedBusy, ctx.Err())
		case <-t.C:
		}
	}
	return nil
}

// disposable says why a side is not to be thrown away.
func (d *walletInstance) disposable(ctx context.Context, force bool) error {
	switch members := d.host.Members(); len(members) {
	case 0:
		return fmt.Errorf("%w: it is not known yet which instances live", wallet.ErrUnavailable)
	case 1:
	default:
		return server.ErrMarkedShared
	}
	if force {
		return nil
	}
	held, err := d.stores.backlog.Depth(ctx)
	if err == nil && held > 0 {
		err = server.ErrMarkedHeld
	}
	return err
}

// start runs the side's host, and those of all that come after it, until end.
func (m *shadowWallet) start(work context.Context) {
	m.gate.Lock()
	defer m.gate.Unlock()
	m.work = work
	m.run()
}

// run runs the side's host. The caller holds the gate.
func (m *shadowWallet) run() {
	if m.work == nil || m.instance == nil {
		return
	}
	ctx, cancel := context.WithCancel(m.work)
	ended := make(chan error, 1)
	host := m.instance.host
	go func() { ended <- host.Run(ctx) }()
	brought, side := make(chan struct{}), m.instance
	go func() { defer close(brought); side.deliverCallbacks(ctx) }()
	m.stopHost = func() error { cancel(); <-brought; return <-ended }
}

// stop ends the host, if one runs, and says what it could not leave in order. The caller holds the gate.
func (m *shadowWallet) stop() error {
	if m.stopHost == nil {
		return nil
	}
	halt := m.stopHost
	m.stopHost = nil
	return halt()
}

// end ends the host for good.
func (m *shadowWallet) end() error {
	m.gate.Lock()
	defer m.gate.Unlock()
	m.work = nil
	return m.stop()
}

// close closes the stores.
func (m *shadowWallet) close() error {
	m.gate.Lock()
	defer m.gate.Unlock()
	var err error
	if m.instance != nil {
		err = m.instance.close()
	}
	if m.rest != nil {
		err = errors.Join(err, m.rest.close())
	}
	return err
}

// forget deletes what Redis holds of marked load.
func (s *stores) forget(ctx context.Context) (keys int64, err error) {
	for _, r := range s.caches {
		n, e := r.Discard(ctx)
		keys, err = keys+n, errors.Join(err, e)
	}
	return keys, err
}

// discard throws away all that the stores of marked load hold. They are of no use after it but to be closed.
func (s *stores) discard(ctx context.Context) (keys int64, err error) {
	keys, err = s.forget(ctx)
	return keys, errors.Join(err, s.sql.Discard(ctx))
}
