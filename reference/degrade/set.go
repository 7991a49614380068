package degrade

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Set is the switches of one instance as they stand: what operators have thrown, and what tripped by itself. A nil Set has
// none on. It is safe for concurrent use.
type Set struct {
	clock wallet.Clock
	on    atomic.Pointer[map[wallet.Switch]bool] // replaced whole: readers never wait

	mu     sync.Mutex
	thrown map[wallet.Switch]bool
	trips  map[wallet.Switch]map[string]string // what tripped it, by its source: reason
	since  map[wallet.Switch]wallet.Instant    // when it last went on or off
}

// State is how one switch stands.
type State struct {
	Switch wallet.Switch
	On     bool
	Thrown bool           // by operators
	Since  wallet.Instant // when it last went on or off; 0: it never did
	Trips  []Trip         // what tripped it, by source; empty unless it tripped by itself
}

// Trip is a reason for a passive switch to be on.
type Trip struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
}

// NewSet returns a set with everything off.
func NewSet(clock wallet.Clock) *Set {
	s := &Set{clock: clock, thrown: map[wallet.Switch]bool{}, trips: map[wallet.Switch]map[string]string{}, since: map[wallet.Switch]wallet.Instant{}}
	s.on.Store(&map[wallet.Switch]bool{})
	return s
}

// On says whether a switch is on, thrown or tripped.
func (s *Set) On(name wallet.Switch) bool { return s != nil && (*s.on.Load())[name] }

// Thrown says whether operators have thrown a switch.
func (s *Set) Thrown(name wallet.Switch) bool {
	if !s.On(name) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.thrown[name]
}

// Apply takes over what operators have thrown; what is not in it, or false there, is off.
func (s *Set) Apply(thrown map[wallet.Switch]bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.thrown = map[wallet.Switch]bool{}
	for name, on := range thrown {
		if on {
			s.thrown[name] = true
		}
	}
	s.publish()
}

// Trip turns a passive switch on for a reason, until its source says Recover. Several sources may hold one switch.
func (s *Set) Trip(name wallet.Switch, source, reason string) {
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

// Recover takes a source's trip back. The switch is off when nobody else holds it.
func (s *Set) Recover(name wallet.Switch, source string) {
	if !s.On(name) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trips[name], source)
	s.publish()
}

// Watch trips the switch when a call to the source failed, and recovers it when it did not.
func (s *Set) Watch(name wallet.Switch, source string, err error) {
	if err != nil {
		s.Trip(name, source, wallet.ReasonOf(err))
		return
	}
	s.Recover(name, source)
}

// publish makes what is on visible, and notes what has changed. The caller holds the lock.
func (s *Set) publish() {
	on := maps.Clone(s.thrown)
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

// States returns how the switches of the catalogue stand, in its order, and after them any that are on and are not in it:
// those of a later version.
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
		state := State{Switch: name, On: on[name], Thrown: s.thrown[name], Since: s.since[name]}
		for _, source := range slices.Sorted(maps.Keys(s.trips[name])) {
			state.Trips = append(state.Trips, Trip{source, s.trips[name][source]})
		}
		out = append(out, state)
	}
	return out
}
