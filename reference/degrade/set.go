package degrade

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Set is the state of one instance's switches: those that operators have turned on and those that have tripped. In a nil Set
// every switch is off. It is safe for concurrent use.
type Set struct {
	clock wallet.Clock
	on    atomic.Pointer[map[wallet.Switch]bool] // replaced as a whole, so that readers never wait

	mu       sync.Mutex
	operator map[wallet.Switch]bool              // turned on by operators
	trips    map[wallet.Switch]map[string]string // the reason of each trip, by source
	since    map[wallet.Switch]wallet.Instant    // of its last change
}

// State is the state of one switch.
type State struct {
	Switch     wallet.Switch
	On         bool
	ByOperator bool           // operators have turned it on
	Since      wallet.Instant // of its last change; 0: it never changed
	Trips      []Trip         // by source; empty unless it tripped
}

// Trip is a reason for a passive switch to be on.
type Trip struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
}

// NewSet returns a set in which every switch is off.
func NewSet(clock wallet.Clock) *Set {
	s := &Set{clock: clock, operator: map[wallet.Switch]bool{}, trips: map[wallet.Switch]map[string]string{}, since: map[wallet.Switch]wallet.Instant{}}
	s.on.Store(&map[wallet.Switch]bool{})
	return s
}

// On reports whether a switch is on, by an operator or by a trip.
func (s *Set) On(name wallet.Switch) bool { return s != nil && (*s.on.Load())[name] }

// ByOperator reports whether operators have turned a switch on.
func (s *Set) ByOperator(name wallet.Switch) bool {
	if !s.On(name) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.operator[name]
}

// Apply takes over the switches that operators have turned on. All others are off, unless they tripped.
func (s *Set) Apply(operator map[wallet.Switch]bool) {
	if s == nil {
		return
	}
	turnedOn := maps.Clone(operator)
	maps.DeleteFunc(turnedOn, func(_ wallet.Switch, on bool) bool { return !on })
	s.mu.Lock()
	defer s.mu.Unlock()
	if !maps.Equal(s.operator, turnedOn) {
		s.operator = turnedOn
		s.publish()
	}
}

// trip turns a passive switch on for a reason, until recover of the same source. Several sources may trip one switch.
func (s *Set) trip(name wallet.Switch, source, reason string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trips[name] == nil {
		s.trips[name] = map[string]string{}
	}
	s.trips[name][source] = reason
	s.publish()
}

// recover ends the trip of a source. The switch goes off unless another source or an operator has it on.
func (s *Set) recover(name wallet.Switch, source string) {
	if !s.On(name) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trips[name], source)
	s.publish()
}

// Watch trips the switch if a call to the source failed, and ends the trip if it succeeded.
func (s *Set) Watch(name wallet.Switch, source string, err error) {
	if err != nil {
		s.trip(name, source, wallet.ReasonOf(err))
		return
	}
	s.recover(name, source)
}

// publish makes the new state visible and records when it changed. The caller holds the lock.
func (s *Set) publish() {
	on := map[wallet.Switch]bool{}
	maps.Copy(on, s.operator)
	for name, sources := range s.trips {
		if len(sources) > 0 {
			on[name] = true
		}
	}
	before := *s.on.Load()
	if maps.Equal(before, on) {
		return
	}
	now := s.clock.Now()
	for _, names := range []map[wallet.Switch]bool{before, on} {
		for name := range names {
			if before[name] != on[name] {
				s.since[name] = now
			}
		}
	}
	s.on.Store(&on)
}

// States returns the state of each switch of the catalogue, in its order, and then of switches that are on and not in it: they
// belong to a later version.
func (s *Set) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	on := *s.on.Load()
	names := make([]wallet.Switch, 0, len(on))
	for _, e := range Catalogue() {
		names = append(names, e.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(on)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	out := make([]State, 0, len(names))
	for _, name := range names {
		state := State{Switch: name, On: on[name], ByOperator: s.operator[name], Since: s.since[name]}
		for _, source := range slices.Sorted(maps.Keys(s.trips[name])) {
			state.Trips = append(state.Trips, Trip{source, s.trips[name][source]})
		}
		out = append(out, state)
	}
	return out
}
