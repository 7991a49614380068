// Package open runs a wallet service from its configuration: it reads the configuration file, opens stores and keys,
// starts the live wallet and the load-test wallet, and listens.
//
// Another Go program embeds a wallet with Start, or step by step with New, Listen, Run and Close. Default is a
// configuration without other servers: everything is stored in one folder, which one process may use at a time. Keys are
// created there at the first start.
//
// Units: fen, requests a second, time.Duration. ErrConfig is the class of errors that a change of the configuration
// corrects; Config.Complete reports all faults in one error, and no error contains a secret. The package must not decide
// about money: it opens what reference/service composes. It logs only to Config.Log.
//
// Examples: examples/embedded calls the wallet in its process, examples/client over HTTP.
package open

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"hongbao/reference/operator"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/service"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

// systemClock is the time of this machine.
type systemClock struct{}

// Now implements wallet.Clock.
func (systemClock) Now() wallet.Instant { return wallet.InstantOf(time.Now()) }

// Service is one instance: the live wallet, the load test's shadow wallet, and a server in front of both. Its methods are not
// safe for concurrent use, except Handler, Keys, URL and Wallet.
type Service struct {
	config    *Config
	listening bool
	name      string // of this run of the instance
	tree      wallet.Activity
	keys      *token.Keyring
	callers   auth.Keys
	unlock    func() // releases the data folder
	log       *slog.Logger

	flags   *runtimeFlags
	notices *operator.NoticeCache
	bulk    *operator.Bulk
	mini    *embedded // nil: Redis is elsewhere
	live    *walletInstance
	shadow  *shadowWallet // nil: load tests are not accepted
	server  *server.Server
	metrics *server.Metrics
}

// New opens an instance: its stores are ready, and what an earlier run had acknowledged is posted. It serves requests after
// Run, or through Handler. Close it. ErrConfig: the configuration must be corrected.
func New(ctx context.Context, c Config) (*Service, error) {
	if err := c.Complete(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if len(c.Activity.Children) == 0 {
		c.Activity = BuiltInActivity()
	}
	if err := PrepareDataFolder(c.Data); err != nil {
		return nil, err
	}
	unlock, err := lockData(&c)
	if err != nil {
		return nil, err
	}
	s := &Service{config: &c, name: c.Instance + "-" + randomHex(), tree: c.Activity, unlock: unlock, metrics: server.NewMetrics(), log: c.Log}
	keys, ring, err := OpenKeys(&c)
	if err == nil {
		s.keys, s.callers = ring, keys
		err = s.open(ctx, keys)
		if errors.Is(err, wallet.ErrInvalid) {
			err = configError("the service is not started: %w", err) // such as an unreadable data source
		} else if err != nil {
			err = fmt.Errorf("the service is not started: %w", err)
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open opens the stores and composes both wallets and the server.
func (s *Service) open(ctx context.Context, keys auth.Keys) error {
	var err error
	if s.config.embedded() {
		if s.mini, err = startEmbedded(); err != nil {
			return err
		}
	}
	if s.live, err = s.openInstance(ctx, false); err != nil {
		return err
	}
	ports := server.Ports{Service: s.live.API, Query: s.live.SDK, Inspector: inspector{s.live}, Audit: s.live.stores.audit,
		Switches: s.flags.switches, Settings: s.flags.centre, Ops: newOpsPage(s.flags, s.live.Guard),
		Leases: s.live.stores.leases, Clock: systemClock{}, Metrics: s.metrics, Log: s.log}
	if s.config.LoadTest {
		s.shadow = &shadowWallet{open: func(ctx context.Context) (*walletInstance, error) { return s.openInstance(ctx, true) }}
		if err = s.shadow.renew(ctx); err != nil {
			return err
		}
		ports.Shadow, ports.ShadowAdmin = s.shadow, s.shadow
		ports.ShadowRewards, ports.ShadowPackets = s.shadow, s.shadow
	}
	if err = s.openBackoffice(ctx, &ports); err != nil {
		return err
	}
	s.server, err = server.New(server.Config{
		Addr: s.config.Listen, TLSCert: s.config.TLS.Cert, TLSKey: s.config.TLS.Key, DebugAddr: s.config.Debug,
		Deadline: s.config.Deadline, MaxInFlight: s.config.MaxInFlight, MaxEveryday: s.config.MaxEveryday, DrainTimeout: s.config.Drain, Keys: keys,
	}, ports)
	return err
}

// Listen binds the addresses of the configuration, so that URL is known before Run. ErrConfig: a port is in use.
func (s *Service) Listen() error {
	if err := s.server.Listen(); err != nil {
		return configError("%w\n  hint: another process has the port; choose others with --listen and --debug", err)
	}
	s.listening = true
	return nil
}

// URL returns the address of the API after Listen, such as http://127.0.0.1:8080.
func (s *Service) URL() string { return s.server.URL() }

// Handler returns the HTTP API, for a server of the caller. Background work, such as posting, is done only while Run runs.
func (s *Service) Handler() http.Handler { return s.server.Handler() }

// Wallet returns the live wallet, for calls in this process.
func (s *Service) Wallet() *service.Wallet { return s.live.Wallet }

// Keys returns the keys of callers, operators and sessions, as read from the keys file. They are secret.
func (s *Service) Keys() auth.Keys { return s.callers }

// Run serves until ctx ends, and calls Listen if it was not called. Then, in this order: no new requests are accepted,
// running requests end, held credits are posted, and leases and unused budget are returned. The error says what could not
// be completed.
func (s *Service) Run(ctx context.Context) error {
	if !s.listening {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var hosts sync.WaitGroup
	errs := make([]error, 2)
	hosts.Go(func() { errs[0] = s.live.Host.Run(work) })
	hosts.Go(func() { s.notices.Run(work, s.log) })
	hosts.Go(func() { s.bulk.Run(work, s.log) })
	hosts.Go(func() { s.live.deliverCallbacks(work) })
	if s.shadow != nil {
		s.shadow.start(work)
	}
	watched := make(chan struct{})
	go func() { defer close(watched); s.watch(work) }()

	err := s.server.Serve(ctx)
	s.log.Info("stopping: posting what is held")
	stop()
	if s.shadow != nil {
		errs[1] = s.shadow.end()
	}
	hosts.Wait()
	<-watched
	if err = errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("the service did not stop cleanly: %w", err)
	}
	return nil
}

// watch updates readiness and the metrics until ctx ends.
func (s *Service) watch(ctx context.Context) {
	repeat(ctx, statusEvery, func() {
		if err := s.live.stores.ping(ctx, s.flags.set.On(wallet.SwitchLastResort)); err != nil && ctx.Err() == nil {
			s.server.SetReady(false, err.Error())
		} else if ctx.Err() == nil {
			s.server.SetReady(true)
		}
		if status, err := (inspector{s.live}).Status(ctx); err == nil {
			s.metrics.Status(status)
		}
		s.recordStates()
	})
}

// repeat calls f now and at each interval until ctx ends.
func repeat(ctx context.Context, interval time.Duration, f func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Close closes the stores and releases the data folder.
func (s *Service) Close() {
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

// randomHex returns 8 random hexadecimal digits, which distinguish two runs of an instance.
func randomHex() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
