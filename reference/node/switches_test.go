package node_test

import (
	"context"
	"strconv"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// setSwitch turns a switch on or off, as operators do.
func (s *storyRunner) setSwitch(a *args) string {
	name := wallet.Switch(a.next())
	require.Contains(s.t, wallet.AllSwitches(), name, a.command)
	s.switched[name] = a.next() == "on"
	s.switches.Apply(s.switched)
	return ""
}

// readRelease reads a release from the command's words.
func (s *storyRunner) readRelease(a *args) wallet.Release {
	num, den := a.ratio("release")
	r := wallet.Release{Num: num, Den: den}
	for _, word := range a.list("white") {
		id, err := strconv.ParseInt(word, 10, 64)
		require.NoError(s.t, err, a.command)
		r.WhiteList = append(r.WhiteList, wallet.ActID(id))
	}
	return r
}

// currentSettings returns the settings in force: those of open, until the story changes them.
func (s *storyRunner) currentSettings(r wallet.Release) func() wallet.Settings {
	s.settings = &wallet.Settings{Release: r}
	return func() wallet.Settings { return *s.settings }
}

func (s *storyRunner) limit(a *args) string {
	s.settings.WithdrawPerDay, s.settings.WithdrawTimes = a.money("fen", 0), int(a.int("times", 0))
	return ""
}

func (s *storyRunner) release(a *args) string {
	s.settings.Release = s.readRelease(a)
	return ""
}

// faultyDays is the count of the day's withdrawals, with faults.
type faultyDays struct {
	*faults
	inner wallet.WithdrawalDays
}

var _ wallet.WithdrawalDays = faultyDays{}

func (p faultyDays) Take(ctx context.Context, w wallet.Withdrawal, l wallet.DayLimit) error {
	return p.call("days.take", func() error { return p.inner.Take(ctx, w, l) })
}

func (p faultyDays) GiveBack(ctx context.Context, w wallet.Withdrawal) error {
	return p.call("days.back", func() error { return p.inner.GiveBack(ctx, w) })
}
