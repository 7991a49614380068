package attack_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/loadtest/attack"
)

var oneKind = []string{"grant"}

// Each operation is sent at its due time, and counted in that second.
func TestSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var late atomic.Int64
		c := attack.Config{Kinds: oneKind, Duration: 3 * time.Second, Attackers: 2}
		r, err := attack.Run(t.Context(), c, steady(1000, c.Duration), sendFunc(func(_ context.Context, op attack.Op[int]) attack.Outcome {
			if time.Since(start) != op.At {
				late.Add(1)
			}
			return attack.OK
		}))
		require.NoError(t, err)
		require.Zero(t, late.Load())
		require.EqualValues(t, 3000, r.Kinds[0].OK)
		require.Zero(t, r.Unsent())
		require.Zero(t, r.Health.Lateness.Max())
		require.Empty(t, r.Health.Saturated)
		require.Equal(t, c.Duration, r.Offered)
		require.False(t, r.Interrupted)
		require.Len(t, r.Seconds, 3)
		for i, s := range r.Seconds {
			require.Equal(t, attack.Second{At: time.Duration(i) * time.Second, Offered: 1000, Sent: 1000, Done: 1000}, s)
		}
	})
}

// A target that stalls for one second of a four-second run answers everything that arrived meanwhile at the end of the
// freeze. Of 4,000 operations 1,000 are due in the freeze, and the one due x before its end takes x; so the q-quantile
// is freeze − (1−q)·4,000/rate: 960 ms for the 99th percentile. The uncorrected value is equal here, because the
// generator continues to send; TestFreezeOfFewWorkers shows where it differs.
func TestFreeze(t *testing.T) {
	const rate, freeze = 1000, time.Second
	for _, attackers := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second, Attackers: attackers}
			r, err := attack.Run(t.Context(), c, steady(rate, c.Duration), frozenTarget(time.Second, freeze))
			require.NoError(t, err)
			require.EqualValues(t, 4000, r.Kinds[0].OK)
			analytic := freeze - c.Duration/100
			got := time.Duration(r.Kinds[0].Corrected.ValueAtPercentile(99)) * time.Microsecond
			require.InEpsilon(t, analytic, got, 0.02)
			require.InEpsilon(t, freeze-freeze/100, r.Seconds[1].P99, 0.02, "the frozen second alone")
			require.Zero(t, r.Seconds[2].Max)
			require.Empty(t, r.Health.Saturated)
		})
	}
}

// With ten workers the freeze also stops the sending. Latency is measured from the due time, so the corrected value
// equals that of TestFreeze, while the uncorrected one sees only ten slow operations among thousands.
func TestFreezeOfFewWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second, Attackers: 2, MaxInFlight: 10, Patience: 2 * time.Second}
		r, err := attack.Run(t.Context(), c, steady(1000, c.Duration), frozenTarget(time.Second, time.Second))
		require.NoError(t, err)
		require.EqualValues(t, 4000, r.Kinds[0].OK)
		require.InEpsilon(t, 960_000, r.Kinds[0].Corrected.ValueAtPercentile(99), 0.02)
		require.Zero(t, r.Kinds[0].Uncorrected.ValueAtPercentile(99))
		require.EqualValues(t, 10, r.Health.Workers)
		require.Len(t, r.Health.Saturated, 2, "late, and all workers in use: %q", r.Health.Saturated)
		require.InDelta(t, time.Second, r.Health.FirstSaturate, float64(10*time.Millisecond))
	})
}

// frozenTarget answers at once, except during the freeze, when it answers at its end.
func frozenTarget(from, length time.Duration) sendFunc {
	start := time.Now()
	return func(context.Context, attack.Op[int]) attack.Outcome {
		if d := time.Since(start) - from; d >= 0 && d < length {
			time.Sleep(length - d)
		}
		return attack.OK
	}
}

