package loader

import (
	"cmp"
	"strings"

	"hongbao/scenarios"
)

// lapse is a range of durations, such as 1s..30s.
type lapse struct{ value[scenarios.Range] }

func (l *lapse) read(s string) string {
	low, high, ranged := strings.Cut(s, "..")
	if !ranged {
		high = low
	}
	var a, b span
	if problem := cmp.Or(a.read(low), b.read(high)); problem != "" {
		return problem
	}
	if l.v = (scenarios.Range{Min: a.v, Max: b.v}); a.v > b.v {
		return "ends before it begins"
	}
	return ""
}

func (*lapse) form() form {
	return form{what: "a range of durations", hint: "write the shortest and the longest, such as 1s..30s", pattern: `^[0-9].*[a-z](\.\.[0-9].*[a-z])?$`}
}

// point is a rate at a moment of a window, such as 1.8M/s at 10s.
type point struct{ value[scenarios.Point] }

func (p *point) read(s string) string {
	var r rate
	var at span
	value, moment, ok := strings.Cut(s, " at ")
	if !ok {
		return "has no moment"
	}
	if problem := r.read(value); problem != "" {
		return problem
	}
	problem := at.read(moment)
	p.v = scenarios.Point{At: at.v, Rate: r.v}
	return problem
}

func (*point) form() form {
	return form{what: "a rate at a moment", hint: "write a rate and the time since the window's start, such as 1.8M/s at 10s", pattern: `^[0-9][0-9_.]*[kM]?/s at .+$`}
}

// band is a range of amounts in fen and its weight, such as 8..88 weight 70.
type band struct{ value[scenarios.AmountBand] }

// maxWeight bounds one weight, so that sums of weights are small.
const maxWeight = 1_000_000

func (b *band) read(s string) string {
	amounts, weight, ok := strings.Cut(s, " weight ")
	if !ok {
		return "has no weight"
	}
	low, high, ranged := strings.Cut(amounts, "..")
	if !ranged {
		high = low
	}
	var from, to fen
	var w number
	if problem := cmp.Or(from.read(low), to.read(high), w.read(weight)); problem != "" {
		return problem
	}
	b.v = scenarios.AmountBand{Min: from.v, Max: to.v, Weight: int(w.v)}
	switch {
	case from.v == 0:
		return "is not above zero"
	case from.v > to.v:
		return "ends before it begins"
	case w.v == 0 || w.v > maxWeight:
		return "has a weight that is not between 1 and 1000000"
	}
	return ""
}

func (*band) form() form {
	return form{what: "a range of amounts", hint: "write the smallest and the largest amount in fen and a weight, such as 8..88 weight 70",
		pattern: `^[0-9_]+(\.\.[0-9_]+)? weight [0-9_]+$`}
}

// weight is a whole number; only its proportion to the other weights of the list matters.
type weight struct{ number }

func (w *weight) read(s string) string {
	problem := w.number.read(s)
	if problem == "" && w.v > maxWeight {
		problem = "is above 1000000"
	}
	return problem
}
