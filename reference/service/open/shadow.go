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

// gatePoll is how often a forced clean-up checks whether the load test's running requests have ended.
const gatePoll = 5 * time.Millisecond

// cleanUpLimit bounds a clean-up: dropping tables of millions of rows takes seconds, and ten thousand keys a second are
// deleted.
const cleanUpLimit = 10 * time.Minute

// shadowWallet is the wallet of load tests (K2). A clean-up replaces its instance while the service runs, because an instance
// caches what it has read and leased of the data that is deleted.
type shadowWallet struct {
	open func(ctx context.Context) (*walletInstance, error) // opens an instance on the present data

	cleaning sync.Mutex   // one clean-up at a time
	closing  atomic.Bool  // a clean-up is about to begin: new requests are refused
	gate     sync.RWMutex // shared by callers of the instance; exclusive for a clean-up

	// Under gate:
	instance *walletInstance // nil: a clean-up failed
	rest     *stores         // stores of a former instance that may still hold data
	work     context.Context // of the hosts; nil: the service does not run
	stopHost func() error    // stops the instance's host; nil: it does not run
}

var (
	_ wallet.Service       = (*shadowWallet)(nil)
	_ wallet.Rewards       = (*shadowWallet)(nil)
	_ wallet.PacketService = (*shadowWallet)(nil)
	_ server.ShadowAdmin   = (*shadowWallet)(nil)
)

// acquire returns the instance and a function that releases it. server.ErrShadowCleaning: a clean-up is running or has failed.
func (m *shadowWallet) acquire() (*walletInstance, func(), error) {
	if m.closing.Load() || !m.gate.TryRLock() {
		return nil, nil, server.ErrShadowCleaning
	}
	if m.instance == nil {
		m.gate.RUnlock()
		return nil, nil, server.ErrShadowCleaning
	}
	return m.instance, m.gate.RUnlock, nil
}

// withInstance calls f with the instance.
func withInstance[T any](m *shadowWallet, f func(*walletInstance) (T, error)) (zero T, err error) {
	d, release, err := m.acquire()
	if err != nil {
		return zero, err
	}
	defer release()
	return f(d)
}

// CleanUp implements server.ShadowAdmin. It must be the only instance that serves load tests: it cannot reach what others cache,
// and does not notice one that begins to serve a load test meanwhile.
func (m *shadowWallet) CleanUp(ctx context.Context, force bool) (keys int64, err error) {
	if !m.cleaning.TryLock() {
		return 0, server.ErrShadowCleaning
	}
	defer m.cleaning.Unlock()
	if err := m.lock(ctx, force); err != nil {
		return 0, err
	}
	defer m.gate.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit) // a caller that hangs up does not leave half of it
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
		_ = m.stop() // what it could not complete is deleted below
		m.rest, m.instance = m.instance.stores, nil
	}
	if m.rest != nil {
		more, err := m.rest.discard(ctx)
		if keys += more; err != nil {
			return keys, fmt.Errorf("deleting the load test's data: %w", err)
		}
		_ = m.rest.close() // they are empty
		m.rest = nil
	}
	return keys, m.renew(ctx)
}

// renew opens a new instance and runs its host. The caller holds the gate.
func (m *shadowWallet) renew(ctx context.Context) (err error) {
	if m.instance, err = m.open(ctx); err != nil {
		return fmt.Errorf("opening the load-test wallet: %w", err)
	}
	m.run()
	return nil
}

// lock takes the gate exclusively. server.ErrShadowBusy: requests are running, and the clean-up is not forced or ctx ended.
func (m *shadowWallet) lock(ctx context.Context, force bool) error {
	if m.gate.TryLock() {
		return nil
	}
	if !force {
		return server.ErrShadowBusy
	}
	m.closing.Store(true)
	defer m.closing.Store(false)
	t := time.NewTicker(gatePoll)
	defer t.Stop()
	for !m.gate.TryLock() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", server.ErrShadowBusy, ctx.Err())
		case <-t.C:
		}
	}
	return nil
}

// disposable returns why the instance's data must not be deleted: other instances use it, or postings are held and the
// clean-up is not forced.
func (d *walletInstance) disposable(ctx context.Context, force bool) error {
	switch members := d.Host.Members(); len(members) {
	case 0:
		return fmt.Errorf("%w: the running instances are not known yet", wallet.ErrUnavailable)
	case 1:
	default:
		return server.ErrShadowShared
	}
	if force {
		return nil
	}
	held, err := d.Backlog.Depth(ctx)
	if err == nil && held > 0 {
		err = server.ErrShadowHeld
	}
	return err
}

// start runs the host of the instance, and of each one that replaces it, until end.
func (m *shadowWallet) start(work context.Context) {
	m.gate.Lock()
	defer m.gate.Unlock()
	m.work = work
	m.run()
}

// run runs the instance's host. The caller holds the gate.
func (m *shadowWallet) run() {
	if m.work == nil || m.instance == nil {
		return
	}
	ctx, cancel := context.WithCancel(m.work)
	ended := make(chan error, 1)
	instance := m.instance
	go func() { ended <- instance.Host.Run(ctx) }()
	delivered := make(chan struct{})
	go func() { defer close(delivered); instance.deliverCallbacks(ctx) }()
	m.stopHost = func() error { cancel(); <-delivered; return <-ended }
}

// stop stops the host, if it runs, and returns what it could not complete. The caller holds the gate.
func (m *shadowWallet) stop() error {
	if m.stopHost == nil {
		return nil
	}
	stop := m.stopHost
	m.stopHost = nil
	return stop()
}

// end stops the host; no later instance runs one.
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

// forget deletes what Redis holds of a load test. It returns the number of deleted keys.
func (s *stores) forget(ctx context.Context) (keys int64, err error) {
	for _, r := range s.caches {
		n, e := r.Discard(ctx)
		keys, err = keys+n, errors.Join(err, e)
	}
	return keys, err
}

// discard deletes all data of a load test. After it the stores can only be closed.
func (s *stores) discard(ctx context.Context) (keys int64, err error) {
	keys, err = s.forget(ctx)
	return keys, errors.Join(err, s.sql.Discard(ctx))
}
