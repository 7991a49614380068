package loader

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Bounds of values. Each is above anything that a festival needs.
const (
	maxRate   = 100_000_000     // grants a second in one window; the source's peak is 1.8 M
	maxSpan   = 400 * time.Hour // one duration: more than two weeks; with this bound exact sums fit 128 bits
	firstYear = 2000            // the nanoseconds of these years fit an int64 with a large margin
	lastYear  = 2200            //
	maxText   = 2_000           // bytes of one text
)

// form describes how a scalar is written, for error messages and editors.
type form struct {
	what    string   // such as "a rate"
	hint    string   // how to write it
	pattern string   // regular expression of the text; empty: any text
	names   []string // the allowed values, if they are a fixed list
	number  bool     // unquoted, YAML reads it as a number
}

// scalar is one value of a file. read parses the value and returns the problem, or "".
type scalar interface {
	read(text string) (problem string)
	form() form
	note(at spot, ok bool)
}

// place is the position of a value in the file. ok reports whether the value was present and valid.
type place struct {
	at spot
	ok bool
}

func (p *place) note(at spot, ok bool) { p.at, p.ok = at, ok }

// value is a value of a file and its place.
type value[T any] struct {
	place
	v T
}

func (x value[T]) get() T { return x.v }

type text struct{ value[string] }

func (t *text) read(s string) string {
	if t.v = strings.TrimSpace(s); t.v == "" || len(t.v) > maxText {
		return fmt.Sprintf("is not 1 to %d bytes long", maxText)
	}
	return ""
}

func (*text) form() form { return form{what: "a text", hint: "write a line of text"} }

type toggle struct{ value[bool] }

func (f *toggle) read(s string) string {
	f.v = s == "true"
	if s != "true" && s != "false" {
		return "is neither true nor false"
	}
	return ""
}

func (*toggle) form() form { return form{what: "a boolean", hint: "write true or false"} }

// number is a whole number of things, such as people or weights.
type number struct{ value[int64] }

func (n *number) read(s string) (problem string) {
	digits, unit := cutUnit(s)
	if n.v, problem = whole(digits); problem == "" && n.v > math.MaxInt64/unit {
		problem = "is too large"
	}
	n.v *= unit
	return problem
}

func (*number) form() form {
	return form{what: "a whole number", hint: "write digits, such as 8_000, 300k or 400M", pattern: `^[0-9][0-9_]*[kM]?$`, number: true}
}

// fen is an amount of money.
type fen struct{ value[wallet.Money] }

func (m *fen) read(s string) string {
	n, problem := whole(s)
	m.v = wallet.Money(n)
	return problem
}

func (*fen) form() form {
	return form{what: "an amount in fen", hint: "write whole fen, such as 8_800 for 88 yuan", pattern: `^[0-9][0-9_]*$`, number: true}
}

// share is a part of a whole, from 0 to 1.
type share struct{ value[scenarios.Ratio] }

func (r *share) read(s string) string {
	num, den, problem := s, "1", ""
	if p, ok := strings.CutSuffix(s, "%"); ok {
		num, den = p, "100"
	} else if n, d, ok := strings.Cut(s, "/"); ok {
		num, den = n, d
	}
	if r.v, problem = decimal(num); problem != "" {
		return problem
	}
	d, problem := whole(den)
	if problem == "" && d == 0 {
		problem = "divides by zero"
	}
	if problem != "" {
		return problem
	}
	v, err := r.v.Times(scenarios.Ratio{Num: 1, Den: d})
	if err != nil {
		return "has too many digits"
	}
	if r.v = v; v.Num > v.Den {
		return "is above 1"
	}
	return ""
}

func (*share) form() form {
	return form{what: "a share", hint: "write a share from 0 to 1, such as 1/20, 30%, 0 or 1", pattern: `^[0-9][0-9_.]*(%|/[0-9_]+)?$`, number: true}
}

// rate is a number of grants or entries a second.
type rate struct{ value[scenarios.Ratio] }

