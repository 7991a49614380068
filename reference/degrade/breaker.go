package degrade

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// Rule says when a breaker opens and how it closes again.
type Rule struct {
	// Window is how long calls are counted together, from the first one; then the count begins anew.
	Window time.Duration
	// Least is how many calls of a window must be answered before their failures mean anything.
	Least int64
	// FailNum in FailDen is the share of failures from which the breaker opens.
	FailNum, FailDen int64
	// Rest is how long an open breaker lets nothing through, and how long it waits for probes that never come back.
	Rest time.Duration
	// Probes is how many calls are let through after a rest: all must succeed for it to close, one that fails opens it.
	Probes int64
	// Full says that wallet.ErrOverloaded is a failure too. Else it says nothing: a store whose queue is full works as fast
	// as it can, and a rest would take that away.
	Full bool
}

// Rules are those of an instance's breakers.
type Rules struct {
	Systems Rule // other people's
	Weak    Rule // our stores that users' paths can do without (D1)
	Strong  Rule // those that they cannot
}

// DefaultRules opens when half of twenty calls within ten seconds fail: few enough to spare a system in trouble its next
// hundreds, and too many for a lost packet or two. After a rest three probes look whether it is well. Our own stores rest
// for one second, because they are near and an outage should not last longer than it does. A strong one must fail nine
// calls in ten: to refuse what it would have done costs grants, and where one of its shards is dead the others are not.
func DefaultRules() Rules {
	systems := Rule{Window: 10 * time.Second, Least: 20, FailNum: 1, FailDen: 2, Rest: 5 * time.Second, Probes: 3, Full: true}
	weak := systems
	weak.Rest, weak.Full = time.Second, false
	strong := weak
	strong.FailNum, strong.FailDen = 9, 10
	return Rules{systems, weak, strong}
}

// Validate returns wallet.ErrInvalid for a rule that could never open or never close.
func (r Rule) Validate() error {
	if r.Window <= 0 || r.Rest <= 0 || r.Least < 1 || r.Probes < 1 || r.FailNum < 1 || r.FailNum > r.FailDen {
		return fmt.Errorf("%w: degrade: rule of a breaker: %+v", wallet.ErrInvalid, r)
	}
	return nil
}

// BreakerState is what a breaker does with calls.
type BreakerState string

// The states.
const (
	Closed   BreakerState = "closed"    // lets calls through, and counts
	Open     BreakerState = "open"      // lets nothing through, until it has rested
	HalfOpen BreakerState = "half-open" // lets a few probes through
)

// Breaker keeps calls from a system that fails, so that nobody waits for it and it can recover. It trips a passive switch
// while it is not closed, unless it has none. An operator who throws that switch opens it: then only probes reach the
// system. It is safe for concurrent use.
type Breaker struct {
	name  string
	trips wallet.Switch
	set   *Set
	clock wallet.Clock
	rule  Rule

	mu              sync.Mutex
	state           BreakerState
	since           wallet.Instant // of the state; while closed, of the window
	era             int64          // counts the states: a call that comes back in another era than it left in says nothing
	calls, failures int64          // that came back in this era
	probing         int64          // probes under way
	refused         int64          // calls that were not let through, ever
}

// NewBreaker returns a closed breaker before the system of that name, with the switch that it trips; "": none. set, which
// may be nil, is told of its trips.
func NewBreaker(name string, trips wallet.Switch, set *Set, clock wallet.Clock, r Rule) (*Breaker, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if trips == "" {
		set = nil
	}
	return &Breaker{name: name, trips: trips, set: set, clock: clock, rule: r, state: Closed, since: clock.Now()}, nil
}

// Do makes a call, unless the system is given a rest: then it returns wallet.ErrUnavailable, and nothing was done.
func (b *Breaker) Do(ctx context.Context, call func() error) error {
	era, ok := b.enter()
	if !ok {
		return b.resting()
	}
	late := ctx.Err() != nil
	err := call()
	b.leave(era, b.verdict(ctx, late, err))
	return err
}

// verdict is what a call says of the system.
type verdict uint8

const (
	silent verdict = iota // nothing
	well
	ill
)

// verdict returns what an answer says. A call that its caller gave up says nothing, or people who hang up could open the
// breaker for all; nor does one whose time was over before it began: that was spent elsewhere.
func (b *Breaker) verdict(ctx context.Context, late bool, err error) verdict {
	switch {
	case !Failed(err):
		return well
	case late, errors.Is(ctx.Err(), context.Canceled), !b.rule.Full && wallet.CodeOf(err) == wallet.CodeOverloaded:
		return silent
	}
	return ill
}

// resting is what a call that is not let through is told.
func (b *Breaker) resting() error {
	return fmt.Errorf("%w: degrade: %s fails and is given a rest", wallet.ErrUnavailable, b.name)
}

// Failed says whether an answer speaks of a system in trouble. A rule's no, a rate limit and a mistake of ours do not.
func Failed(err error) bool {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnavailable, wallet.CodeUnknown:
		return true
	case wallet.CodeOverloaded:
		return !errors.Is(err, wallet.ErrLimited)
	}
	return false
}

// enter says whether a call may go, and in which era.
func (b *Breaker) enter() (era int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if b.state == Closed && b.set.Thrown(b.trips) {
		b.become(Open, now)
	}
	if b.state != Closed && now.Sub(b.since) >= b.rule.Rest {
		b.become(HalfOpen, now) // also when probes are missing: their instance may have died with them
	}
	switch {
	case b.state == Closed:
		return b.era, true
	case b.state == HalfOpen && b.probing+b.calls < b.rule.Probes:
		b.probing++
		return b.era, true
	}
	b.refused++
	return 0, false
}

// leave counts how a call came back.
func (b *Breaker) leave(era int64, v verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if era != b.era {
		return
	}
	if v == silent {
		b.probing = max(0, b.probing-1) // another one may look
		return
	}
	now := b.clock.Now()
	if b.state == Closed && now.Sub(b.since) >= b.rule.Window {
		b.since, b.calls, b.failures = now, 0, 0
	}
	b.calls++
	if v == ill {
		b.failures++
	}
	switch {
	case b.state == Closed:
		if b.calls >= b.rule.Least && b.failures*b.rule.FailDen >= b.calls*b.rule.FailNum {
			b.trip(now)
		}
	case v == ill:
		b.trip(now)
	default:
		if b.probing--; b.calls == b.rule.Probes {
			b.become(Closed, now)
		}
	}
}

// trip opens the breaker and says why. The caller holds the lock.
func (b *Breaker) trip(now wallet.Instant) {
	b.set.Trip(b.trips, b.name, fmt.Sprintf("%d of %d calls failed", b.failures, b.calls))
	b.become(Open, now)
}

// become begins another era. The caller holds the lock.
func (b *Breaker) become(s BreakerState, now wallet.Instant) {
	b.state, b.since, b.era, b.calls, b.failures, b.probing = s, now, b.era+1, 0, 0, 0
	if s == Closed {
		b.set.Recover(b.trips, b.name)
	}
}

// BreakerStatus is how a breaker stands.
type BreakerStatus struct {
	Name            string
	State           BreakerState
	Since           wallet.Instant // of the state; while closed, of the window that is counted
	Calls, Failures int64          // that came back since then
	Refused         int64          // calls that were not let through, since the start
}

// Status returns how it stands.
func (b *Breaker) Status() BreakerStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BreakerStatus{b.name, b.state, b.since, b.calls, b.failures, b.refused}
}
