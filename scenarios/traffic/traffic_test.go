package traffic

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// festival has two overlapping windows and a later one, for people of all apps.
func festival(people int64, rate int64) *scenarios.Scenario {
	start := time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)
	flat := func(r int64, d time.Duration) []scenarios.Point {
		return []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: r, Den: 1}}, {At: d, Rate: scenarios.Ratio{Num: r, Den: 1}}}
	}
	bands := []scenarios.AmountBand{{Min: 8, Max: 88, Weight: 3}, {Min: 100, Max: 100, Weight: 1}}
	all := scenarios.Ratio{Num: 1, Den: 1}
	return &scenarios.Scenario{
		People: scenarios.People{Count: people, AppsHeld: []int{4, 3, 2, 1}, Phone: scenarios.Ratio{Num: 7, Den: 10},
			BindLater: scenarios.Ratio{Num: 1, Den: 2}, After: scenarios.AfterWin{KeepTokens: scenarios.Ratio{Num: 4, Den: 5}}},
		Apps:     [wallet.Apps + 1]int{0, 40, 10, 15, 5, 10, 10, 6, 4},
		Capacity: scenarios.Capacity{NodeInstances: 8, LedgerInstances: 2, LedgerInstanceTPS: scenarios.Ratio{Num: 500, Den: 1}, PostingBatch: 20, PosterShards: 4},
		Windows: []scenarios.Window{
			{Name: "a", Start: start, Rate: flat(rate, 10*time.Second), Amount: bands, People: all},
			{Name: "b", Start: start.Add(5 * time.Second), Rate: flat(rate/2, 10*time.Second), Amount: bands, People: scenarios.Ratio{Num: 1, Den: 2}},
			{Name: "c", Start: start.Add(100 * time.Hour), Rate: flat(rate/10, time.Second), Amount: bands, People: all},
		},
	}
}

func drain(t *Traffic) (all []Arrival) {
	for {
		a, ok := t.Next()
		if !ok {
			return all
		}
		all = append(all, a)
	}
}

// Arrivals come in order of time. Each person is invited and wins at most once per window, and every window has its total.
func TestArrivals(t *testing.T) {
	s := festival(10_000, 1_000)
	tr := New(s, 7)
	all := drain(tr)
	made, seen, last := make([]int64, len(s.Windows)), map[[2]int64]bool{}, int64(0)
	for _, a := range all {
		require.GreaterOrEqual(t, a.At, last)
		last = a.At
		w := s.Windows[a.Window]
		require.True(t, a.At > w.Start.UnixNano() && a.At <= w.End().UnixNano())
		key := [2]int64{int64(a.Window), a.Person}
		require.False(t, seen[key], "person %d twice in window %d", a.Person, a.Window)
		seen[key] = true
		require.True(t, a.Person >= 0 && a.Person < s.Invited(w))
		p := tr.Persona(a.Person)
		require.Contains(t, p.Apps[:p.Held], a.App)
		require.True(t, a.Amount == 100 || a.Amount >= 8 && a.Amount <= 88)
		made[a.Window]++
	}
	require.Equal(t, []int64{10_000, 5_000, 100}, made)
	for i := range s.Windows {
		require.Equal(t, tr.Total(i), made[i])
	}
	require.Equal(t, all, drain(New(s, 7)), "the same seed gives the same festival")
	require.NotEqual(t, all, drain(New(s, 8)), "another seed gives another festival")
}

// At every time a window has the floor of its exact integral, or one more: jitter does not change the count.
func TestCountsFollowTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := festival(100_000, 100)
		s.Windows = s.Windows[:1]
		s.Windows[0].Rate = curves.Draw(t, "points")
		w := s.Windows[0]
		tr, made := New(s, rapid.Uint64().Draw(t, "seed")), int64(0)
		a, more := tr.Next()
		for at := time.Duration(0); at <= w.End().Sub(w.Start)+time.Second; at += time.Second {
			for more && a.At <= w.Start.Add(at).UnixNano() {
				made++
				a, more = tr.Next()
			}
			exact := floor(integral(w.Rate, at))
			require.GreaterOrEqual(t, made, exact)
			require.LessOrEqual(t, made, exact+1)
		}
		require.False(t, more)
		require.Equal(t, made, tr.Total(0))
	})
}

// A scaled festival has exactly its share of each window's grants, rounded down.
func TestScaledTotals(t *testing.T) {
	s := festival(1_000_000, 100_000)
	scaled, err := scenarios.Scale(s, 1, 1_000)
	require.NoError(t, err)
	tr := New(scaled, 1)
	require.Equal(t, []int64{1_000, 500, 10}, []int64{tr.Total(0), tr.Total(1), tr.Total(2)})
	require.Len(t, drain(tr), 1_510)
}

// Next and the methods for people do not allocate.
func TestNoAllocation(t *testing.T) {
	tr := New(festival(100_000, 10_000), 3)
	tr.Next()
	require.Zero(t, testing.AllocsPerRun(1_000, func() {
		a, _ := tr.Next()
		tr.Persona(a.Person)
		tr.Account(a.Person, wallet.DouyinFamily)
		tr.PhoneOf(a.Person)
	}))
}

func BenchmarkNext(b *testing.B) {
	s := festival(400_000_000, 1_800_000)
	s.Windows = s.Windows[:1]
	tr := New(s, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := tr.Next(); !ok {
			tr = New(s, 1)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Marrivals/s")
}

func BenchmarkPersona(b *testing.B) {
	c := NewCrowd(festival(400_000_000, 1), 1)
	for i := int64(0); b.Loop(); i++ {
		c.Persona(i)
	}
}
