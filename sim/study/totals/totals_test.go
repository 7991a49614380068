package totals

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/sim/world"
)

// hundredth is the shipped comparison at a hundredth of its size.
func hundredth(t *testing.T) *scenarios.Scenario {
	whole, err := loader.Load("../../../scenarios/running-total.yaml")
	require.NoError(t, err)
	s, err := scenarios.Scale(whole, 1, 100)
	require.NoError(t, err)
	require.NotNil(t, s.RunningTotal)
	return s
}

func value(t *testing.T, s reports.Study, design int, name string) float64 {
	t.Helper()
	for i, c := range s.Columns {
		if c.Name == name {
			return s.Designs[design].Values[i]
		}
	}
	require.Fail(t, "no such column", name)
	return 0
}

func failing(s reports.Study) (names []string) {
	for _, c := range s.Checks {
		if c.Result != reports.Pass {
			names = append(names, c.Name)
		}
	}
	return names
}

// TestStudy: the shipped comparison passes whatever the seed, every check was evaluated, and its table is whole.
func TestStudy(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one thread of virtual time, run without it")
	}
	s := hundredth(t)
	for seed := range uint64(4) {
		got, err := Study(t.Context(), s, seed)
		require.NoError(t, err)
		require.Empty(t, failing(got), "seed %d: %+v", seed, got.Checks)
		require.Equal(t, reports.Pass, got.Verdict)
		require.Len(t, got.Designs, 4)
		for _, c := range got.Checks {
			require.Positive(t, c.Evaluations, c.Name)
		}
		for _, d := range got.Designs {
			require.Len(t, d.Values, len(got.Columns), d.Name)
		}
		require.NotEmpty(t, got.Notes)

		// The source's arithmetic: 28 k calls an interval on one key, a hundred keys read by each reader.
		require.InEpsilon(t, 28_000.0/100, value(t, got, two, "hot_key_qps"), 0.05)
		require.InEpsilon(t, 2_000_000.0/100, value(t, got, one, "get_qps"), 0.05)
		require.InEpsilon(t, 300_000.0/100, value(t, got, one, "write_qps"), 0.01)
		require.Zero(t, value(t, got, our, "error_end_ppm"))
		require.Zero(t, value(t, got, our, "crash_left_ppm"))
		require.Negative(t, value(t, got, our, "crash_lost_ppm"), "crashes took something, and repair brought it back")
		require.Less(t, value(t, got, two, "timeouts_left_ppm"), 0.0)
		require.Greater(t, value(t, got, again, "timeouts_left_ppm"), 0.0)
	}
}

func TestStudyIsAFunctionOfItsSeed(t *testing.T) {
	s := hundredth(t)
	a, err := Study(t.Context(), s, 7)
	require.NoError(t, err)
	b, err := Study(t.Context(), s, 7)
	require.NoError(t, err)
	require.Equal(t, a, b)
	c, err := Study(t.Context(), s, 8)
	require.NoError(t, err)
	require.NotEqual(t, a.Designs, c.Designs)
}

func TestStudyOfNothing(t *testing.T) {
	_, err := Study(t.Context(), &scenarios.Scenario{}, 7)
	require.ErrorIs(t, err, ErrNone)
	tiny := hundredth(t)
	tiny.RunningTotal.KeyRate.Den = maxDen + 1
	_, err = Study(t.Context(), tiny, 7)
	require.ErrorIs(t, err, ErrTooFine)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Study(ctx, hundredth(t), 7)
	require.ErrorIs(t, err, context.Canceled)
}

// TestSameLoad: every design is granted the same, to the fen, whatever befalls it.
func TestSameLoad(t *testing.T) {
	r := hundredth(t).RunningTotal
	var granted []wallet.Money
	for _, c := range contenders(r) {
		p, err := play(t.Context(), r, 7, c.start)
		require.NoError(t, err)
		granted = append(granted, p.granted)
		require.Equal(t, newLoad(r, 7).made(8*time.Second)+2*newLoad(r, 7).made(10*time.Second)+newLoad(r, 7).made(12*time.Second), p.grants, c.name)
	}
	for _, g := range granted {
		require.Equal(t, granted[0], g)
		require.Greater(t, g, r.Before)
	}
}

// The bugs below are planted into the service's code as the comparison runs it.

// lazy flushes once in five intervals.
type lazy struct {
	*ours
	n int
}

func (d *lazy) flush(ctx context.Context, writer int) {
	if d.n++; d.n/len(d.writers)%5 == 0 {
		d.ours.flush(ctx, writer)
	}
}

// lowers shows what the store says, and makes nothing agree.
type lowers struct {
	*ours
	last map[int]wallet.Money
}

func (d *lowers) agree(context.Context)                     {}
func (d *lowers) repair(context.Context, wallet.Money) bool { return true }

func (d *lowers) refresh(ctx context.Context, reader int) bool {
	d.ours.refresh(ctx, reader)
	total, err := d.twofold.Total(ctx, stage)
	if err == nil {
		d.last[reader] = total
	}
	return err == nil
}

