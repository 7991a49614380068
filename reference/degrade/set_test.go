package degrade_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

// stateOf returns the state of one switch.
func stateOf(t require.TestingT, s *degrade.Set, name wallet.Switch) degrade.State {
	for _, state := range s.States() {
		if state.Switch == name {
			return state
		}
	}
	require.Fail(t, "not listed", name)
	return degrade.State{}
}

func TestSet(t *testing.T) {
	const locks = wallet.SwitchSkipLocks
	clock := &manualClock{startTime}
	s := degrade.NewSet(clock)
	require.Equal(t, degrade.State{Switch: locks}, stateOf(t, s, locks), "everything is off, and always was")
	require.Len(t, s.States(), len(degrade.Catalogue()))

	clock.pass(time.Second)
	s.Trip(locks, "chores", "unavailable")
	clock.pass(time.Second)
	s.Trip(locks, "shards", "unknown_outcome")
	s.Apply(map[wallet.Switch]bool{wallet.SwitchStopCash: true, wallet.SwitchStopUse: false})
	require.True(t, s.On(locks))
	require.False(t, s.ByOperator(locks), "it tripped, and turning others on does not turn it off")
	require.True(t, s.ByOperator(wallet.SwitchStopCash))
	require.False(t, s.On(wallet.SwitchStopUse))
	require.Equal(t, degrade.State{Switch: locks, On: true, Since: startTime.Add(time.Second),
		Trips: []degrade.Trip{{"chores", "unavailable"}, {"shards", "unknown_outcome"}}}, stateOf(t, s, locks), "since the first trip")

	s.Recover(locks, "chores")
	require.True(t, s.On(locks), "another source still has it on")
	s.Apply(map[wallet.Switch]bool{locks: true})
	clock.pass(time.Second)
	s.Recover(locks, "shards")
	require.Equal(t, degrade.State{Switch: locks, On: true, ByOperator: true, Since: startTime.Add(time.Second)}, stateOf(t, s, locks), "operators have it on")
	s.Apply(nil)
	require.Equal(t, degrade.State{Switch: locks, Since: startTime.Add(3 * time.Second)}, stateOf(t, s, locks))

	s.Apply(map[wallet.Switch]bool{"of-next-year": true})
	all := s.States()
	require.Equal(t, wallet.Switch("of-next-year"), all[len(all)-1].Switch, "a switch of a later version is listed")
}

func TestSetWatches(t *testing.T) {
	s := degrade.NewSet(&manualClock{startTime})
	s.Watch(wallet.SwitchLocalConfig, "config", wallet.ErrUnavailable)
	require.Equal(t, []degrade.Trip{{"config", "unavailable"}}, stateOf(t, s, wallet.SwitchLocalConfig).Trips)
	s.Watch(wallet.SwitchLocalConfig, "config", nil)
	require.False(t, s.On(wallet.SwitchLocalConfig))
}

func TestNoSet(t *testing.T) {
	var s *degrade.Set
	s.Trip(wallet.SwitchSkipLocks, "locks", "down")
	s.Recover(wallet.SwitchSkipLocks, "locks")
	require.False(t, s.On(wallet.SwitchSkipLocks), "without a set no switch is on")
	require.False(t, s.ByOperator(wallet.SwitchSkipLocks))
}

// TestSetModel compares the set with two plain sets.
func TestSetModel(t *testing.T) {
	names := []wallet.Switch{wallet.SwitchSkipLocks, wallet.SwitchBreakBank, wallet.SwitchStopCash}
	rapid.Check(t, func(t *rapid.T) {
		clock := &manualClock{startTime}
		s := degrade.NewSet(clock)
		byOperator, tripped, since := map[wallet.Switch]bool{}, map[[2]string]bool{}, map[wallet.Switch]wallet.Instant{}
		on := func(name wallet.Switch) bool {
			return byOperator[name] || tripped[[2]string{string(name), "a"}] || tripped[[2]string{string(name), "b"}]
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			clock.pass(time.Second)
			before := map[wallet.Switch]bool{}
			for _, name := range names {
				before[name] = on(name)
			}
			name, source := rapid.SampledFrom(names).Draw(t, "switch"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "source")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				s.Trip(name, source, "down")
				tripped[[2]string{string(name), source}] = true
			case 1:
				s.Recover(name, source)
				delete(tripped, [2]string{string(name), source})
			default:
				byOperator = map[wallet.Switch]bool{name: rapid.Bool().Draw(t, "on")}
				s.Apply(byOperator)
			}
			for _, name := range names {
				if on(name) != before[name] {
					since[name] = clock.now
				}
				require.Equal(t, on(name), s.On(name))
				require.Equal(t, byOperator[name], s.ByOperator(name))
				require.Equal(t, since[name], stateOf(t, s, name).Since)
			}
		}
	})
}

// TestSetTogether: concurrent readers and writers see consistent states.
func TestSetTogether(t *testing.T) {
	s := degrade.NewSet(&manualClock{startTime})
	var all sync.WaitGroup
	for _, source := range []string{"a", "b", "c"} {
		all.Go(func() {
			for range 1000 {
				s.Trip(wallet.SwitchSkipLocks, source, "down")
				if !s.On(wallet.SwitchSkipLocks) {
					t.Error("its own trip is not seen")
				}
				s.Recover(wallet.SwitchSkipLocks, source)
			}
		})
	}
	all.Wait()
	require.False(t, s.On(wallet.SwitchSkipLocks))
}

func BenchmarkOn(b *testing.B) {
	s := degrade.NewSet(&manualClock{startTime})
	s.Apply(map[wallet.Switch]bool{wallet.SwitchStopUse: true})
	b.ReportAllocs()
	for b.Loop() {
		if s.On(wallet.SwitchStopCash) {
			b.Fatal()
		}
	}
}
