package coupons

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/stock"
	"hongbao/reference/wallet"
	"hongbao/sim/fault"
)

// instance is one instance of the asset centre. It loses its memory when it crashes.
type instance struct {
	*fault.Instance
	festival    *festival
	number      int
	incarnation int    // number of the process run, from 1
	last        string // holder name of the last crashed process run
	died        int64  // Unix ns of the last crash; 0: never

	policy *stock.Policy
	reader *stock.Reader
	lease  *stock.Leased // nil unless the design is ours
}

const (
	// settleLimit bounds the unanswered takes that one round of chores settles.
	settleLimit = 1000
	// readTries bounds the tries of one round of chores to read the stock.
	readTries = 3
)

// holder returns the lease holder's name for the present process run.
func (i *instance) holder() string { return fmt.Sprintf("%d-%d", i.number, i.incarnation) }

// boot starts a process run.
func (i *instance) boot() error {
	f := i.festival
	i.incarnation++
	stocks, err := f.design.stocks(f, redisLink{f.redis, f.toRedis.Link(i.Instance)}, leasesLink{f.toLeases.Link(i.Instance), f.leases, f.tally}, i.holder())
	if err != nil {
		return err
	}
	i.lease, _ = stocks.(*stock.Leased)
	i.reader = stock.NewReader(stocks, f.templates)
	i.policy, err = stock.NewPolicy(stocks, i.reader, f.coupons)
	if err != nil {
		return err
	}
	i.every(i.read)
	if i.lease != nil {
		i.every(func() { _ = i.lease.ReturnUnused(f.ended, settleLimit) }) // a failed chore is repeated in the next round
	}
	return nil
}

// every runs a chore once per interval until the process run ends. Instances start at different moments of the interval.
func (i *instance) every(chore func()) {
	f, incarnation := i.festival, i.incarnation
	pause := time.Duration(f.stream.IntN(int64(f.plan.Interval)))
	f.world.Go(f.world.Now(), func() {
		_ = i.Run(func() error {
			for i.Up() && i.incarnation == incarnation {
				chore()
				f.world.Sleep(pause)
				pause = f.plan.Interval
			}
			return nil
		})
	})
}

// read refreshes the known level of the stock.
func (i *instance) read() {
	for range readTries {
		if i.reader.Refresh(i.festival.ended) == nil {
			return
		}
	}
}

// crash ends the process run and starts the next one after the downtime. It does nothing if the instance is down.
func (i *instance) crash(away time.Duration) {
	if !i.Up() {
		return
	}
	i.last, i.died = i.holder(), i.festival.world.Now()
	i.Crash()
	i.festival.world.At(i.festival.world.Now()+int64(away), func() {
		i.Restart()
		if err := i.boot(); err != nil {
			panic(err) // unreachable: the same configuration was valid at the start
		}
	})
}

// reserve answers one request.
func (i *instance) reserve(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	f := i.festival
	asked := f.world.Now()
	a, err := i.policy.Grant(ctx, no, t)
	if err == nil {
		f.tally.answered(asked, t, no.ActID, a)
	}
	return err
}
