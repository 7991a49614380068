// Package target provides the wallet that a load test drives: a service in this process, or the stores of a running service.
// It converts their records to the oracle's form.
package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
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

	Sources func(ctx context.Context) (oracle.Sources, error) // reads the records of the shadow wallet
	Stop    func() error                                      // stops the service and removes its data; idempotent
}

// compensateAfter is the age at which an embedded target compensates an open order. It is shorter than in production, because
// the backlog of a load test is only seconds long and the audit waits for open orders.
const compensateAfter = 10 * time.Second

// StartEmbedded runs a service in this process, on a free port and with its data in a temporary folder. The release of
// withdrawals and the behaviour of the stand-ins of downstreams come from the scenario. Stop ends it.
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
		c.StandIns = &fake.Behaviour{Processing: d.Processing, DeclineNum: d.Declined.Num, DeclineDen: d.Declined.Den, Validity: d.Validity, GarbleEvery: d.GarbleEvery, Silent: d.Silent}
	}
	c.CompensateAfter, c.Chores = compensateAfter, compensateAfter/5
	c.Activity, c.Log = tree, slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, stop, err := open.Start(context.WithoutCancel(ctx), c) // an interrupt does not end it: the audit of the sent requests needs it
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	sources := func(ctx context.Context) (oracle.Sources, error) {
		r, err := s.ShadowRecords(ctx)
		return sourcesOf(r), err
	}
	return &Wallet{URL: s.URL(), Keys: s.Keys(), Sources: sources, Stop: sync.OnceValue(func() error {
		if err := errors.Join(stop(), remove()); err != nil {
			return fmt.Errorf("stopping the embedded service: %w", err)
		}
		return nil
	})}, nil
}
