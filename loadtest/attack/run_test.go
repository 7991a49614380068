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

// All is sent at the moment it is due, and counted in the second in which it was.
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

// A target that stands still for a second in a run of four answers, at the end of the freeze, all that came meanwhile. Of
// 4,000 operations 1,000 are due in the freeze, and the one due x before its end takes x; so the q-th part of all is
// answered within freeze − (1−q)·4,000/rate: 960 ms for the 99th percentile. The uncorrected figure agrees here, because
// the generator goes on sending; TestFreezeOfFewWorkers shows where it does not.
func TestFreeze(t *testing.T) {
	const rate, freeze = 1000, time.Second
	for _, attackers := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second, Attackers: attackers}
			r, err := attack.Run(t.Context(), c, steady(rate, c.Duration), frozen(time.Second, freeze))
			require.NoError(t, err)
			require.EqualValues(t, 4000, r.Kinds[0].OK)
			analytic := freeze - c.Duration/100
			got := time.Duration(r.Kinds[0].Corrected.ValueAtPercentile(99)) * time.Microsecond
			require.InEpsilon(t, analytic, got, 0.02)
			require.InEpsilon(t, freeze-freeze/100, r.Seconds[1].P99, 0.02, "the frozen second's own")
			require.Zero(t, r.Seconds[2].Max)
			require.Empty(t, r.Health.Saturated)
		})
	}
}

// With ten workers the target's freeze stops the sending too. What was late is counted from when it was due, so the
// figure is that of TestFreeze, where the uncorrected one knows of ten slow operations among thousands.
func TestFreezeOfFewWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second, Attackers: 2, MaxInFlight: 10, Patience: 2 * time.Second}
		r, err := attack.Run(t.Context(), c, steady(1000, c.Duration), frozen(time.Second, time.Second))
		require.NoError(t, err)
		require.EqualValues(t, 4000, r.Kinds[0].OK)
		require.InEpsilon(t, 960_000, r.Kinds[0].Corrected.ValueAtPercentile(99), 0.02)
		require.Zero(t, r.Kinds[0].Uncorrected.ValueAtPercentile(99))
		require.EqualValues(t, 10, r.Health.Workers)
		require.Len(t, r.Health.Saturated, 2, "late, and all workers in use: %q", r.Health.Saturated)
		require.InDelta(t, time.Second, r.Health.FirstSaturate, float64(10*time.Millisecond))
	})
}

// frozen answers at once, but what comes in the freeze at its end.
func frozen(from, length time.Duration) sendFunc {
	start := time.Now()
	return func(context.Context, attack.Op[int]) attack.Outcome {
		if d := time.Since(start) - from; d >= 0 && d < length {
			time.Sleep(length - d)
		}
		return attack.OK
	}
}

// What is later than the patience is not sent, and counted; a load of which that is a part is not the planned one.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second, Attackers: 1, MaxInFlight: 1, Patience: 100 * time.Millisecond}
		r, err := attack.Run(t.Context(), c, steady(1000, c.Duration), frozen(time.Second, time.Second))
		require.NoError(t, err)
		k := r.Kinds[0]
		// The one in flight blocks the others; of those due in the freeze the last 100 ms' worth is sent after it.
		require.InDelta(t, 899, k.Unsent, 2)
		require.Equal(t, k.Scheduled, k.Sent+k.Unsent)
		require.EqualValues(t, 4000, k.Scheduled)
		require.Contains(t, r.Health.Saturated[0], "not sent in time")
		require.Equal(t, k.Unsent, r.Seconds[1].Unsent)
		require.LessOrEqual(t, r.Health.Lateness.Max(), int64(100_100), "nor is the one that vegeta was about to send")
	})
}

// Kinds are kept apart, and so are the outcomes; a sender that panics has failed, and the run goes on.
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
		require.Equal(t, []int64{2500, 2000, 0, 500}, []int64{page.Sent, page.OK, page.Refused, page.Failed}, "an outcome nobody knows is no answer")
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

// The busiest second has a histogram of its own.
func TestBusiest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ops []attack.Op[int]
		for s, n := range []int{3, 50, 0, 7} {
			for i := range n {
				ops = append(ops, attack.Op[int]{At: time.Duration(s)*time.Second + time.Duration(i)*time.Millisecond, What: s})
			}
		}
		c := attack.Config{Kinds: oneKind, Duration: 4 * time.Second}
		r, err := attack.Run(t.Context(), c, listed(ops...), sendFunc(func(_ context.Context, op attack.Op[int]) attack.Outcome {
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

// A run that is stopped sends nothing more, says so, and counts as in flight what its own end cut off.
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
		require.EqualValues(t, 250, k.Scheduled, "what would have fallen due later was never asked for")
		require.EqualValues(t, 250, k.Sent)
		require.EqualValues(t, 1, k.InFlight)
		require.Zero(t, k.Failed, "we cut it off")
		require.EqualValues(t, 250, sent.Load())
		require.InEpsilon(t, 2_295_000, k.Corrected.Max(), 0.001, "it took at least that long")
		require.Empty(t, r.Health.Saturated)
	})
}

