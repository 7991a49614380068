package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
)

// ErrFocus reports that a scenario has no such window, or that the window cannot have the requested size.
var ErrFocus = errors.New("scenarios: impossible focus")

// ErrTooManyPeople reports, together with ErrFocus, that a window of this size needs more people than a scenario may have.
var ErrTooManyPeople = errors.New("too many people")

// Focus returns one window of s as a separate scenario for a test in real time. The curve keeps its shape, with another
// duration and another peak.
//
// window is the window's name or its Slug; "" selects the first window with Peak set, or else the first window.
//
// The curve is scaled in time to duration (0: unchanged), with points rounded down to the nanosecond. The rates are
// multiplied so that the highest is exactly peak (0: unchanged). Rate limits and machines are scaled like the rates. People
// and budgets are scaled like the number of grants, rounded up, and are at least what the grants need.
//
// The delays after a win are shortened in proportion, so that these journeys end within duration: look and withdraw; look
// and use a reward; look, send a packet, and its opening. The delay of a second look is not shortened. In a lottery every
// invited person takes part, as if they had collected all cards. Faults are dropped, because their moments are those of the
// calendar. The window may end after its stage: in real time the stage is open during the whole test.
//
// ErrFocus: there is no such window; the duration or the peak is negative; a window without grants cannot reach a peak; two
// points would have the same time; or a number has no exact 64-bit ratio.
func Focus(s *Scenario, window string, peak Ratio, duration time.Duration) (*Scenario, error) {
	w, err := s.Find(window)
	if err != nil {
		return nil, err
	}
	f := focus{from: *w, long: w.End().Sub(w.Start)}
	f.duration = cmp.Or(duration, f.long)
	if f.duration < 0 || peak.Num < 0 || peak.Num > 0 && peak.Den <= 0 {
		return nil, fmt.Errorf("%w: a duration of %v with a peak of %v; want neither below zero", ErrFocus, duration, peak)
	}
	if err := f.heights(peak); err != nil {
		return nil, err
	}
	out := *s
	f.window = f.from
	if f.window.Rate, err = f.points(); err != nil {
		return nil, err
	}
	out.Faults = nil
	if err := f.people(&out); err != nil {
		return nil, fmt.Errorf("%w: window %q: %w", ErrFocus, w.Name, err)
	}
	out.Windows = []Window{f.window}
	out.People.After = hastened(s.People.After, f.duration)
	return &out, nil
}

// StockedAs returns a copy of the focused scenario s with the stocks of the whole scenario. A service that was started with
// the whole scenario has these stocks, because it knows no windows. Both scenarios have the same tree.
func (s *Scenario) StockedAs(whole *Scenario) *Scenario {
	out := *s
	out.Activity = (&scaler{by: Ratio{1, 1}}).activity(s.Activity) // a copy
	for i, c := range out.Activity.Children {
		for j, t := range c.Rewards {
			for k := range t.Rewards {
				t.Rewards[k].Stock = whole.Activity.Children[i].Rewards[j].Rewards[k].Stock
			}
		}
	}
	return &out
}

// Slug returns the window's name for the command line: lower case, with a dash in place of characters other than letters
// and digits.
func (w Window) Slug() string {
	parts := strings.FieldsFunc(strings.ToLower(w.Name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(parts, "-")
}

// Find returns the window with this name or slug; "" selects as in Focus. The error is ErrFocus.
func (s *Scenario) Find(name string) (*Window, error) {
	if len(s.Windows) == 0 {
		return nil, fmt.Errorf("%w: scenario %s has no window", ErrFocus, s.Name)
	}
	i := slices.IndexFunc(s.Windows, func(w Window) bool { return w.Name == name })
	if name == "" {
		i = max(0, slices.IndexFunc(s.Windows, func(w Window) bool { return w.Peak }))
	} else if i < 0 {
		i = slices.IndexFunc(s.Windows, func(w Window) bool { return w.Slug() == name })
	}
	if i >= 0 {
		return &s.Windows[i], nil
	}
	var there []string
	for _, w := range s.Windows {
		there = append(there, w.Slug())
	}
	return nil, fmt.Errorf("%w: no window %q; the windows are: %s", ErrFocus, name, strings.Join(there, ", "))
}

// focus is the conversion of one window.
type focus struct {
	from, window Window
	long         time.Duration // of from
	duration     time.Duration // of window
	by           Ratio         // of the rates
}

// heights computes the factor of the rates.
func (f *focus) heights(peak Ratio) error {
	f.by = Ratio{1, 1}
	if peak.Num == 0 {
		return nil
	}
	high := new(big.Rat)
	for _, p := range f.from.Rate {
		if r := big.NewRat(p.Rate.Num, p.Rate.Den); r.Cmp(high) > 0 {
			high = r
		}
	}
	if high.Sign() == 0 {
		return fmt.Errorf("%w: window %q has no grants, so its rate cannot be raised to %v a second", ErrFocus, f.from.Name, peak)
	}
	by := high.Quo(big.NewRat(peak.Num, peak.Den), high)
	if !by.Num().IsInt64() || !by.Denom().IsInt64() {
		return fmt.Errorf("%w: %w: a peak of %v", ErrFocus, errScale, peak)
	}
	f.by = Ratio{by.Num().Int64(), by.Denom().Int64()}
	return nil
}

// points returns the curve scaled in time and in rate.
func (f *focus) points() ([]Point, error) {
	out := slices.Clone(f.from.Rate)
	for i, p := range out {
		rate, err := p.Rate.Times(f.by)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFocus, err)
		}
		out[i] = Point{At: part(p.At, f.duration, f.long), Rate: rate}
		if i > 0 && out[i].At <= out[i-1].At {
			return nil, fmt.Errorf("%w: window %q has points that would have the same time within %v", ErrFocus, f.from.Name, f.duration)
		}
	}
	return out, nil
}

