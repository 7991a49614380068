package node_test

import (
	"context"
	"strconv"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// throw turns a switch on or off, as operators do.
func (s *teller) throw(a *args) string {
	name := wallet.Switch(a.next())
	require.Contains(s.t, wallet.AllSwitches(), name, a.command)
	s.thrown[name] = a.next() == "on"
	s.switches.Apply(s.thrown)
	return ""
}

// released reads who may withdraw.
func (s *teller) released(a *args) wallet.Release {
	num, den := a.ratio("release")
	r := wallet.Release{Num: num, Den: den}
	for _, word := range a.list("white") {
		id, err := strconv.ParseInt(word, 10, 64)
		require.NoError(s.t, err, a.command)
		r.WhiteList = append(r.WhiteList, wallet.ActID(id))
	}
	return r
}

// settled returns the settings that hold: those of the start, until operators change them.
func (s *teller) settled(r wallet.Release) func() wallet.Settings {
	s.settings = &wallet.Settings{Release: r}
	return func() wallet.Settings { return *s.settings }
}

func (s *teller) limit(a *args) string {
	s.settings.WithdrawPerDay, s.settings.WithdrawTimes = a.money("fen", 0), int(a.int("times", 0))
	return ""
}

func (s *teller) release(a *args) string {
	s.settings.Release = s.released(a)
	return ""
}

// faultyDays is the count of the day, through faults.
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
