package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hongbao/reports"
	"hongbao/reports/text"
)

// Rounds are runs of both sides that were played beside each other, or one right after the other. What the machine does
// in a round it does to both, so each is compared with its partner. Nobody has to declare them: runs belong together that
// lie in folders of one name, when each round was over before the next began.

const (
	// mustSee is the slowdown that a comparison in pairs promises to see; where noise could hide it, nothing is claimed.
	mustSee = 0.10
	// maxLeftOut is the share of rounds that may be left out, as one in so many. Beyond it those that are left are the
	// lucky ones.
	maxLeftOut = 2
)

// Round is one of several runs that lie in a folder of their own each.
type Round struct {
	Name  string    `json:"name"`            // of the folder
	At    time.Time `json:"at"`              // when its load began
	Doubt string    `json:"doubt,omitempty"` // why it says nothing: not all was offered, or had an end
	Late  bool      `json:"late,omitempty"`  // all was offered, but not in time: it says nothing of latencies
}

// RoundOf returns the round that a load was.
func RoundOf(name string, l *reports.Load) Round {
	r := Round{Name: name, At: l.StartedAt, Late: l.Generator.Saturated}
	if lacks := l.Lacks(); len(lacks) > 0 {
		r.Doubt = lacks[0].EN
	}
	return r
}

// couple is one round's index on either side.
type couple struct{ base, candidate int }

// pair cuts both sides down to the rounds in which both offered what was asked for, in order of time, and notes what it
// leaves out. A load that was offered late, as on a machine that others use too, was offered all the same, so that what it
// cost still counts. False: the sides were not played by rounds, and are what they were.
func (d *Diff) pair(base, candidate *Baseline) (b, c *Baseline, ok bool) {
	all := couples(base, candidate)
	if len(all) < 2 {
		return nil, nil, false
	}
	d.lonely("base", base, candidate)
	d.lonely("candidate", candidate, base)
	var sound, onTime []couple
	for _, at := range all {
		b, c := base.Rounds[at.base], candidate.Rounds[at.candidate]
		doubt, side := b.Doubt, "base"
		if doubt == "" {
			doubt, side = c.Doubt, "candidate"
		}
		switch {
		case doubt != "":
			d.Notes = append(d.Notes, fmt.Sprintf("round %s is left out: the %s's load was not the one that was asked for: %s", text.Quote(b.Name), side, text.Quote(doubt)))
			continue
		case !b.Late && !c.Late:
			onTime = append(onTime, at)
		}
		sound = append(sound, at)
	}
	if d.Pairs = len(sound); (len(all)-len(sound))*maxLeftOut > len(all) || len(sound) < 2 {
		d.Result, d.scarce = reports.Unknown, true
		d.Why = append(d.Why, fmt.Sprintf("the load was the one that was asked for in %d of %d rounds only: a lower rate, or a quieter machine", len(sound), len(all)))
	}
	if late := len(sound) - len(onTime); late > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("of %s the latencies are left out: a generator was late in them, and all that was offered was offered in bursts", text.Rounds(late)))
	}
	b = base.only(sound, onTime, func(c couple) int { return c.base })
	c = candidate.only(sound, onTime, func(c couple) int { return c.candidate })
	return b, c, true
}

// only returns b with the values of some rounds: latencies of those on time, all else of those that are sound. Figures of
// which fewer than two values are left are gone.
func (b *Baseline) only(sound, onTime []couple, index func(couple) int) *Baseline {
	cut := *b
	cut.Doubt, cut.Figures = "", nil
	for _, f := range b.Figures {
		from := sound
		if strings.HasSuffix(f.Name, "_us") {
			from = onTime
		}
		if len(f.Values) != b.Runs || len(from) < 2 {
			continue
		}
		values := make([]float64, len(from))
		for i, at := range from {
			values[i] = f.Values[index(at)]
		}
		f.Values = values
		cut.Figures = append(cut.Figures, f)
	}
	return &cut
}

// couples returns the rounds that were played on both sides, in order of time; none unless each was over before the next
// began.
func couples(base, candidate *Baseline) (out []couple) {
	for i, r := range base.Rounds {
		if j := slices.IndexFunc(candidate.Rounds, func(x Round) bool { return x.Name == r.Name }); j >= 0 {
			out = append(out, couple{i, j})
		}
	}
	began := func(c couple) (first, last time.Time) {
		first, last = base.Rounds[c.base].At, candidate.Rounds[c.candidate].At
		if last.Before(first) {
			first, last = last, first
		}
		return first, last
	}
	slices.SortFunc(out, func(a, b couple) int {
		x, _ := began(a)
		y, _ := began(b)
		return x.Compare(y)
	})
	for i := range out {
		if i == 0 {
			continue
		}
		_, before := began(out[i-1])
		if first, _ := began(out[i]); !before.Before(first) {
			return nil
		}
	}
	return out
}

// lonely notes the rounds of one side that the other has not.
func (d *Diff) lonely(name string, side, other *Baseline) {
	for _, r := range side.Rounds {
		if !slices.ContainsFunc(other.Rounds, func(x Round) bool { return x.Name == r.Name }) {
			d.Notes = append(d.Notes, fmt.Sprintf("round %s of the %s has no partner and is left out", text.Quote(r.Name), name))
		}
	}
}

// blind says why a comparison in pairs could not have seen what it promises to see; "" when it could, or saw it.
func (d *Diff) blind() string {
	for _, r := range d.Rows {
		if d.Pairs == 0 || r.Name != Deciding || r.Change != Noisy && r.Change != Same {
			continue
		}
		if limit := max(mustSee, d.MinChange); r.High >= 1+limit {
			return fmt.Sprintf("noise of %s could hide a slowdown of %s: more rounds, longer ones, or a quieter machine", text.Quote(r.Name), text.Percent(limit))
		}
	}
	return ""
}
