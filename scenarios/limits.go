package scenarios

import (
	"time"
)

// Limits is a comparison of ways to limit a rate over many instances (L1–L3), made beside the festival under a load of its
// own: cases of a low and of a high limit, and two kinds of traffic in one pool or in two.
type Limits struct {
	Instances  int
	Hot        Ratio         // share of the instances that take HotTraffic of the requests: traffic is uneven
	HotTraffic Ratio         //
	KeyRate    Ratio         // calls a second that the common count answers on one key (R2)
	Takes      time.Duration // of each case
	OutageFrom time.Duration // the common count answers nobody from then on
	OutageFor  time.Duration //
	Cases      []LimitCase
	Pools      LimitPools
}

// LimitCase is one limit and what is asked of it, both a second over all instances.
type LimitCase struct {
	Name           string
	Limit, Offered Ratio
}

// LimitPools is the traffic of one machine: that of the festival, which floods it, and everyday's.
type LimitPools struct {
	Room                int           // requests that the machine works on at a time
	EverydayRoom        int           // of them, those kept for everyday traffic where it has a pool of its own
	Takes               time.Duration // one request
	Activity, Flood     Ratio         // requests a second of the festival, and while it floods
	Everyday            Ratio         // requests a second
	FloodFrom, FloodFor time.Duration
}

// Bounds of a comparison, so that a typing error cannot keep a machine busy for a day.
const (
	MaxLimitRequests  = 20_000_000 // of one design, all cases
	MaxLimitInstances = 10_000
	MaxLimitCases     = 6
	MaxLimitLength    = time.Hour
)

// limits scales the comparison: less load and a slower count on the same instances, because what is compared is how they
// divide the load. Times stay.
func (s *scaler) limits(l *Limits) *Limits {
	if l == nil {
		return nil
	}
	out := *l
	out.KeyRate = s.exact(l.KeyRate)
	out.Cases = make([]LimitCase, len(l.Cases))
	for i, c := range l.Cases {
		out.Cases[i] = LimitCase{c.Name, s.exact(c.Limit), s.exact(c.Offered)}
	}
	p := &out.Pools
	p.Room, p.EverydayRoom = int(s.whole(int64(p.Room))), int(s.whole(int64(p.EverydayRoom)))
	p.Activity, p.Flood, p.Everyday = s.exact(p.Activity), s.exact(p.Flood), s.exact(p.Everyday)
	return &out
}
