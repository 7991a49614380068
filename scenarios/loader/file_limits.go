package loader

import (
	"time"

	"hongbao/scenarios"
)

type limitsFile struct {
	place
	Instances  number          `json:"instances" jsonschema:"Instances that share each limit (L2)."`
	Hot        share           `json:"hot" jsonschema:"Share of the instances that get more traffic than the others."`
	HotTraffic share           `json:"hot_traffic" jsonschema:"Share of the requests that come to those."`
	KeyRate    rate            `json:"key_rate" jsonschema:"Calls a second that the common count answers on one key (R2)."`
	Takes      span            `json:"takes" jsonschema:"How long each case takes."`
	OutageFrom span            `json:"outage_from" jsonschema:"How far into a case the common count stops answering."`
	OutageFor  span            `json:"outage_for" jsonschema:"For how long."`
	Cases      []limitCaseFile `json:"cases" jsonschema:"Limits, each with what is asked of it."`
	Pools      limitPoolsFile  `json:"pools" jsonschema:"The festival's traffic and everyday's on one machine (L3)."`
}

type limitCaseFile struct {
	place
	Name    text `json:"name" jsonschema:"What people call it, in a word."`
	Limit   rate `json:"limit" jsonschema:"Requests a second that may pass, all instances together."`
	Offered rate `json:"offered" jsonschema:"Requests a second that are made."`
}

type limitPoolsFile struct {
	place
	Room         number `json:"room" jsonschema:"Requests that the machine works on at a time."`
	EverydayRoom number `json:"everyday_room" jsonschema:"Of them, those kept for everyday traffic where it has a pool of its own."`
	Takes        span   `json:"takes" jsonschema:"How long one request is worked on."`
	Activity     rate   `json:"activity" jsonschema:"The festival's requests a second."`
	Flood        rate   `json:"flood" jsonschema:"The same while it floods."`
	Everyday     rate   `json:"everyday" jsonschema:"Everyday's requests a second."`
	FloodFrom    span   `json:"flood_from" jsonschema:"When the flood begins."`
	FloodFor     span   `json:"flood_for" jsonschema:"How long it lasts."`
}

// limits returns the comparison, or nil when the file has none.
func (f *file) limits() *scenarios.Limits {
	in := &f.Limits
	if !in.ok {
		return nil
	}
	out := &scenarios.Limits{Instances: int(in.Instances.v), Hot: in.Hot.v, HotTraffic: in.HotTraffic.v, KeyRate: in.KeyRate.v, Takes: in.Takes.v,
		OutageFrom: in.OutageFrom.v, OutageFor: in.OutageFor.v}
	for _, c := range in.Cases {
		out.Cases = append(out.Cases, scenarios.LimitCase{Name: c.Name.v, Limit: c.Limit.v, Offered: c.Offered.v})
	}
	p := &in.Pools
	out.Pools = scenarios.LimitPools{Room: int(p.Room.v), EverydayRoom: int(p.EverydayRoom.v), Takes: p.Takes.v, Activity: p.Activity.v, Flood: p.Flood.v,
		Everyday: p.Everyday.v, FloodFrom: p.FloodFrom.v, FloodFor: p.FloodFor.v}
	return out
}

// checkLimits looks at the comparison of limits, if there is one.
func (f *faults) checkLimits(l *limitsFile) {
	if !l.ok {
		return
	}
	if n := l.Instances; n.ok && (n.v < 2 || n.v > scenarios.MaxLimitInstances) {
		f.add(n.at, "write how many instances share the limits", "%d is not between 2 and %d", n.v, scenarios.MaxLimitInstances)
	}
	for _, r := range []rate{l.KeyRate, l.Pools.Activity, l.Pools.Flood, l.Pools.Everyday} {
		if r.ok && r.v.Num == 0 {
			f.add(r.at, "write a rate above zero", "a rate of zero compares nothing")
		}
	}
	for _, d := range []span{l.Takes, l.OutageFor, l.Pools.Takes, l.Pools.FloodFor} {
		if d.ok && (d.v < time.Millisecond || d.v > scenarios.MaxLimitLength) {
			f.add(d.at, "write a duration such as 10s", "%v is not between %v and %v", d.v, time.Millisecond, scenarios.MaxLimitLength)
		}
	}
	for _, part := range [][2]span{{l.OutageFrom, l.OutageFor}, {l.Pools.FloodFrom, l.Pools.FloodFor}} {
		if part[0].ok && part[1].ok && l.Takes.ok && part[0].v+part[1].v > l.Takes.v {
			f.add(part[0].at, "let it end within `takes`", "it ends after %v", l.Takes.v)
		}
	}
	f.checkLimitCases(l)
	p := &l.Pools
	if p.Room.ok && p.EverydayRoom.ok && (p.EverydayRoom.v < 1 || p.EverydayRoom.v >= p.Room.v) {
		f.add(p.EverydayRoom.at, "keep a part of the room", "%d is not between 1 and %d", p.EverydayRoom.v, p.Room.v-1)
	}
}

// checkLimitCases looks at the cases: each limits something, and all together can be gone through.
func (f *faults) checkLimitCases(l *limitsFile) {
	if len(l.Cases) > scenarios.MaxLimitCases {
		f.add(l.Cases[scenarios.MaxLimitCases].at, "keep the most telling ones", "more than %d cases", scenarios.MaxLimitCases)
	}
	seen, sum := map[string]bool{}, 0.0
	for i := range l.Cases {
		c := &l.Cases[i]
		if seen[c.Name.v] {
			f.add(c.Name.at, "give each case a name of its own", "case %q is there twice", short(c.Name.v))
		}
		seen[c.Name.v] = true
		if !c.Limit.ok || !c.Offered.ok {
			continue
		}
		if c.Limit.v.Num == 0 {
			f.add(c.Limit.at, "write a rate above zero", "a limit of zero lets nothing pass")
		}
		sum += float64(c.Offered.v.Num) / float64(c.Offered.v.Den) * l.Takes.v.Seconds()
	}
	if sum > scenarios.MaxLimitRequests {
		f.add(l.at, "offer less, or for a shorter time", "%.0f requests are more than %d", sum, scenarios.MaxLimitRequests)
	}
}
