// Package rewards grants, lists, uses and takes back rewards other than cash (B4, P3): coupons and pendants, each with a
// downstream system behind it. One uniform model hides them all: issued, processing, settled, used, expired, refunded.
//
// The item is its own order of record (O3). Each state is recorded before the call that it announces, so a crash at any
// point leaves on record what may have been done; the chores take it up from there (O5). After a call without an answer
// a downstream is asked to hand out again only when it says that it has never heard of the item.
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

// Config is what the instances of one service have in common.
type Config struct {
	Index     *activity.Index
	Instances int // that share the downstreams' rates
}

// Ports is what an instance stands on.
type Ports struct {
	Clock  wallet.Clock
	People wallet.People
	Items  wallet.Items

	// Downstreams holds the system of each type that the tree grants.
	Downstreams map[wallet.AwardType]wallet.Downstream

	// Stocks counts coupons and Reader shows how they stand, for scenes that control their stock (C1); nil: there are none.
	Stocks wallet.Stocks
	Reader *stock.Reader

	Alarm    func(kind wallet.AlarmKind, detail string)
	Switched func(wallet.Switch) bool // whether a degrade switch is on; nil: none ever is
}

// Service is the rewards of one instance. It is safe for concurrent use.
type Service struct {
	index       *activity.Index
	clock       wallet.Clock
	people      wallet.People
	items       wallet.Items
	downstreams map[wallet.AwardType]*downstream
	desks       map[wallet.Stage]*stock.Desk
	types       map[wallet.Template]wallet.AwardType
	reader      *stock.Reader
	alarm       func(wallet.AlarmKind, string)
	switched    func(wallet.Switch) bool
	rounds      rounds
}

var _ wallet.Rewards = (*Service)(nil)

// New returns an instance's rewards. ErrInvalid: the tree grants a type without a downstream or controls a stock without
// stocks, or a downstream takes no items.
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
			return nil, fmt.Errorf("%w: rewards: the downstream of %s takes %d items a call, %d calls a second", wallet.ErrInvalid, award, t.Batch, t.PerSecond)
		}
		s.downstreams[award] = &downstream{Downstream: d, traits: t, pace: newPace(t.PerSecond, c.Instances)}
	}
	if err := s.learn(); err != nil {
		return nil, err
	}
	desks, err := desks(c.Index, p.Stocks, p.Reader)
	if err != nil {
		return nil, err
	}
	for _, d := range desks {
		d.Blind = func() bool { return s.switched(wallet.SwitchSkipStockRead) }
	}
	s.desks = desks
	return s, nil
}

// learn notes which type each reward of the tree is of.
func (s *Service) learn() error {
	for _, c := range s.index.Children() {
		for _, t := range c.Rewards {
			if t.Type == wallet.Cash {
				continue
			}
			if len(t.Rewards) > 0 && s.downstreams[t.Type] == nil {
				return fmt.Errorf("%w: rewards: %s grants rewards of type %s, and there is no downstream for them", wallet.ErrInvalid, c.ID, t.Type)
			}
			for _, r := range t.Rewards {
				s.types[wallet.Template{Reward: r.ID, Stage: c.Stage}] = t.Type
			}
		}
	}
	return nil
}

// Templates returns the coupon templates of a tree whose stock is controlled, by stage and then in the tree's order: what
// a stock.Reader is made for.
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

// desks returns a desk for each stage that controls a stock.
func desks(x *activity.Index, s wallet.Stocks, r *stock.Reader) (map[wallet.Stage]*stock.Desk, error) {
	out := map[wallet.Stage]*stock.Desk{}
	for i := range x.Children() {
		c := &x.Children()[i]
		all := coupons(c)
		if len(all) == 0 {
			continue
		}
		if s == nil || r == nil {
			return nil, fmt.Errorf("%w: rewards: %s controls the stock of %s, and there are no stocks", wallet.ErrInvalid, c.ID, all[0].Reward)
		}
		d, err := stock.NewDesk(s, r, all)
		if err != nil {
			return nil, err
		}
		out[c.Stage] = d
	}
	return out, nil
}

// coupons returns the coupons of a child that are counted: those with a stock.
func coupons(c *wallet.Child) []stock.Coupon {
	var out []stock.Coupon
	for _, t := range c.Rewards {
		for _, r := range t.Rewards {
			if t.Type != wallet.Cash && r.Stock > 0 {
				out = append(out, stock.Coupon{Reward: r.ID, Total: r.Stock, FloorNum: r.FloorNum, FloorDen: max(1, r.FloorDen), Fallback: r.Fallback})
			}
		}
	}
	return out
}

// Stock returns how a template stands, as this process last read it (C2). ErrNotFound: its stock is not controlled.
// ErrUnavailable: nothing was read yet.
func (s *Service) Stock(t wallet.Template) (stock.Stand, error) {
	d := s.desks[t.Stage]
	if d == nil {
		return stock.Stand{}, fmt.Errorf("%w: template %q of %s", wallet.ErrNotFound, t.Reward, t.Stage)
	}
	return d.Stock(t)
}
