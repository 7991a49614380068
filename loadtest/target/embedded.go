// Package target is the wallet that a load test drives: the service in this process, or the stores of a service
// elsewhere. It gives what the stores hold to the oracle.
package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hongbao/reference/downstream/fake"
	"hongbao/reference/server/auth"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// Wallet is the wallet that a load test drives.
type Wallet struct {
	URL  string
	Keys auth.Keys

	// books reads the stores of the marked load; nil: they can be seen over the API alone.
	Sources func(ctx context.Context) (oracle.Books, error)
	Stop    func() error
}

// compensateAfter is the age from which an embedded target settles an order that a deadline has left open. A festival's backlog
// is a quarter of an hour long; a load test's is some seconds, and its audit waits.
const compensateAfter = 10 * time.Second

// StartEmbedded runs a service in this process, on a port of its own and in a folder that goes with it. Who may withdraw,
// and how the stand-ins of downstreams behave, is the scenario's.
func StartEmbedded(ctx context.Context, tree wallet.Activity, strategy wallet.Strategy, of *scenarios.Scenario, logs io.Writer) (*Wallet, error) {
	dir, err := os.MkdirTemp("", "hongbao-load-*")
	if err != nil {
		return nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	c := open.Default()
	c.Listen, c.Debug, c.Data, c.Strategy, c.Release = "127.0.0.1:0", "", dir, string(strategy), open.Release{Num: of.Withdraw.Release.Num, Den: of.Withdraw.Release.Den}
	if of.HasItems() {
		d := of.Downstreams
		c.StandIns = &fake.Behaviour{Processing: d.Processing, DeclineNum: d.Declined.Num, DeclineDen: d.Declined.Den, Life: d.Life, GarbleEvery: d.GarbleEvery, Silent: d.Silent}
	}
	c.CompensateAfter, c.Chores = compensateAfter, compensateAfter/5
	c.Activity, c.Log = tree, slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := open.New(ctx, c)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	keys, err := auth.Load(filepath.Join(dir, "keys.json"))
	if err != nil {
		s.Close()
		return nil, errors.Join(err, remove())
	}
	if err := s.Listen(); err != nil {
		s.Close()
		return nil, errors.Join(err, remove())
	}
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it outlives an interrupt: what was sent is still judged
	ended := make(chan error, 1)
	go func() { ended <- s.Run(serving) }()
	sources := func(ctx context.Context) (oracle.Books, error) {
		r, err := s.ShadowRecords(ctx)
		return sourcesOf(r), err
	}
	return &Wallet{URL: s.URL(), Keys: keys, Sources: sources, Stop: sync.OnceValue(func() error {
		cancel()
		err := <-ended
		s.Close()
		if err = errors.Join(err, remove()); err != nil {
			return fmt.Errorf("stopping the embedded service: %w", err)
		}
		return nil
	})}, nil
}
