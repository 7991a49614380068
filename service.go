package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// gcPercent lets garbage grow to three times what lives before it is collected: the service keeps little, and makes much
// garbage that is short-lived. GOGC in the environment wins.
const gcPercent = 300

// realClock is the time of this machine.
type realClock struct{}

// Now implements wallet.Clock.
func (realClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// service is one running instance: a wallet on live stores, one on shadow stores, and the server before both.
type service struct {
	config *serveConfig
	name   string // of this life of the instance
	tree   wallet.Activity
	keys   *token.Keyring
	unlock func() // lets go of the data folder
	log    *slog.Logger

	board   *switchboard
	office  *office
	mini    *embedded // nil: the configuration names other Redises
	live    *side
	shadow  *marked // nil: no marked load is taken
	server  *server.Server
	metrics *server.Metrics
}

// runService runs an instance until ctx ends, and leaves in order.
func runService(ctx context.Context, c *serveConfig, out, logs io.Writer) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	tree, err := servedTree(c.Scenario)
	if err != nil {
		return err
	}
	s, err := openService(ctx, c, tree, slog.New(slog.NewTextHandler(logs, nil)))
	if err != nil {
		return err
	}
	defer s.close()
	return s.run(ctx, out)
}

// openService returns an instance that grants by a tree, with its stores open and nobody served yet. Close what it
// returns.
func openService(ctx context.Context, c *serveConfig, tree wallet.Activity, log *slog.Logger) (*service, error) {
	if err := dataFolder(c.Data); err != nil {
		return nil, err
	}
	unlock, err := lockData(c)
	if err != nil {
		return nil, err
	}
	s := &service{config: c, name: c.Instance + "-" + randomHex(), tree: tree, unlock: unlock, metrics: server.NewMetrics(), log: log}
	keys, ring, err := openKeys(c)
	if err == nil {
		s.keys = ring
		err = s.open(ctx, keys)
		if errors.Is(err, wallet.ErrInvalid) {
			err = usage("the service is not started: %w", err) // such as a data source that cannot be read
		} else if err != nil {
			err = internal(fmt.Errorf("the service is not started: %w", err))
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// open opens the stores, composes both wallets and the server, and settles what an earlier life left behind.
func (s *service) open(ctx context.Context, keys auth.Keys) error {
	var err error
	if s.config.embedded() {
		if s.mini, err = startEmbedded(); err != nil {
			return err
		}
	}
	if s.live, err = s.openSide(ctx, false); err != nil {
		return err
	}
	ports := server.Ports{Service: s.live.door, Query: s.live.sdk, Operator: operator{s.live}, Audit: s.live.stores.audit,
		Switches: s.board.switches, Settings: s.board.centre, Ops: newOps(s.board),
		Leases: s.live.stores.leases, Clock: realClock{}, Metrics: s.metrics, Log: s.log}
	if s.config.LoadTest {
		s.shadow = &marked{open: func(ctx context.Context) (*side, error) { return s.openSide(ctx, true) }}
		if err = s.shadow.renew(ctx); err != nil {
			return err
		}
		ports.Shadow, ports.Marked = s.shadow, s.shadow
		ports.ShadowRewards, ports.ShadowPackets = s.shadow, s.shadow
	}
	if err = s.openOffice(ctx, &ports); err != nil {
		return err
	}
	s.server, err = server.New(server.Config{
		Addr: s.config.Listen, TLSCert: s.config.TLS.Cert, TLSKey: s.config.TLS.Key, DebugAddr: s.config.Debug,
		Deadline: s.config.Deadline, MaxInFlight: s.config.MaxInFlight, MaxEveryday: s.config.MaxEveryday, DrainTimeout: s.config.Drain, Keys: keys,
	}, ports)
	return err
}

// openSide opens one wallet and settles what an earlier life of it left behind.
func (s *service) openSide(ctx context.Context, shadow bool) (*side, error) {
	d, err := s.newSide(ctx, shadow)
	if err == nil {
		err = d.restore(ctx, s.config.embedded())
	}
	if err != nil && d != nil {
		err = errors.Join(err, d.close())
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// run serves until ctx ends. Then, in this order: no new requests, those that run come to their end, what is held is
// posted, and leases and unused budget are given back.
func (s *service) run(ctx context.Context, out io.Writer) error {
	if err := s.server.Listen(); err != nil {
		return usage("%w\n  hint: another process has the port; choose others with --listen and --debug", err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var hosts sync.WaitGroup
	errs := make([]error, 2)
	hosts.Go(func() { errs[0] = s.live.host.Run(work) })
	hosts.Go(func() { s.office.run(work) })
	hosts.Go(func() { s.live.bring(work) })
	if s.shadow != nil {
		s.shadow.start(work)
	}
	watched := make(chan struct{})
	go func() { defer close(watched); s.watch(work) }()

	fmt.Fprintf(out, "listening on %s\n", s.server.URL())
	err := s.server.Serve(ctx)
	s.log.Info("stopping: posting what is held")
	stop()
	if s.shadow != nil {
		errs[1] = s.shadow.end()
	}
	hosts.Wait()
	<-watched
	if err = errors.Join(append(errs, err)...); err != nil {
		return internal(fmt.Errorf("not everything was left in order: %w", err))
	}
	fmt.Fprintln(out, "stopped; nothing is held")
	return nil
}

// watch keeps readiness and the metrics up to date.
func (s *service) watch(ctx context.Context) {
	t := time.NewTicker(statusEvery)
	defer t.Stop()
	for {
		if err := s.live.stores.ping(ctx, s.board.set.On(wallet.SwitchLastResort)); err != nil && ctx.Err() == nil {
			s.server.SetReady(false, err.Error())
		} else if ctx.Err() == nil {
			s.server.SetReady(true)
		}
		if status, err := (operator{s.live}).Status(ctx); err == nil {
			s.metrics.Status(status)
		}
		s.board.tell(s.metrics)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// close closes the stores and lets go of their folder.
func (s *service) close() {
	defer s.unlock()
	var err error
	if s.live != nil {
		err = s.live.close()
	}
	if s.shadow != nil {
		err = errors.Join(err, s.shadow.close())
	}
	if err != nil {
		s.log.Warn("closing the stores", "err", err)
	}
	if s.mini != nil {
		s.mini.close()
	}
}

// randomHex tells two lives of an instance apart.
func randomHex() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
