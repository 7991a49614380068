package coupons

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/fault"
	"hongbao/sim/world"
)

// festival is one design under the scenario's demand and faults.
type festival struct {
	world  *world.World
	plan   *scenarios.Coupons
	client scenarios.ClientTry
	design design
	stream *world.Stream
	start  int64 // Unix ns
	end    int64
	tally  *tally
	redis  *redis
	leases wallet.StockLeases

	toRedis, toLeases, toClient *fault.Dependency

	instances []*instance
	coupons   []stock.Coupon // as configured in the design, with its reserve
	templates []wallet.Template
	people    wallet.ActID // number of people so far
	ended     context.Context
}

// The names of the dependencies in this study. They name random streams.
const (
	nameRedis  = "redis"
	nameLeases = "book"
	nameClient = "client"
)

// slack is the maximum time from the moment when the stock falls below the threshold until the last grant: an interval until the
// count is published, one until it is read, and three unanswered calls.
func (f *festival) slack() time.Duration { return 2*f.plan.Interval + 3*f.toRedis.Timeout() }

func newFestival(s *scenarios.Scenario, seed uint64, d design) (*festival, error) {
	plan := s.Coupons
	start := s.Windows[0].Start
	w := world.New(seed, start)
	needs := &scenarios.Scenario{
		Latency: map[string]scenarios.Latency{nameRedis: plan.Redis, nameLeases: plan.LeaseStore, nameClient: s.Latency["client"]},
		Faults:  timeouts(plan, start),
	}
	f := &festival{world: w, plan: plan, client: s.People.Client, design: d, stream: w.Stream("people"), start: start.UnixNano(),
		toRedis: fault.NewDependency(w, nameRedis, needs, nil), toLeases: fault.NewDependency(w, nameLeases, needs, nil),
		toClient: fault.NewDependency(w, nameClient, needs, nil), leases: mem.NewStockLeases()}
	if d.plant != nil {
		f.leases = d.plant(f.leases)
	}
	f.end = f.start + int64(plan.Length())
	f.tally = &tally{now: w.Now, slack: int64(f.slack()), templates: map[wallet.RewardID]*count{}}
	f.redis = newRedis(w, f.tally, plan)
	for _, t := range plan.Templates {
		c := stock.Coupon{Reward: t.Reward, Total: t.Stock, ThresholdNum: t.Threshold.Num, ThresholdDen: t.Threshold.Den, Fallback: t.Fallback}
		configured := c
		if d.reserve {
			configured.Total += plan.Reserve.Floor(c.Total)
		}
		f.coupons = append(f.coupons, configured)
		f.templates = append(f.templates, wallet.Template{Reward: t.Reward, Stage: wallet.Official})
		f.tally.templates[t.Reward] = &count{Coupon: c, total: configured.Total, times: map[wallet.ActID]times{}, granted: map[wallet.ActID]bool{}}
	}
	for n := range plan.Instances {
		i := &instance{festival: f, number: n, Instance: fault.NewInstance(w, 0)}
		f.instances = append(f.instances, i)
		if err := i.boot(); err != nil {
			return nil, err
		}
	}
	for _, t := range plan.Templates {
		if err := f.demand(t); err != nil {
			return nil, err
		}
	}
	f.fallbacksEnd()
	f.faults()
	if d.ours {
		f.audits()
	}
	return f, nil
}

// fallbacksEnd extends the demand for a fallback to the end of the demand for the coupons that it replaces.
func (f *festival) fallbacksEnd() {
	for _, c := range f.tally.templates {
		if fb := f.tally.templates[c.Fallback]; fb != nil {
			fb.end = max(fb.end, c.end)
		}
	}
}

// checkEvery is the virtual time between two checks of the context.
const checkEvery = 100 * time.Millisecond

func (f *festival) run(ctx context.Context) error {
	defer f.world.Close()
	f.ended = context.WithoutCancel(ctx)
	for f.world.Now() < f.end {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		f.world.RunUntil(min(f.end, f.world.Now()+int64(checkEvery)))
	}
	return nil
}