// part returns d·num/den, rounded down to the nanosecond. den must be above zero; the result fits if num is at most a year.
func part(d, num, den time.Duration) time.Duration {
	p := new(big.Int).Mul(big.NewInt(int64(d)), big.NewInt(int64(num)))
	return time.Duration(p.Quo(p, big.NewInt(int64(den))).Int64())
}

// people scales people, budgets, limits and machines for the window.
func (f *focus) people(out *Scenario) error {
	curve, err := f.window.Curve()
	if err != nil {
		return err
	}
	grants, was := curve.Grants(), f.from.Grants()
	byGrants, byRate := scaler{by: Ratio{grants, max(was, 1)}}, scaler{by: f.by}
	f.window.Rules = byGrants.rules(f.window.Rules)
	if f.window.Lottery != nil {
		f.window.Lottery.Of = "" // the other window is dropped
	}
	invited := f.window.People
	if invited.Num <= 0 && grants > 0 {
		return fmt.Errorf("nobody is invited to a window of %d grants", grants)
	}
	needs := scaler{by: Ratio{invited.Den, max(invited.Num, 1)}}
	times := f.window.Times()
	out.People.Count = max(1, byGrants.whole(out.People.Count), needs.whole((grants+times-1)/times))
	limits := byRate.activity(out.Activity)
	out.Activity = byGrants.activity(out.Activity)
	for i, c := range out.Activity.Children {
		for j, t := range c.Rewards {
			for k, r := range t.Rewards {
				for l := range r.Scenes {
					r.Scenes[l].RateLimit = limits.Children[i].Rewards[j].Rewards[k].Scenes[l].RateLimit
				}
			}
		}
	}
	out.Capacity = byRate.capacity(out.Capacity)
	count := out.People.Count
	out.Withdraw.WhiteList = slices.DeleteFunc(slices.Clone(out.Withdraw.WhiteList), func(p int64) bool { return p >= count })
	if count > MaxPeople {
		return fmt.Errorf("%w: %d, at most %d", ErrTooManyPeople, count, int64(MaxPeople))
	}
	return errors.Join(byGrants.err, byRate.err, needs.err)
}

// hastened shortens the journeys after a win, so that none takes longer than within. It does not shorten the delay of a second
// look: these looks happen after the run, and to move them into the run would make a load that no festival has.
func hastened(a AfterWin, within time.Duration) AfterWin {
	long := a.Journey()
	if long <= within {
		return a
	}
	for _, r := range []*Range{&a.LookDelay, &a.WithdrawDelay, &a.UseDelay, &a.SendDelay, &a.OpenDelay} {
		*r = r.part(within, long)
	}
	return a
}

// Journey returns the maximum duration of the longest journey after a win: to look and withdraw; to look and use a reward; or
// to look and send a packet that is then opened.
func (a AfterWin) Journey() time.Duration {
	long := a.LookDelay.Max + a.WithdrawDelay.Max
	if a.Use.Num > 0 {
		long = max(long, a.UseDelay.Max+a.LookDelay.Max)
	}
	if a.Send.Num > 0 {
		long = max(long, a.LookDelay.Max+a.SendDelay.Max+a.OpenDelay.Max)
	}
	return long
}

// part returns num/den of the range.
func (r Range) part(num, den time.Duration) Range {
	return Range{part(r.Min, num, den), part(r.Max, num, den)}
}
