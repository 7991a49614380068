// Package rewards grants, lists, uses and takes back rewards other than cash (B4, P3): coupons and pendants, each type
// with a downstream system. One model covers all types: issued, processing, settled, used, expired, refunded.
//
// The item is its own order of record (O3). Each state is recorded before the call that it announces, so after a crash
// the record shows what may have been done; the chores continue from there (O5). After a call without a reply an item
// is issued again only if the downstream says that it does not know the item.
//
// Units: coupons and items; rates are calls a second. The package must not wait, start goroutines, read a real clock or
// hold a lock over a call of a port: it runs in virtual time too. It moves no money.
package rewards

import (
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// Config is the common configuration of all instances of a service.
type Config struct {
	Index     *activity.Index
	Instances int // number of instances that share the downstreams' rates
}

// Ports are the dependencies of an instance.
type Ports struct {
	Clock  wallet.Clock
	People wallet.People
	Items  wallet.Items

	// Downstreams has the system of each reward type in the tree.
	Downstreams map[wallet.AwardType]wallet.Downstream

	// Stocks counts coupons and Reader caches the counts, for scenes with stock control (C1); nil: no scene has it.
	Stocks wallet.Stocks
	Reader *stock.Reader

	Alarm    func(kind wallet.AlarmKind, detail string)
	Switched func(wallet.Switch) bool // reports whether a degrade switch is on; nil: all are off
}

// Service is the rewards of one instance. Safe for concurrent use.
type Service struct {
	index       *activity.Index
	clock       wallet.Clock
	people      wallet.People
	items       wallet.Items
	downstreams map[wallet.AwardType]*downstream
	policies    map[wallet.Stage]*stock.Policy
	types       map[wallet.Template]wallet.AwardType
	reader      *stock.Reader
	alarm       func(wallet.AlarmKind, string)
	switched    func(wallet.Switch) bool
	scans       scans
}

var _ wallet.Rewards = (*Service)(nil)

// New returns an instance's rewards. ErrInvalid: a port is missing, the tree grants a type without a downstream or has
// stock control without stocks, or a downstream's traits are invalid.
func New(c Config, p Ports) (*Service, error) {
	if c.Instances < 1 || c.Index == nil || p.Items == nil || p.People == nil || p.Clock == nil {
		return nil, fmt.Errorf("%w: rewards: %d instances, or a port is missing", wallet.ErrInvalid, c.Instances)
	}
	s := &Service{index: c.Index, clock: p.Clock, people: p.People, items: p.Items, reader: p.Reader, alarm: p.Alarm, switched: p.Switched,
		downstreams: map[wallet.AwardType]*downstream{}, types: map[wallet.Template]wallet.AwardType{}}
	if s.alarm == nil {
		s.alarm = func(wallet.AlarmKind, string) {}
	}
	if s.switched == nil {
		s.switched = func(wallet.Switch) bool { return false }
	}
	for award, d := range p.Downstreams {
		t := d.Traits()
		if t.Batch < 1 || t.Batch > wallet.MaxAdvance || t.PerSecond < 0 {
			return nil, fmt.Errorf("%w: rewards: the downstream of %s accepts %d items a call, %d calls a second", wallet.ErrInvalid, award, t.Batch, t.PerSecond)
		}
		s.downstreams[award] = &downstream{Downstream: d, traits: t, pace: newPace(t.PerSecond, c.Instances)}
	}
	if err := s.indexTypes(); err != nil {
		return nil, err
	}
	policies, err := newPolicies(c.Index, p.Stocks, p.Reader)
	if err != nil {
		return nil, err
	}
	for _, d := range policies {
		d.SkipRead = func() bool { return s.switched(wallet.SwitchSkipStockRead) }
	}
	s.policies = policies
	return s, nil
}

// indexTypes stores the type of each reward in the tree.
func (s *Service) indexTypes() error {
	for _, c := range s.index.Children() {
		for _, t := range c.Rewards {
			if t.Type == wallet.Cash {
				continue
			}
			if len(t.Rewards) > 0 && s.downstreams[t.Type] == nil {
				return fmt.Errorf("%w: rewards: %s grants rewards of type %s, which has no downstream", wallet.ErrInvalid, c.ID, t.Type)
			}
			for _, r := range t.Rewards {
				s.types[wallet.Template{Reward: r.ID, Stage: c.Stage}] = t.Type
			}
		}
	}
	return nil
}

// Templates returns the coupon templates of a tree with stock control, by stage and then in the tree's order, for a
// stock.Reader.
func Templates(x *activity.Index) []wallet.Template {
	var out []wallet.Template
	for i := range x.Children() {
		c := &x.Children()[i]
		for _, coupon := range coupons(c) {
			out = append(out, wallet.Template{Reward: coupon.Reward, Stage: c.Stage})
		}
	}
	return out
}

// newPolicies returns a stock policy for each stage with stock control.
func newPolicies(x *activity.Index, s wallet.Stocks, r *stock.Reader) (map[wallet.Stage]*stock.Policy, error) {
	out := map[wallet.Stage]*stock.Policy{}
	for i := range x.Children() {
		c := &x.Children()[i]
		all := coupons(c)
		if len(all) == 0 {
			continue
		}
		if s == nil || r == nil {
			return nil, fmt.Errorf("%w: rewards: %s has stock control of %s, but no stocks are configured", wallet.ErrInvalid, c.ID, all[0].Reward)
		}
		d, err := stock.NewPolicy(s, r, all)
		if err != nil {
			return nil, err
		}
		out[c.Stage] = d
	}
	return out, nil
}

// coupons returns the counted coupons of a child: those with a stock.
func coupons(c *wallet.Child) []stock.Coupon {
	var out []stock.Coupon
	for _, t := range c.Rewards {
		for _, r := range t.Rewards {
			if t.Type != wallet.Cash && r.Stock > 0 {
				out = append(out, stock.Coupon{Reward: r.ID, Total: r.Stock, ThresholdNum: r.ThresholdNum, ThresholdDen: max(1, r.ThresholdDen), Fallback: r.Fallback})
			}
		}
	}
	return out
}

// Stock returns a template's level by this process's last reading (C2). ErrNotFound: it has no stock control.
// ErrUnavailable: nothing was read yet.
func (s *Service) Stock(t wallet.Template) (stock.Level, error) {
	d := s.policies[t.Stage]
	if d == nil {
		return stock.Level{}, fmt.Errorf("%w: template %q of %s", wallet.ErrNotFound, t.Reward, t.Stage)
	}
	return d.Stock(t)
}
