package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hongbao/reports"
	"hongbao/reports/text"
)

// A round is a pair of runs, one of each side, that ran at the same time or one directly after the other. A disturbance of the
// machine affects both runs of a round, so the two are compared as a pair. Rounds are not declared: two runs form a round if
// their folders have the same name and each round ended before the next began.

const (
	// detectable is the slowdown that a comparison in pairs must detect. If noise could hide it, the result is unknown.
	detectable = 0.10
	// maxExcluded bounds the excluded rounds: one in maxExcluded. With more, the remaining rounds are a biased choice.
	maxExcluded = 2
)

// Round is one side's run of a round.
type Round struct {
	Name  string    `json:"name"`            // of the folder
	At    time.Time `json:"at"`              // start of its load
	Doubt string    `json:"doubt,omitempty"` // why the round is excluded: a part of the load was not offered or did not end
	Late  bool      `json:"late,omitempty"`  // the whole load was offered, but late: its latencies are excluded
}

// RoundOf returns the round of a load whose folder has the given name.
func RoundOf(name string, l *reports.Load) Round {
	r := Round{Name: name, At: l.StartedAt, Late: l.Generator.Saturated}
	if missing := l.Shortfalls(); len(missing) > 0 {
		r.Doubt = missing[0].EN
	}
	return r
}

// roundPair holds the indices of a round on the two sides.
type roundPair struct{ base, candidate int }

// pair reduces both sides to the rounds in which both loads were offered as requested, in order of time, and notes the excluded
// ones. A round whose load was offered late, as on a shared machine, is excluded only from the latencies: its CPU time
// counts. ok is false if the sides do not form rounds.
func (d *Diff) pair(base, candidate *Baseline) (b, c *Baseline, ok bool) {
	all := roundPairs(base, candidate)
	if len(all) < 2 {
		return nil, nil, false
	}
	d.noteUnpaired("base", base, candidate)
	d.noteUnpaired("candidate", candidate, base)
	var valid, onTime []roundPair
	for _, at := range all {
		b, c := base.Rounds[at.base], candidate.Rounds[at.candidate]
		doubt, side := b.Doubt, "base"
		if doubt == "" {
			doubt, side = c.Doubt, "candidate"
		}
		switch {
		case doubt != "":
			d.Notes = append(d.Notes, fmt.Sprintf("round %s is excluded: the load of the %s was not offered as requested: %s", text.Quote(b.Name), side, text.Quote(doubt)))
			continue
		case !b.Late && !c.Late:
			onTime = append(onTime, at)
		}
		valid = append(valid, at)
	}
	if d.Pairs = len(valid); (len(all)-len(valid))*maxExcluded > len(all) || len(valid) < 2 {
		d.Result, d.tooFewRounds = reports.Unknown, true
		d.Why = append(d.Why, fmt.Sprintf("the load was offered as requested in only %d of %d rounds; use a lower rate or a quieter machine", len(valid), len(all)))
	}
	if late := len(valid) - len(onTime); late > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("the latencies of %s are excluded: a generator was late and offered its load in bursts", counted(late, "round")))
	}
	b = base.selectRounds(valid, onTime, func(c roundPair) int { return c.base })
	c = candidate.selectRounds(valid, onTime, func(c roundPair) int { return c.candidate })
	return b, c, true
}

// selectRounds returns b with the values of some rounds: latencies of the rounds onTime, other figures of the rounds valid. A
// figure with fewer than two values is dropped.
func (b *Baseline) selectRounds(valid, onTime []roundPair, index func(roundPair) int) *Baseline {
	cut := *b
	cut.Doubt, cut.Figures = "", nil
	for _, f := range b.Figures {
		from := valid
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

// roundPairs returns the rounds that both sides have, in order of time. It returns nil unless each round ended before the next
// began.
func roundPairs(base, candidate *Baseline) (out []roundPair) {
	for i, r := range base.Rounds {
		if j := slices.IndexFunc(candidate.Rounds, func(x Round) bool { return x.Name == r.Name }); j >= 0 {
			out = append(out, roundPair{i, j})
		}
	}
	began := func(c roundPair) (first, last time.Time) {
		first, last = base.Rounds[c.base].At, candidate.Rounds[c.candidate].At
		if last.Before(first) {
			first, last = last, first
		}
		return first, last
	}
	slices.SortFunc(out, func(a, b roundPair) int {
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

// noteUnpaired adds a note for each round of side that other does not have.
func (d *Diff) noteUnpaired(name string, side, other *Baseline) {
	for _, r := range side.Rounds {
		if !slices.ContainsFunc(other.Rounds, func(x Round) bool { return x.Name == r.Name }) {
			d.Notes = append(d.Notes, fmt.Sprintf("round %s of the %s has no partner and is excluded", text.Quote(r.Name), name))
		}
	}
}

// hiddenSlowdown returns why a comparison in pairs may have missed a slowdown that it must detect, or "" if it cannot have
// missed one.
func (d *Diff) hiddenSlowdown() string {
	for _, r := range d.Rows {
		if d.Pairs == 0 || r.Name != Deciding || r.Change != Noisy && r.Change != Same {
			continue
		}
		if limit := max(detectable, d.MinChange); r.High >= 1+limit {
			return fmt.Sprintf("noise of %s could hide a slowdown of %s; use more rounds, longer rounds or a quieter machine", text.Quote(r.Name), text.Percent(limit))
		}
	}
	return ""
}
