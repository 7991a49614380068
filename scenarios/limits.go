package scenarios

import (
	"time"
)

// Limits is a comparison of ways to limit a rate over many instances (L1–L3). It is a separate run with its own load: cases
// with a low and with a high limit, and two kinds of traffic in one pool or in two.
type Limits struct {
	Instances  int
	Hot        Ratio         // share of the instances that receive HotTraffic of the requests: traffic is uneven
	HotTraffic Ratio         //
	KeyRate    Ratio         // calls a second that the shared counter answers on one key (R2)
	Takes      time.Duration // of each case
	OutageFrom time.Duration // start of the outage of the shared counter
	OutageFor  time.Duration //
	Cases      []LimitCase
	Pools      LimitPools
}

// LimitCase is one limit and the offered rate, both in requests a second over all instances.
type LimitCase struct {
	Name           string
	Limit, Offered Ratio
}

// LimitPools is the traffic of one machine: the festival's, which floods it, and everyday traffic.
type LimitPools struct {
	Room                int           // requests that the machine processes at a time
	EverydayRoom        int           // of these, the part reserved for everyday traffic if it has a separate pool
	Takes               time.Duration // processing time of one request
	Activity, Flood     Ratio         // festival requests a second, normally and during the flood
	Everyday            Ratio         // everyday requests a second
	FloodFrom, FloodFor time.Duration
}

// Bounds of a comparison, so that a typing error cannot keep a machine busy for a day.
const (
	MaxLimitRequests  = 20_000_000 // of one design, all cases together
	MaxLimitInstances = 10_000
	MaxLimitCases     = 6
	MaxLimitLength    = time.Hour
)

// limits scales the load and the rate of the shared counter. Instances are not scaled, because the comparison is about how
// they divide the load. Times are not scaled.
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