// An operation later than the patience is not sent but counted, and the run is reported as saturated.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second, Attackers: 1, MaxInFlight: 1, Patience: 100 * time.Millisecond}
		r, err := attack.Run(t.Context(), c, steady(1000, c.Duration), frozenTarget(time.Second, time.Second))
		require.NoError(t, err)
		k := r.Kinds[0]
		// The one in flight blocks the others; of those due in the freeze the last 100 ms are sent after it.
		require.InDelta(t, 899, k.Unsent, 2)
		require.Equal(t, k.Scheduled, k.Sent+k.Unsent)
		require.EqualValues(t, 4000, k.Scheduled)
		require.Contains(t, r.Health.Saturated[0], "not sent in time")
		require.Equal(t, k.Unsent, r.Seconds[1].Unsent)
		require.LessOrEqual(t, r.Health.Lateness.Max(), int64(100_100), "also the operation that vegeta was about to send")
	})
}

// Kinds and outcomes are counted separately; a sender that panics counts as failed, and the run continues.
func TestOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: []string{"grant", "page", "never"}, Duration: 10 * time.Second}
		n := 0
		plan := planFunc(func() (attack.Op[int], bool) {
			n++
			return attack.Op[int]{At: time.Duration(n) * time.Millisecond, Kind: uint8(n % 2), What: n}, n <= 5000
		})
		r, err := attack.Run(t.Context(), c, plan, sendFunc(func(_ context.Context, op attack.Op[int]) attack.Outcome {
			time.Sleep(time.Duration(op.What%2+1) * time.Millisecond)
			switch {
			case op.What%100 == 0:
				panic(fmt.Sprintf("at %d", 100))
			case op.What%10 == 0:
				return attack.Refused
			case op.What%5 == 0:
				return attack.Outcome(77)
			}
			return attack.OK
		}))
		require.NoError(t, err)
		grant, page, never := r.Kinds[0], r.Kinds[1], r.Kinds[2]
		require.Equal(t, []int64{2500, 2000, 450, 50}, []int64{grant.Sent, grant.OK, grant.Refused, grant.Failed})
		require.Equal(t, []int64{2500, 2000, 0, 500}, []int64{page.Sent, page.OK, page.Refused, page.Failed}, "an unknown outcome counts as failed")
		require.EqualValues(t, 1000, grant.Corrected.Max())
		require.InDelta(t, 2000, page.Corrected.Max(), 2)
		require.Zero(t, never.Sent)
		require.Zero(t, never.Corrected.TotalCount())
		require.EqualValues(t, 50, r.Panics)
		require.Equal(t, "at 100", r.FirstPanic)
		require.InDelta(t, 1000, r.Between(0, 0, 5*time.Second).ValueAtPercentile(50), 10)
		require.InDelta(t, 2000, r.Between(-1, 0, 5*time.Second).ValueAtPercentile(99), 20)
		require.Zero(t, r.Between(0, 6*time.Second, time.Hour).TotalCount())
		require.EqualValues(t, 500, r.SecondsOf(0)[1].Offered)
	})
}

// The busiest second has a separate histogram.
func TestBusiest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ops []attack.Op[int]
		for s, n := range []int{3, 50, 0, 7} {
			for i := range n {
				ops = append(ops, attack.Op[int]{At: time.Duration(s)*time.Second + time.Duration(i)*time.Millisecond, What: s})
			}
		}
		c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second}
		r, err := attack.Run(t.Context(), c, fixedPlan(ops...), sendFunc(func(_ context.Context, op attack.Op[int]) attack.Outcome {
			time.Sleep(time.Duration(op.What) * 100 * time.Millisecond)
			return attack.OK
		}))
		require.NoError(t, err)
		require.Equal(t, 1, r.Busiest)
		require.EqualValues(t, 50, r.Kinds[0].Peak.TotalCount())
		require.InEpsilon(t, 100_000, r.Kinds[0].Peak.ValueAtPercentile(99), 0.01)
		require.Equal(t, 300*time.Millisecond, r.Seconds[3].Max)
	})
}

