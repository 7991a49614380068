package storetest

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// ConfigCentre tests an adapter of wallet.ConfigCentre. open returns two instances' connections to one centre.
func ConfigCentre(t *testing.T, open func(t *testing.T) (here, there wallet.ConfigCentre)) {
	t.Run("switches", func(t *testing.T) { here, there := open(t); switchesAreShared(t, here, there) })
	t.Run("settings", func(t *testing.T) { here, there := open(t); settingsAreVersioned(t, here, there) })
	t.Run("one of many callers changes", func(t *testing.T) { here, there := open(t); oneChanges(t, here, there) })
}

func switchesAreShared(t *testing.T, here, there wallet.ConfigCentre) {
	expect := func(why string, want ...wallet.Switch) {
		t.Helper()
		for _, s := range []wallet.ConfigCentre{here, there} {
			got := first(s.Read(t.Context())).ok(t)
			on := []wallet.Switch{}
			for name, is := range got {
				require.True(t, is, "%s is listed and off", name)
				on = append(on, name)
			}
			require.ElementsMatch(t, want, on, why)
		}
	}
	const one, other = wallet.SwitchDistrustTokens, wallet.SwitchStopCash
	expect("the initial state")
	require.NoError(t, here.Set(t.Context(), one, false))
	expect("off is the initial state")
	for range 2 {
		require.NoError(t, here.Set(t.Context(), one, true))
		expect("on, for all instances", one)
	}
	require.NoError(t, there.Set(t.Context(), other, true))
	expect("a switch does not affect another one", one, other)
	for range 2 {
		require.NoError(t, there.Set(t.Context(), one, false))
		expect("off again, whichever instance turned it on", other)
	}
}

func settingsAreVersioned(t *testing.T, here, there wallet.ConfigCentre) {
	second(here.Read(t.Context())).returns(t, wallet.Settings{}, "the initial settings")

	to := wallet.Settings{Release: wallet.Release{Num: 1, Den: 10, WhiteList: []wallet.ActID{7, 9}}, WithdrawPerDay: 20_000, WithdrawTimes: 3, ShortPage: 5}
	require.NoError(t, here.Change(t.Context(), to))
	to.Version = 1
	for _, s := range []wallet.ConfigCentre{here, there} {
		second(s.Read(t.Context())).returns(t, to, "all fields, for all instances")
	}
	require.NoError(t, there.Set(t.Context(), wallet.SwitchStopCash, true))
	late := to
	late.Version, late.WithdrawTimes = 0, 9
	require.ErrorIs(t, there.Change(t.Context(), late), wallet.ErrStale)
	late.Version = 2
	require.ErrorIs(t, there.Change(t.Context(), late), wallet.ErrStale, "a version that does not exist yet")
	bad := to
	bad.Release.Num = 11
	require.ErrorIs(t, here.Change(t.Context(), bad), wallet.ErrInvalid, "a release of eleven in ten")
	second(here.Read(t.Context())).returns(t, to, "a refused change has no effect")
	require.True(t, first(here.Read(t.Context())).ok(t)[wallet.SwitchStopCash], "switches are independent of the settings")

	to.Release.WhiteList, to.WithdrawPerDay = nil, 0
	require.NoError(t, there.Change(t.Context(), to))
	to.Version = 2
	second(here.Read(t.Context())).returns(t, to, "fields can be cleared, too")
	require.True(t, first(here.Read(t.Context())).ok(t)[wallet.SwitchStopCash])
}

func oneChanges(t *testing.T, here, there wallet.ConfigCentre) {
	const rounds = 20
	var changed [rounds]atomic.Int64
	together(t, func(t *testing.T, caller int) {
		s := []wallet.ConfigCentre{here, there}[caller%2]
		for version := range int64(rounds) {
			err := s.Change(t.Context(), wallet.Settings{Version: version, Release: wallet.Release{Den: 1}, WithdrawTimes: caller})
			if err == nil {
				changed[version].Add(1)
				continue
			}
			require.ErrorIs(t, err, wallet.ErrStale)
		}
	})
	have := second(here.Read(t.Context())).ok(t)
	counts := make([]int64, rounds)
	for i := range changed {
		counts[i] = changed[i].Load()
	}
	require.Equal(t, slices.Repeat([]int64{1}, int(have.Version)), counts[:have.Version], "each version was written by one caller")
	require.Positive(t, have.Version)
}
