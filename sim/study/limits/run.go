package limits

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/limit"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// result is the outcome of one case under one design, second by second.
type result struct {
	limit   int64
	seconds []second
	peak    int64 // calls to the shared counter in its busiest second, answered or not
	calls   int64
}

// second is one second of a case.
type second struct {
	offered, passed int64
	outage          bool // the shared counter was unavailable in a part of it
}

// ideal returns the number of requests that should pass.
func (r result) ideal(s second) int64 { return min(r.limit, s.offered) }

// began is the start of each case in Unix seconds. Its value does not matter.
const began = int64(1_643_630_400)

// run makes the requests of a case in order of time. The instance of each is drawn with the weights of the hot instances.
func run(ctx context.Context, p *scenarios.Limits, c scenarios.LimitCase, seed uint64, d design) (result, error) {
	perSecond := c.Limit.Num / c.Limit.Den
	w := world.New(seed, time.Unix(began, 0))
	stream := w.Stream("limits " + c.Name)
	count := &count{inner: mem.NewPermits(), perSecond: p.KeyRate.Num / p.KeyRate.Den, from: int64(p.OutageFrom), to: int64(p.OutageFrom + p.OutageFor)}
	limiters := make([]limit.Limiter, p.Instances)
	for i := range limiters {
		var err error
		if limiters[i], err = d.limiter(p, perSecond, count); err != nil {
			return result{}, err
		}
	}
	r := result{limit: perSecond, seconds: make([]second, int(p.Takes/time.Second))}
	hot := max(1, p.Hot.Num*int64(p.Instances)/p.Hot.Den)
	n := scenarios.Ratio{Num: c.Offered.Num * int64(len(r.seconds)), Den: c.Offered.Den}
	for i := range n.Num / n.Den {
		if i%4096 == 0 && ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		// Requests are evenly spaced, so that errors come only from the limiter.
		at := i * c.Offered.Den * int64(time.Second/time.Microsecond) / c.Offered.Num
		k := stream.IntN(hot)
		if !stream.Hit(p.HotTraffic.Num, p.HotTraffic.Den) && hot < int64(p.Instances) {
			k = hot + stream.IntN(int64(p.Instances)-hot)
		}
		s := &r.seconds[at/1e6]
		s.offered++
		count.now = at * 1000
		err := limiters[k].Allow(ctx, wallet.Instant(began*1e6+at))
		if err == nil {
			s.passed++
		} else if !errors.Is(err, wallet.ErrLimited) && !errors.Is(err, wallet.ErrUnavailable) {
			return r, err
		}
	}
	for i := range r.seconds {
		from, to := int64(i)*int64(time.Second), int64(i+1)*int64(time.Second)
		r.seconds[i].outage = from < count.to && count.from < to
	}
	r.peak, r.calls = max(count.peak, count.calls), count.all
	return r, nil
}

// count is the shared counter: one key with a bounded rate of calls and an outage.
type count struct {
	inner     wallet.Permits
	perSecond int64
	from, to  int64 // of the outage
	now       int64 // since the case began, nanoseconds

	second           int64
	calls, peak, all int64 // in this second, in the busiest earlier second, and in total
}

// Take implements wallet.Permits. ErrUnavailable: the key has answered its maximum in this second, or has an outage.
func (c *count) Take(ctx context.Context, name string, window, want, limit int64) (int64, int64, error) {
	if s := c.now / int64(time.Second); s != c.second {
		c.peak, c.calls, c.second = max(c.peak, c.calls), 0, s
	}
	c.calls++
	c.all++
	if c.calls > c.perSecond || c.from <= c.now && c.now < c.to {
		return 0, 0, wallet.ErrUnavailable
	}
	return c.inner.Take(ctx, name, window, want, limit)
}
