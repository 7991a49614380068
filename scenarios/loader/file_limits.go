package loader

import (
	"time"

	"hongbao/scenarios"
)

type limitsFile struct {
	place
	Instances  number          `json:"instances" jsonschema:"Instances that share each limit (L2)."`
	Hot        share           `json:"hot" jsonschema:"Share of the instances with more traffic than the others."`
	HotTraffic share           `json:"hot_traffic" jsonschema:"Share of the requests that these instances receive."`
	KeyRate    rate            `json:"key_rate" jsonschema:"Calls a second that the shared counter answers on one key (R2)."`
	Takes      span            `json:"takes" jsonschema:"Duration of each case."`
	OutageFrom span            `json:"outage_from" jsonschema:"Time from the start of a case to the outage of the shared counter."`
	OutageFor  span            `json:"outage_for" jsonschema:"Duration of the outage."`
	Cases      []limitCaseFile `json:"cases" jsonschema:"The limits and their offered rates."`
	Pools      limitPoolsFile  `json:"pools" jsonschema:"Festival and everyday traffic on one machine (L3)."`
}

type limitCaseFile struct {
	place
	Name    text `json:"name" jsonschema:"The name of the case, in one word."`
	Limit   rate `json:"limit" jsonschema:"Requests a second that may pass, all instances together."`
	Offered rate `json:"offered" jsonschema:"Offered requests a second."`
}

type limitPoolsFile struct {
	place
	Room         number `json:"room" jsonschema:"Requests that the machine processes at a time."`
	EverydayRoom number `json:"everyday_room" jsonschema:"Of these, the part reserved for everyday traffic if it has a separate pool."`
	Takes        span   `json:"takes" jsonschema:"Processing time of one request."`
	Activity     rate   `json:"activity" jsonschema:"Festival requests a second."`
	Flood        rate   `json:"flood" jsonschema:"Festival requests a second during the flood."`
	Everyday     rate   `json:"everyday" jsonschema:"Everyday requests a second."`
	FloodFrom    span   `json:"flood_from" jsonschema:"Start of the flood."`
	FloodFor     span   `json:"flood_for" jsonschema:"Duration of the flood."`
}

// limits returns the comparison, or nil if the file has none.
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

// checkLimits checks the comparison of limits, if there is one.
func (f *faults) checkLimits(l *limitsFile) {
	if !l.ok {
		return
	}
	n := l.Instances
	f.refuse(n.place, n.v < 2 || n.v > scenarios.MaxLimitInstances, "write the number of instances that share the limits", "%d is not between 2 and %d", n.v, scenarios.MaxLimitInstances)
	f.checkRates(l.KeyRate, l.Pools.Activity, l.Pools.Flood, l.Pools.Everyday)
	for _, d := range []span{l.Takes, l.OutageFor, l.Pools.Takes, l.Pools.FloodFor} {
		f.refuse(d.place, d.v < time.Millisecond || d.v > scenarios.MaxLimitLength, "write a duration such as 10s", "%v is not between %v and %v", d.v, time.Millisecond, scenarios.MaxLimitLength)
	}
	for _, part := range [][2]span{{l.OutageFrom, l.OutageFor}, {l.Pools.FloodFrom, l.Pools.FloodFor}} {
		f.refuse(part[0].place, part[1].ok && l.Takes.ok && part[0].v+part[1].v > l.Takes.v, "choose values whose sum is at most `takes`", "it ends after %v", l.Takes.v)
	}
	f.checkLimitCases(l)
	p := &l.Pools
	f.refuse(p.EverydayRoom.place, p.Room.ok && (p.EverydayRoom.v < 1 || p.EverydayRoom.v >= p.Room.v), "reserve a part of room, not all of it", "%d is not between 1 and %d", p.EverydayRoom.v, p.Room.v-1)
}

// checkLimitCases checks the cases: unique names, limits above zero, and a total number of requests within the bound.
func (f *faults) checkLimitCases(l *limitsFile) {
	if len(l.Cases) > scenarios.MaxLimitCases {
		f.add(l.Cases[scenarios.MaxLimitCases].at, "keep the most important ones", "more than %d cases", scenarios.MaxLimitCases)
	}
	seen, sum := map[string]bool{}, 0.0
	for i := range l.Cases {
		c := &l.Cases[i]
		if seen[c.Name.v] {
			f.add(c.Name.at, "give each case a unique name", "case %q appears twice", short(c.Name.v))
		}
		seen[c.Name.v] = true
		if !c.Limit.ok || !c.Offered.ok {
			continue
		}
		f.refuse(c.Limit.place, c.Limit.v.Num == 0, "write a rate above zero", "a limit of zero lets nothing pass")
		sum += float64(c.Offered.v.Num) / float64(c.Offered.v.Den) * l.Takes.v.Seconds()
	}
	f.refuse(l.place, sum > scenarios.MaxLimitRequests, "offer less, or for a shorter time", "%.0f requests are more than %d", sum, scenarios.MaxLimitRequests)
}
