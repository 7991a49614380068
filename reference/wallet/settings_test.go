package wallet

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSettingsValidate(t *testing.T) {
	valid := Settings{Version: 1, Release: Release{Num: 1, Den: 10, WhiteList: []ActID{7}}, WithdrawPerDay: 1, WithdrawTimes: 1, ShortPage: MaxPage}
	require.NoError(t, valid.Validate())
	for why, change := range map[string]func(*Settings){
		"a version below zero":         func(s *Settings) { s.Version = -1 },
		"a share with denominator 0":   func(s *Settings) { s.Release.Den = 0 },
		"a share above 1":              func(s *Settings) { s.Release.Num = 11 },
		"a share below 0":              func(s *Settings) { s.Release.Num = -1 },
		"wallet 0 in the white list":   func(s *Settings) { s.Release.WhiteList = []ActID{0} },
		"a list beyond its bound":      func(s *Settings) { s.Release.WhiteList = slices.Repeat([]ActID{1}, MaxWhiteList+1) },
		"an amount below zero":         func(s *Settings) { s.WithdrawPerDay = -1 },
		"a number of times below zero": func(s *Settings) { s.WithdrawTimes = -1 },
		"longer than any page":         func(s *Settings) { s.ShortPage = MaxPage + 1 },
		"a page length below zero":     func(s *Settings) { s.ShortPage = -1 },
	} {
		s := valid
		change(&s)
		require.ErrorIs(t, s.Validate(), ErrInvalid, why)
	}
}

// TestReleaseGrows: the release admits about its share of people, those admitted stay admitted while it grows, and a
// share of 1 admits all.
func TestReleaseGrows(t *testing.T) {
	const people = 10_000
	in := map[ActID]bool{}
	for _, num := range []int64{0, 1, 10, 50, 100} {
		n := int64(0)
		for id := ActID(1); id <= people; id++ {
			admitted := Release{Num: num, Den: 100}.Allows(Person{ActID: id})
			require.False(t, in[id] && !admitted, "wallet %d was admitted and no longer is", id)
			if in[id] = admitted; admitted {
				n++
			}
		}
		require.InDelta(t, num*people/100, n, people/50)
	}
	none := Release{Num: 0, Den: 1, WhiteList: []ActID{5}}
	require.True(t, none.Allows(Person{ActID: 9, Former: []ActID{5}}), "one admitted wallet is enough")
	require.False(t, none.Allows(Person{ActID: 9}))
	require.False(t, Release{}.Allows(Person{ActID: 9}), "the zero value admits nobody")
}

func TestDay(t *testing.T) {
	shanghai := time.FixedZone("Shanghai", 8*3600)
	for _, c := range []struct {
		at   time.Time
		want Day
		why  string
	}{
		{time.Date(1970, 1, 1, 0, 0, 0, 0, shanghai), 0, "the first moment of the first day"},
		{time.Date(1970, 1, 1, 23, 59, 59, 999_999_000, shanghai), 0, "the last moment of the first day"},
		{time.Date(1970, 1, 2, 0, 0, 0, 0, shanghai), 1, "midnight"},
		{time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, shanghai), -1, "the moment before the first day"},
		{time.Date(1969, 12, 31, 0, 0, 0, 0, shanghai), -1, "the first moment of the day before"},
		{time.Date(2022, 1, 31, 23, 59, 0, 0, shanghai), 19023, "New Year's Eve"},
		{time.Date(2022, 1, 31, 16, 0, 0, 0, time.UTC), 19024, "the next day begins at 16:00 in London"},
	} {
		require.Equal(t, c.want, InstantOf(c.at).Day(), c.why)
	}
	require.Equal(t, InstantOf(time.UnixMicro(0)).Day(), Instant(0).Day())
	_ = Instant(math.MinInt64).Day() // must not panic
}

func TestWithdrawalStates(t *testing.T) {
	var final, open []WithdrawalState
	for s := WithdrawalState(0); s < 20; s++ {
		switch {
		case !s.Valid():
		case s.Final():
			final = append(final, s)
		default:
			open = append(open, s)
		}
	}
	require.Equal(t, []WithdrawalState{WithdrawalPaid, WithdrawalRefused, WithdrawalReturned, WithdrawalLimited}, final)
	require.Equal(t, []WithdrawalState{WithdrawalAsked, WithdrawalHeld, WithdrawalDeclined}, open)
}

// TestAllSwitches: 26 names, each once (D3).
func TestAllSwitches(t *testing.T) {
	all := AllSwitches()
	require.Len(t, all, 26)
	slices.Sort(all)
	require.Len(t, slices.Compact(all), 26)
}