// person requests a coupon until there is an answer or the client's tries are exhausted.
func (f *festival) person(t scenarios.CouponTemplate, id wallet.ActID) {
	no := wallet.OrderNo{ActID: id, Scene: t.Scene, Rain: 1, Award: t.Award, Stage: wallet.Official}
	ctx := withOrder(f.ended, id)
	for n := 1; ; n++ {
		i := f.instances[f.stream.IntN(int64(len(f.instances)))]
		err := f.toClient.Ask(f.client.Timeout, func() error {
			return i.Run(func() error { return i.reserve(ctx, no, t.Reward) })
		})
		if err == nil {
			return
		}
		if n == f.client.Tries {
			f.tally.gaveUp++
			return
		}
		wait := f.client.Backoff
		f.world.Sleep(wait.Min + time.Duration(f.stream.IntN(int64(wait.Max-wait.Min)+1)))
	}
}

// timeouts returns the plan's timeouts as faults of Redis and the lease store.
func timeouts(plan *scenarios.Coupons, start time.Time) (all []scenarios.Fault) {
	for _, c := range plan.Faults {
		if c.Kind != scenarios.FaultTimeout {
			continue
		}
		for _, name := range []string{nameRedis, nameLeases} {
			all = append(all, scenarios.Fault{Kind: c.Kind, Dependency: name, From: start.Add(c.After), To: start.Add(c.After + c.For),
				Ratio: c.Ratio, Applied: c.Applied})
		}
	}
	return all
}

// faults schedules crashes and failovers.
func (f *festival) faults() {
	for _, c := range f.plan.Faults {
		switch c.Kind {
		case scenarios.FaultFailover:
			f.redis.failover(f.start+int64(c.After), c.Lost)
		case scenarios.FaultCrash:
			stream := f.world.Stream("crashes")
			for at := c.After; at < c.After+c.For; at += c.Every {
				i := f.instances[stream.IntN(int64(len(f.instances)))]
				f.world.At(f.start+int64(at), func() { i.crash(c.Away) })
			}
		}
	}
}

// audits runs the chores of the lease store: leases of crashed instances are orphaned, orphaned leases are reclaimed, and the
// count is published to Redis. In the service one of the instances runs them; here it is an instance that never crashes.
func (f *festival) audits() {
	machine := fault.NewInstance(f.world, 0)
	leases := leasesLink{f.toLeases.Link(machine), f.leases, f.tally}
	mirror := redisLink{f.redis, f.toRedis.Link(machine)}
	rewards := make([]wallet.RewardID, len(f.templates))
	for n, t := range f.templates {
		rewards[n] = t.Reward
	}
	every := func(chore func() error) {
		f.world.Go(f.start, func() {
			_ = machine.Run(func() error {
				for {
					_ = chore() // a failed chore is repeated in the next round
					f.world.Sleep(f.plan.Interval)
				}
			})
		})
	}
	every(func() error { return stock.Publish(f.ended, leases, mirror, f.templates) })
	every(func() error {
		_, err := stock.OrphanExpired(f.ended, leases, rewards, f.living())
		f.tally.orphaned = max(f.tally.orphaned, f.orphanedNow())
		_, audited := stock.Reclaim(f.ended, leases, rewards)
		return errors.Join(err, audited)
	})
}

// living returns the holders whose leases have not expired.
func (f *festival) living() (all []string) {
	for _, i := range f.instances {
		if i.Up() {
			all = append(all, i.holder())
		}
		if i.died != 0 && f.world.Now()-i.died < int64(f.plan.Expiry) {
			all = append(all, i.last)
		}
	}
	return all
}

// orphanedNow returns the number of orphaned coupons. They cannot be issued before they are reclaimed.
func (f *festival) orphanedNow() (sum int64) {
	for _, t := range f.templates {
		if b, err := f.leases.Of(t.Reward); err == nil {
			q, _ := b.Quota(f.ended, t.Stage)
			sum += int64(q.Orphaned)
		}
	}
	return sum
}
