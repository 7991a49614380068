package scenarios

import (
	"errors"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// ErrScale reports that a scenario cannot have the requested scale.
var ErrScale = errors.New("scenarios: impossible scale")

// MinPostingBatch is the smallest batch that Scale makes. Posting a batch takes batch ÷ rate. With smaller instances the same
// time means smaller batches. Below ten credits the fixed cost of a transaction would dominate, which does not happen at
// full size.
const MinPostingBatch = 10

// Scale returns s with num/den of its people, rates, capacities and budgets. Times and latencies are not scaled. Therefore
// waits and the length of the backlog in time do not change.
//
// Rates are exact ratios and are scaled without loss. People, budgets, stocks and instances are integers and are rounded up.
// Therefore a window never invites fewer people than it has grants, and no grant is refused that the full size makes. The
// rate of one ledger instance compensates the rounding, so that all instances together post exactly num/den. A window may
// have no grant left. ErrScale: the ratio is not positive, less than one person is left, or a number has no exact 64-bit
// ratio.
func Scale(s *Scenario, num, den int64) (*Scenario, error) {
	if num <= 0 || den <= 0 {
		return nil, fmt.Errorf("%w: %d/%d is not above zero", ErrScale, num, den)
	}
	by := Ratio{num, den}
	if p, err := by.Times(Ratio{s.People.Count, 1}); err == nil && p.Num < p.Den {
		return nil, fmt.Errorf("%w: %v of %d people is less than one", ErrScale, by, s.People.Count)
	}
	sc := scaler{by: by}
	out := *s
	out.People.Count = sc.whole(s.People.Count)
	out.Activity = sc.activity(s.Activity)
	out.Windows = slices.Clone(s.Windows)
	for i, w := range out.Windows {
		out.Windows[i].Rate, out.Windows[i].Rules = sc.points(w.Rate), sc.rules(w.Rules)
		if sc.err == nil {
			_, sc.err = out.Windows[i].Curve()
		}
	}
	out.Capacity = sc.capacity(s.Capacity)
	out.RunningTotal = sc.runningTotal(s.RunningTotal)
	out.Coupons = sc.coupons(s.Coupons)
	out.Limits = sc.limits(s.Limits)
	out.Withdraw.WhiteList = slices.DeleteFunc(slices.Clone(s.Withdraw.WhiteList), func(p int64) bool { return p >= out.People.Count })
	if sc.err != nil {
		return nil, fmt.Errorf("%w: %v: %w", ErrScale, by, sc.err)
	}
	return &out, nil
}

// scaler scales numbers and keeps the first error.
type scaler struct {
	by  Ratio
	err error
}

// exact returns r scaled.
func (s *scaler) exact(r Ratio) Ratio {
	v, err := r.Times(s.by)
	if s.err == nil {
		s.err = err
	}
	return v
}

// points returns the points with their rates scaled.
func (s *scaler) points(ps []Point) []Point {
	out := make([]Point, len(ps))
	for i, p := range ps {
		out[i] = Point{At: p.At, Rate: s.exact(p.Rate)}
	}
	return out
}

// whole returns n scaled and rounded up.
func (s *scaler) whole(n int64) int64 {
	v, err := s.by.ceil(n)
	if s.err == nil {
		s.err = err
	}
	return v
}

// activity scales budgets, stocks and rate limits of the tree. Caps and amounts are not scaled.
func (s *scaler) activity(a wallet.Activity) wallet.Activity {
	a.Children = slices.Clone(a.Children)
	sum := wallet.Money(0)
	for i := range a.Children {
		c := &a.Children[i]
		// An activity with a budget below its cap is invalid. Only very small scales reach this bound.
		c.Budget = max(wallet.Money(s.whole(int64(c.Budget))), c.SingleCap)
		sum += c.Budget
		c.Rewards = slices.Clone(c.Rewards)
		for j := range c.Rewards {
			c.Rewards[j].Rewards = slices.Clone(c.Rewards[j].Rewards)
			for k := range c.Rewards[j].Rewards {
				r := &c.Rewards[j].Rewards[k]
				r.Scenes, r.Stock = slices.Clone(r.Scenes), s.whole(r.Stock)
				for l := range r.Scenes {
					r.Scenes[l].RateLimit = s.whole(r.Scenes[l].RateLimit)
				}
			}
		}
	}
	if a.Budget > 0 { // the children's budgets were rounded up
		a.Budget = max(wallet.Money(s.whole(int64(a.Budget))), sum)
	}
	return a
}

// capacity scales the machines. Backlog shards are scaled like ledger instances, so that each instance has the same number of
// posters. The time to post a batch stays about the same.
func (s *scaler) capacity(c Capacity) Capacity {
	out := c
	out.NodeInstances = int(s.whole(int64(c.NodeInstances)))
	out.LedgerInstances = int(s.whole(int64(c.LedgerInstances)))
	all := s.exact(c.LedgerTPS())
	each, err := all.Times(Ratio{1, max(int64(out.LedgerInstances), 1)})
	shards, err2 := Ratio{int64(out.LedgerInstances), max(int64(c.LedgerInstances), 1)}.ceil(int64(c.PosterShards))
	slower, err3 := each.Times(Ratio{c.LedgerInstanceTPS.Den, max(c.LedgerInstanceTPS.Num, 1)})
	if err := errors.Join(err, err2, err3); err != nil {
		s.err = errors.Join(s.err, err)
		return c
	}
	out.LedgerInstanceTPS, out.PosterShards = each, int(shards)
	// Instances are rounded up, so an instance is never faster than before: slower is at most one.
	out.PostingBatch = min(c.PostingBatch, max(MinPostingBatch, int(slower.Floor(int64(c.PostingBatch)))))
	return out
}