// A run that is over before it begins sends nothing, and does not wait for a plan that begins late.
func TestInterruptedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		c := attack.Config{Kinds: oneKind, Duration: time.Hour}
		r, err := attack.Run(ctx, c, listed(attack.Op[int]{At: 50 * time.Minute}), sendFunc(ok))
		require.NoError(t, err)
		require.True(t, r.Interrupted)
		require.Zero(t, r.Sent()+r.Scheduled())
		require.Zero(t, time.Since(began))
		require.Equal(t, -1, r.Busiest)
	})
}

// What does not end in the time to settle stays in flight. A sender that heeds its context is waited for, another is not.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		heeds bool
		why   string
		after time.Duration
	}{
		{true, "it comes back when its context ends", 5 * time.Second},
		{false, "it does not", 7 * time.Second},
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

// A plan that breaks its promise ends the run with an error and with what had been done.
func TestBadPlans(t *testing.T) {
	good := attack.Op[int]{At: time.Millisecond}
	for _, c := range []struct {
		plan attack.Plan[int]
		why  string
	}{
		{listed(good, attack.Op[int]{At: 0}), "backwards"},
		{listed(attack.Op[int]{At: -1}), "before the start"},
		{listed(good, attack.Op[int]{At: time.Minute}), "after the end"},
		{listed(good, attack.Op[int]{At: time.Second, Kind: 1}), "a kind nobody named"},
		{planFunc(func() (attack.Op[int], bool) { panic(errors.New("secretly")) }), "it panics"},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := attack.Run(t.Context(), attack.Config{Kinds: oneKind, Duration: time.Second}, c.plan, sendFunc(ok))
				require.ErrorIs(t, err, attack.ErrPlan)
				require.NotErrorIs(t, err, attack.ErrBooks)
				require.True(t, r.Interrupted)
			})
		})
	}
}

// An empty plan is a run in which nothing was due; so is a long silence between operations.
func TestSparse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := attack.Config{Kinds: oneKind, Duration: time.Hour}
		r, err := attack.Run(t.Context(), c, listed(), sendFunc(ok))
		require.NoError(t, err)
		require.Zero(t, r.Scheduled())
		require.Empty(t, r.Health.Saturated)

		r, err = attack.Run(t.Context(), c, listed(attack.Op[int]{}, attack.Op[int]{At: time.Hour}), sendFunc(ok))
		require.NoError(t, err)
		require.EqualValues(t, 2, r.Kinds[0].OK)
		require.Zero(t, r.Health.Lateness.Max())
		require.Len(t, r.Seconds, 3601, "the last begins where the run ends")
	})
}

func TestBadConfig(t *testing.T) {
	good := attack.Config{Kinds: oneKind, Duration: time.Second}
	for _, c := range []struct {
		spoil func(*attack.Config)
		why   string
	}{
		{func(c *attack.Config) { c.Kinds = nil }, "nothing to count"},
		{func(c *attack.Config) { c.Kinds = make([]string, 257) }, "more kinds than an Op can name"},
		{func(c *attack.Config) { c.Duration = 0 }, "no length"},
		{func(c *attack.Config) { c.Duration = 3 * time.Hour }, "longer than the series may be"},
		{func(c *attack.Config) { c.MaxInFlight = -1 }, "less than none in flight"},
		{func(c *attack.Config) { c.MaxInFlight = 1 << 20 }, "more than there are ports"},
		{func(c *attack.Config) { c.Attackers = -1 }, "less than no attacker"},
		{func(c *attack.Config) { c.Patience = -1 }, "no patience"},
		{func(c *attack.Config) { c.Settle = 2 * time.Hour }, "no end"},
	} {
		bad := good
		c.spoil(&bad)
		r, err := attack.Run(t.Context(), bad, listed(), sendFunc(ok))
		require.ErrorIs(t, err, attack.ErrConfig, c.why)
		require.Nil(t, r, c.why)
	}
}

// Progress is told every second and at the end, where it says what the report does.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []attack.Progress
		c := attack.Config{Kinds: oneKind, Duration: 2500 * time.Millisecond, Progress: func(p attack.Progress) { told = append(told, p) }}
		r, err := attack.Run(t.Context(), c, steady(100, c.Duration), sendFunc(ok))
		require.NoError(t, err)
		require.Len(t, told, 3)
		require.InDelta(t, 100, told[0].Sent, 1)
		require.Equal(t, r.Sent(), told[2].Sent)
		require.Equal(t, r.Kinds[0].OK, told[2].OK)
	})
}

// Whatever a target does, every operation is counted once, and every count is kept twice.
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
			require.NoError(rt, err, "ErrBooks would be here")
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
