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

// hundredth returns the shipped comparison at a scale of 1/100.
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

// TestStudy: the shipped comparison passes with several seeds, every check is evaluated, and its table is complete.
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

		// The source's arithmetic: 28 k calls per interval on one key, and a hundred keys read by each reader.
		require.InEpsilon(t, 28_000.0/100, value(t, got, two, "hot_key_qps"), 0.05)
		require.InEpsilon(t, 2_000_000.0/100, value(t, got, one, "get_qps"), 0.05)
		require.InEpsilon(t, 300_000.0/100, value(t, got, one, "write_qps"), 0.01)
		require.Zero(t, value(t, got, our, "error_end_ppm"))
		require.Zero(t, value(t, got, our, "crash_left_ppm"))
		require.Negative(t, value(t, got, our, "crash_lost_ppm"), "crashes lost grants, and repair restored them")
		require.Less(t, value(t, got, two, "timeouts_left_ppm"), 0.0)
		require.Greater(t, value(t, got, twoRetry, "timeouts_left_ppm"), 0.0)
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
	require.ErrorIs(t, err, errNone)
	tiny := hundredth(t)
	tiny.RunningTotal.KeyRate.Den = maxDen + 1
	_, err = Study(t.Context(), tiny, 7)
	require.ErrorIs(t, err, ErrTooFine)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Study(ctx, hundredth(t), 7)
	require.ErrorIs(t, err, context.Canceled)
}

// TestSameLoad: the granted total of every design is equal, to the fen, with any faults.
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

// The types below plant bugs into the service's code in the comparison.

// lazy flushes once per five intervals.
type lazy struct {
	*ours
	n int
}

func (d *lazy) flush(ctx context.Context, writer int) {
	if d.n++; d.n/len(d.writers)%5 == 0 {
		d.ours.flush(ctx, writer)
	}
}

// lowers shows the value of the store even if it is lower, and does not synchronize the stores.
type lowers struct {
	*ours
	last map[int]wallet.Money
}

func (d *lowers) synchronize(context.Context)               {}
func (d *lowers) repair(context.Context, wallet.Money) bool { return true }

func (d *lowers) refresh(ctx context.Context, reader int) bool {
	d.ours.refresh(ctx, reader)
	total, err := d.replicated.Total(ctx, stage)
	if err == nil {
		d.last[reader] = total
	}
	return err == nil
}

func (d *lowers) shown(reader int) (wallet.Money, bool) {
	v, ok := d.last[reader]
	return v, ok
}

// rash repairs stores that are not synchronized.
type rash struct{ *ours }

func (rash) synchronize(context.Context) {}

func (d rash) repair(ctx context.Context, granted wallet.Money) bool {
	_, _ = d.repairer.Repair(ctx, stage, granted)
	return true
}

// unrepaired never restores the sums that crashes lost.
type unrepaired struct{ *ours }

func (unrepaired) repair(context.Context, wallet.Money) bool { return true }

// stubborn reads only from the primary.
type stubborn struct{ *ours }

func (d stubborn) refresh(ctx context.Context, reader int) bool {
	if _, err := d.stores[0].Total(ctx, stage); err != nil {
		return false
	}
	return d.ours.refresh(ctx, reader)
}

// hasty answers people before there is a value.
type hasty struct{ *ours }

func (hasty) ready(int) bool { return true }

// TestChecksBite plants one bug at a time. The named checks must fail.
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
	replaced := func(row, by int) func(*scenarios.RunningTotal, []contender) {
		return func(_ *scenarios.RunningTotal, all []contender) { all[row].start = all[by].start }
	}
	for _, c := range []struct {
		why   string
		plant func(*scenarios.RunningTotal, []contender)
		fail  []string
	}{
		{"a value that is late by five intervals", asOurs(func(o *ours) design { return &lazy{ours: o} }), []string{"ours-within-one-percent"}},
		{"a reader that accepts a lower value", asOurs(func(o *ours) design { return &lowers{o, map[int]wallet.Money{}} }),
			[]string{"ours-never-back", "ours-stores-agree", "ours-exact-after-repair", "ours-within-one-percent"}},
		{"nothing is repaired", asOurs(func(o *ours) design { return unrepaired{o} }), []string{"ours-exact-after-repair"}},
		{"sums that a store lost are treated as lost by writers", asOurs(func(o *ours) design { return rash{o} }), []string{"ours-stores-agree"}},
		{"readers use only the failed primary", asOurs(func(o *ours) design { return stubborn{o} }), []string{"ours-outlives-the-primary"}},
		{"readers answer people too early", asOurs(func(o *ours) design { return hasty{o} }), []string{"first-read-has-a-value"}},
		{"deltas that are not retried", replaced(our, two), []string{"ours-timeouts-leave-nothing", "ours-exact-after-repair", "ours-outlives-the-primary"}},
		{"deltas that are retried", replaced(our, twoRetry), []string{"ours-never-above", "ours-timeouts-leave-nothing"}},
		{"a plan one without its flaws", replaced(one, our),
			[]string{"plan-one-fans-out", "plan-one-goes-back", "plan-one-loses-timeouts", "plan-one-dies-with-its-redis"}},
		{"a plan two without its flaws", replaced(two, our), []string{"plan-two-loses-timeouts", "plan-two-loses-crashes"}},
		{"a retry that counts once", replaced(twoRetry, two), []string{"plan-two-counts-twice"}},
		{"an interval too short for one key", func(r *scenarios.RunningTotal, _ []contender) { r.Interval /= 2 }, []string{"hottest-key-bears-it"}},
		{"a total that is small compared with two intervals", func(r *scenarios.RunningTotal, _ []contender) { r.Before /= 20 }, []string{"ours-within-one-percent"}},
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
				require.Equal(t, check.Result == reports.Fail, check.First != "", "only a failure has a first violation: %+v", check)
			}
		})
	}
}

// TestWhatIsNotTriedIsUnknown: without a round for it, a check is unknown.
func TestWhatIsNotTriedIsUnknown(t *testing.T) {
	r := hundredth(t).RunningTotal
	r.Rounds = r.Rounds[:1]
	got, err := study(t.Context(), r, 7, contenders(r))
	require.NoError(t, err)
	require.Equal(t, reports.Unknown, got.Verdict)
	require.ElementsMatch(t, []string{"ours-timeouts-leave-nothing", "ours-outlives-the-primary", "plan-one-goes-back", "plan-one-loses-timeouts",
		"plan-one-dies-with-its-redis", "plan-two-loses-timeouts", "plan-two-counts-twice", "plan-two-loses-crashes"}, failing(got))
}