// A stopped run sends nothing more, reports it, and counts as in flight the operations that its end interrupted.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		var sent atomic.Int64
		c := attack.Config{Kinds: oneKind, Duration: time.Minute, Attackers: 2}
		r, err := attack.Run(ctx, c, steady(100, c.Duration), sendFunc(func(ctx context.Context, op attack.Op[int]) attack.Outcome {
			sent.Add(1)
			if op.What == 20 {
				<-ctx.Done()
				return attack.Failed
			}
			return attack.OK
		}))
		require.NoError(t, err)
		require.True(t, r.Interrupted)
		require.Equal(t, 2500*time.Millisecond, r.Offered)
		k := r.Kinds[0]
		require.EqualValues(t, 250, k.Scheduled, "operations due later are not scheduled")
		require.EqualValues(t, 250, k.Sent)
		require.EqualValues(t, 1, k.InFlight)
		require.Zero(t, k.Failed, "the run's end interrupted it")
		require.EqualValues(t, 250, sent.Load())
		require.InEpsilon(t, 2_295_000, k.Corrected.Max(), 0.001, "it took at least that long")
		require.Empty(t, r.Health.Saturated)
	})
}

// A run whose context has ended sends nothing, and does not wait for a plan that begins late.
func TestInterruptedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		c := attack.Config{Kinds: oneKind, Duration: time.Hour}
		r, err := attack.Run(ctx, c, fixedPlan(attack.Op[int]{At: 50 * time.Minute}), sendFunc(ok))
		require.NoError(t, err)
		require.True(t, r.Interrupted)
		require.Zero(t, r.Sent()+r.Scheduled())
		require.Zero(t, time.Since(began))
		require.Equal(t, -1, r.Busiest)
	})
}

// An operation that does not end in the settle time stays in flight. The run waits for a sender that obeys its context,
// and not for one that ignores it.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		heeds bool
		why   string
		after time.Duration
	}{
		{true, "it returns when its context ends", 5 * time.Second},
		{false, "it ignores its context", 7 * time.Second},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, release := time.Now(), make(chan struct{})
				config := attack.Config{Kinds: oneKind, Duration: time.Second, Patience: time.Second, Settle: 3 * time.Second, MaxInFlight: 50, Attackers: 2}
				r, err := attack.Run(t.Context(), config, steady(100, time.Second), sendFunc(func(ctx context.Context, op attack.Op[int]) attack.Outcome {
					if c.heeds {
						<-ctx.Done()
					} else {
						<-release
					}
					return attack.Failed
				}))
				close(release)
				require.NoError(t, err)
				require.Equal(t, c.after, time.Since(began))
				k := r.Kinds[0]
				require.False(t, r.Interrupted)
				require.Equal(t, []int64{100, 50, 50, 0, 50}, []int64{k.Scheduled, k.Sent, k.Unsent, k.Failed, k.InFlight})
				if c.heeds {
					require.EqualValues(t, 50, k.Corrected.TotalCount())
				}
			})
		})
	}
}

// A plan that violates its contract ends the run with an error and with the counts so far.
func TestBadPlans(t *testing.T) {
	good := attack.Op[int]{At: time.Millisecond}
	for _, c := range []struct {
		plan attack.Plan[int]
		why  string
	}{
		{fixedPlan(good, attack.Op[int]{At: 0}), "backwards"},
		{fixedPlan(attack.Op[int]{At: -1}), "before the start"},
		{fixedPlan(good, attack.Op[int]{At: time.Minute}), "after the end"},
		{fixedPlan(good, attack.Op[int]{At: time.Second, Kind: 1}), "an unknown kind"},
		{planFunc(func() (attack.Op[int], bool) { panic(errors.New("secretly")) }), "it panics"},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := attack.Run(t.Context(), attack.Config{Kinds: oneKind, Duration: time.Second}, c.plan, sendFunc(ok))
				require.ErrorIs(t, err, attack.ErrPlan)
				require.NotErrorIs(t, err, attack.ErrCounts)
				require.True(t, r.Interrupted)
			})
		})
	}
}

// A run with an empty plan, or with a long pause between operations.
func TestSparse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: oneKind, Duration: time.Hour}
		r, err := attack.Run(t.Context(), c, fixedPlan(), sendFunc(ok))
		require.NoError(t, err)
		require.Zero(t, r.Scheduled())
		require.Empty(t, r.Health.Saturated)

		r, err = attack.Run(t.Context(), c, fixedPlan(attack.Op[int]{}, attack.Op[int]{At: time.Hour}), sendFunc(ok))
		require.NoError(t, err)
		require.EqualValues(t, 2, r.Kinds[0].OK)
		require.Zero(t, r.Health.Lateness.Max())
		require.Len(t, r.Seconds, 3601, "the last second begins at the run's end")
	})
}

