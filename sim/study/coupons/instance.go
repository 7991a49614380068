package coupons

import (
	"context"
	"time"

	"hongbao/reference/stock"
	"hongbao/reference/wallet"
	"hongbao/sim/fault"
)

// instance is one instance of the asset centre. All it knows is gone when it dies.
type instance struct {
	*fault.Instance
	festival *festival
	number   int
	life     int    // from 1
	last     string // the holder that died last
	died     int64  // Unix ns of then; 0: never

	desk   *stock.Policy
	reader *stock.Reader
	lease  *stock.Leased // nil unless the design is ours
}

const (
	// settleLimit bounds the takes without answer that one round of chores settles.
	settleLimit = 1000
	// readTries bounds how often one round of chores reads the stock until it has an answer.
	readTries = 3
)

func (i *instance) holder() string { return holderName(i.number, i.life) }

// boot begins a life.
func (i *instance) boot() error {
	f := i.festival
	i.life++
	stocks, err := f.design.stocks(f, redisLink{f.redis, f.toRedis.Link(i.Instance)}, bookLink{f.toBook.Link(i.Instance), f.book, f.tally}, i.holder())
	if err != nil {
		return err
	}
	i.lease, _ = stocks.(*stock.Leased)
	i.reader = stock.NewReader(stocks, f.templates)
	i.desk, err = stock.NewPolicy(stocks, i.reader, f.coupons)
	if err != nil {
		return err
	}
	i.every(i.read)
	if i.lease != nil {
		i.every(func() { _ = i.lease.ReturnUnused(f.ended, settleLimit) }) // what fails is done in the next round
	}
	return nil
}

// every does a chore now and then every interval, until the life ends. Instances do not keep step.
func (i *instance) every(chore func()) {
	f, life := i.festival, i.life
	pause := time.Duration(f.stream.IntN(int64(f.plan.Interval)))
	f.world.Go(f.world.Now(), func() {
		_ = i.Run(func() error {
			for i.Up() && i.life == life {
				chore()
				f.world.Sleep(pause)
				pause = f.plan.Interval
			}
			return nil
		})
	})
}

// read asks how the stock stands.
func (i *instance) read() {
	for range readTries {
		if i.reader.Refresh(i.festival.ended) == nil {
			return
		}
	}
}

// crash ends the life and begins another one later. One that is away already stays so.
func (i *instance) crash(away time.Duration) {
	if !i.Up() {
		return
	}
	i.last, i.died = i.holder(), i.festival.world.Now()
	i.Crash()
	i.festival.world.At(i.festival.world.Now()+int64(away), func() {
		i.Restart()
		if err := i.boot(); err != nil {
			panic(err) // what was right at the start is right now
		}
	})
}

// reserve answers one request.
func (i *instance) reserve(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	f := i.festival
	asked := f.world.Now()
	a, err := i.desk.Grant(ctx, no, t)
	if err == nil {
		f.tally.answered(asked, t, no.ActID, a)
	}
	return err
}