func (d *lowers) shown(reader int) (wallet.Money, bool) {
	v, ok := d.last[reader]
	return v, ok
}

// rash repairs stores that do not agree.
type rash struct{ *ours }

func (rash) agree(context.Context) {}

func (d rash) repair(ctx context.Context, granted wallet.Money) bool {
	_, _ = d.repairer.Repair(ctx, stage, granted)
	return true
}

// unrepaired never restores what crashes took.
type unrepaired struct{ *ours }

func (unrepaired) repair(context.Context, wallet.Money) bool { return true }

// stubborn reads from the primary and nowhere else.
type stubborn struct{ *ours }

func (d stubborn) refresh(ctx context.Context, reader int) bool {
	if _, err := d.stores[0].Total(ctx, stage); err != nil {
		return false
	}
	return d.ours.refresh(ctx, reader)
}

// hasty lets people in before there is a value.
type hasty struct{ *ours }

func (hasty) ready(int) bool { return true }

// TestChecksBite plants one bug at a time and wants the checks named to fail.
func TestChecksBite(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one thread of virtual time, run without it")
	}
	asOurs := func(wrap func(*ours) design) func(*scenarios.RunningTotal, []contender) {
		return func(r *scenarios.RunningTotal, all []contender) {
			all[our].start = func(w *world.World) (design, error) {
				o, err := newOurs(w, r)
				return wrap(o), err
			}
		}
	}
	replaced := func(place, by int) func(*scenarios.RunningTotal, []contender) {
		return func(_ *scenarios.RunningTotal, all []contender) { all[place].start = all[by].start }
	}
	for _, c := range []struct {
		why   string
		plant func(*scenarios.RunningTotal, []contender)
		fail  []string
	}{
		{"a value that is late by five intervals", asOurs(func(o *ours) design { return &lazy{ours: o} }), []string{"ours-within-one-percent"}},
		{"a reader that believes a store that has less", asOurs(func(o *ours) design { return &lowers{o, map[int]wallet.Money{}} }),
			[]string{"ours-never-back", "ours-stores-agree", "ours-exact-after-repair", "ours-within-one-percent"}},
		{"nothing is repaired", asOurs(func(o *ours) design { return unrepaired{o} }), []string{"ours-exact-after-repair"}},
		{"what a store has lost is taken for lost by writers", asOurs(func(o *ours) design { return rash{o} }), []string{"ours-stores-agree"}},
		{"reads stay with the dead primary", asOurs(func(o *ours) design { return stubborn{o} }), []string{"ours-outlives-the-primary"}},
		{"people are let in too early", asOurs(func(o *ours) design { return hasty{o} }), []string{"first-read-has-a-value"}},
		{"deltas that are not made again", replaced(our, two), []string{"ours-timeouts-leave-nothing", "ours-exact-after-repair", "ours-outlives-the-primary"}},
		{"deltas that are made again", replaced(our, again), []string{"ours-never-above", "ours-timeouts-leave-nothing"}},
		{"a plan one without its flaws", replaced(one, our),
			[]string{"plan-one-fans-out", "plan-one-goes-back", "plan-one-loses-timeouts", "plan-one-dies-with-its-redis"}},
		{"a plan two without its flaws", replaced(two, our), []string{"plan-two-loses-timeouts", "plan-two-loses-crashes"}},
		{"a retry that counts once", replaced(again, two), []string{"plan-two-counts-twice"}},
		{"an interval too short for one key", func(r *scenarios.RunningTotal, _ []contender) { r.Interval /= 2 }, []string{"hottest-key-bears-it"}},
		{"a total so small that two intervals are much of it", func(r *scenarios.RunningTotal, _ []contender) { r.Before /= 20 }, []string{"ours-within-one-percent"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := hundredth(t).RunningTotal
			all := contenders(r)
			c.plant(r, all)
			got, err := study(t.Context(), r, 7, all)
			require.NoError(t, err)
			require.Subset(t, failing(got), c.fail, "%+v", got.Checks)
			require.Equal(t, reports.Fail, got.Verdict)
			for _, check := range got.Checks {
				require.Equal(t, check.Result == reports.Fail, check.First != "", "a failure says what, and nothing else does: %+v", check)
			}
		})
	}
}

// TestWhatIsNotTriedIsUnknown: without a round for it, a check has no verdict.
func TestWhatIsNotTriedIsUnknown(t *testing.T) {
	r := hundredth(t).RunningTotal
	r.Rounds = r.Rounds[:1]
	got, err := study(t.Context(), r, 7, contenders(r))
	require.NoError(t, err)
	require.Equal(t, reports.Unknown, got.Verdict)
	require.ElementsMatch(t, []string{"ours-timeouts-leave-nothing", "ours-outlives-the-primary", "plan-one-goes-back", "plan-one-loses-timeouts",
		"plan-one-dies-with-its-redis", "plan-two-loses-timeouts", "plan-two-counts-twice", "plan-two-loses-crashes"}, failing(got))
}