func TestBadConfig(t *testing.T) {
	good := attack.Config{Kinds: oneKind, Duration: time.Second}
	for _, c := range []struct {
		spoil func(*attack.Config)
		why   string
	}{
		{func(c *attack.Config) { c.Kinds = nil }, "no kinds"},
		{func(c *attack.Config) { c.Kinds = make([]string, 257) }, "more kinds than an Op can name"},
		{func(c *attack.Config) { c.Duration = 0 }, "no length"},
		{func(c *attack.Config) { c.Duration = 3 * time.Hour }, "longer than the series may be"},
		{func(c *attack.Config) { c.MaxInFlight = -1 }, "negative in flight"},
		{func(c *attack.Config) { c.MaxInFlight = 1 << 20 }, "more than there are ports"},
		{func(c *attack.Config) { c.Attackers = -1 }, "negative attackers"},
		{func(c *attack.Config) { c.Patience = -1 }, "negative patience"},
		{func(c *attack.Config) { c.Settle = 2 * time.Hour }, "settle above the bound"},
	} {
		bad := good
		c.spoil(&bad)
		r, err := attack.Run(t.Context(), bad, fixedPlan(), sendFunc(ok))
		require.ErrorIs(t, err, attack.ErrConfig, c.why)
		require.Nil(t, r, c.why)
	}
}

// Progress is reported every second and at the end, where it equals the report.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []attack.Progress
		c := attack.Config{Kinds: oneKind, Duration: 2500 * time.Millisecond, Progress: func(p attack.Progress) { reports = append(reports, p) }}
		r, err := attack.Run(t.Context(), c, steady(100, c.Duration), sendFunc(ok))
		require.NoError(t, err)
		require.Len(t, reports, 3)
		require.InDelta(t, 100, reports[0].Sent, 1)
		require.Equal(t, r.Sent(), reports[2].Sent)
		require.Equal(t, r.Kinds[0].OK, reports[2].OK)
	})
}

// Whatever the target does, every operation is counted once, and the independent counts agree.
func TestCountsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			c := attack.Config{
				Kinds:       []string{"a", "b"},
				Duration:    3 * time.Second,
				Attackers:   rapid.IntRange(1, 4).Draw(rt, "attackers"),
				MaxInFlight: rapid.IntRange(1, 40).Draw(rt, "in flight"),
				Patience:    time.Duration(rapid.IntRange(1, 1000).Draw(rt, "patience")) * time.Millisecond,
				Settle:      time.Second,
			}
			slow := time.Duration(rapid.IntRange(0, 100).Draw(rt, "slow")) * time.Millisecond
			stop := time.Duration(rapid.IntRange(1, 6000).Draw(rt, "stop")) * time.Millisecond
			total := rapid.IntRange(0, 3000).Draw(rt, "operations")
			ctx, cancel := context.WithTimeout(t.Context(), stop)
			defer cancel()
			n := 0
			var sent [2]atomic.Int64
			r, err := attack.Run(ctx, c, planFunc(func() (attack.Op[int], bool) {
				n++
				return attack.Op[int]{At: time.Duration(n-1) * c.Duration / time.Duration(max(total, 1)), Kind: uint8(n % 2), What: n}, n <= total
			}), sendFunc(func(ctx context.Context, op attack.Op[int]) attack.Outcome {
				sent[op.Kind].Add(1)
				select {
				case <-time.After(slow * time.Duration(op.What%7)):
					return attack.Outcome(op.What % 3)
				case <-ctx.Done():
					return attack.Failed
				}
			}))
			require.NoError(rt, err, "ErrCounts would be here")
			for i, k := range r.Kinds {
				require.Equal(rt, k.Scheduled, k.Sent+k.Unsent)
				require.Equal(rt, k.Sent, k.OK+k.Refused+k.Failed+k.InFlight)
				require.Equal(rt, sent[i].Load(), k.Sent)
			}
			if !r.Interrupted {
				require.EqualValues(rt, total, r.Scheduled())
			}
		})
	})
}