func (r *rate) read(s string) (problem string) {
	per, ok := strings.CutSuffix(s, "/s")
	if !ok {
		return "has no unit"
	}
	digits, unit := cutUnit(per)
	if r.v, problem = decimal(digits); problem != "" {
		return problem
	}
	v, err := r.v.Times(scenarios.Ratio{Num: unit, Den: 1})
	if r.v = v; err != nil || v.Num > maxRate*v.Den {
		return fmt.Sprintf("is above %d/s", maxRate)
	}
	return ""
}

func (*rate) form() form {
	return form{what: "a rate", hint: "write a rate per second, such as 5/s, 300k/s or 1.8M/s", pattern: `^[0-9][0-9_.]*[kM]?/s$`}
}

// ParseRate parses a rate per second in the format of scenario files, such as 5/s, 300k/s or 1.8M/s. The error contains the
// problem and the expected format.
func ParseRate(s string) (scenarios.Ratio, error) {
	var r rate
	if problem := r.read(s); problem != "" {
		return scenarios.Ratio{}, fmt.Errorf("%q %s: %s", s, problem, r.form().hint)
	}
	return r.v, nil
}

// span is a duration.
type span struct{ value[time.Duration] }

func (d *span) read(s string) string {
	v, err := time.ParseDuration(s)
	switch d.v = v; {
	case err != nil:
		return "has no unit, or an unknown one"
	case v < 0:
		return "is negative"
	case v > maxSpan:
		return fmt.Sprintf("is above %v", maxSpan)
	}
	return ""
}

func (*span) form() form {
	return form{what: "a duration", hint: "write a duration with its unit, such as 50ms, 150s, 10m or 1h30m", pattern: `^([0-9.]+(h|m|s|ms|us|µs|ns))+$|^0$`, number: true}
}

// moment is a date and time.
type moment struct{ value[time.Time] }

func (m *moment) read(s string) string {
	v, err := time.ParseInLocation("2006-01-02 15:04:05", s, scenarios.Shanghai())
	if err != nil {
		v, err = time.Parse(time.RFC3339, s)
	}
	if m.v = v; err != nil {
		return "is not a date and time"
	}
	if v.Year() < firstYear || v.Year() > lastYear {
		return fmt.Sprintf("is not in the years %d to %d", firstYear, lastYear)
	}
	return ""
}

func (*moment) form() form {
	return form{what: "a moment", hint: "write 2022-01-31 20:00:00, which is Asia/Shanghai, or 2022-01-31T20:00:00+08:00",
		pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}`}
}

// cutUnit removes a trailing k or M and returns its factor.
func cutUnit(s string) (string, int64) {
	if d, ok := strings.CutSuffix(s, "k"); ok {
		return d, 1_000
	}
	if d, ok := strings.CutSuffix(s, "M"); ok {
		return d, 1_000_000
	}
	return s, 1
}

// digits matches a whole number; underscores may separate groups of digits.
var digits = regexp.MustCompile(`^[0-9]+(_[0-9]+)*$`)

// whole parses a whole number that is not negative.
func whole(s string) (int64, string) {
	if d, ok := strings.CutPrefix(s, "-"); ok && digits.MatchString(d) {
		return 0, "is negative"
	}
	if !digits.MatchString(s) {
		return 0, "has characters other than digits"
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Sprintf("is above %d", math.MaxInt64)
	}
	return n, ""
}

// decimals matches a number with an optional decimal part.
var decimals = regexp.MustCompile(`^[0-9]+(_[0-9]+)*(\.[0-9]{1,6})?$`)

// decimal parses a number that is not negative, with at most six digits after the point.
func decimal(s string) (scenarios.Ratio, string) {
	if !decimals.MatchString(strings.TrimPrefix(s, "-")) {
		return scenarios.Ratio{}, "is not written in digits"
	}
	a, b, _ := strings.Cut(s, ".")
	n, problem := whole(a + b)
	den := int64(1)
	for range b {
		den *= 10
	}
	return scenarios.Ratio{Num: n, Den: den}, problem
}
