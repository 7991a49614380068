package scenarios_test

import (
	"errors"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

func mustLoad(t *testing.T, path string) *scenarios.Scenario {
	t.Helper()
	s, err := loader.Load(path)
	require.NoError(t, err)
	return s
}

// highest returns a window's highest rate.
func highest(w scenarios.Window) *big.Rat {
	high := new(big.Rat)
	for _, p := range w.Rate {
		if r := big.NewRat(p.Rate.Num, p.Rate.Den); r.Cmp(high) > 0 {
			high = r
		}
	}
	return high
}

// The source's peak at 3,000 grants a second for twenty seconds: 60,000 grants and 66,667 people, in the original proportion.
// Budget and machines have the same proportion.
func TestFocusOnThePeak(t *testing.T) {
	s := mustLoad(t, "rain-peak.yaml")
	before := *s
	f, err := scenarios.Focus(s, "", scenarios.Ratio{3000, 1}, 20*time.Second)
	require.NoError(t, err)
	require.Equal(t, int64(60_000), f.Grants())
	require.Equal(t, int64(66_667), f.People.Count, "60 M people in 54 M grants, rounded up")
	require.Equal(t, []scenarios.Point{{0, scenarios.Ratio{3000, 1}}, {20 * time.Second, scenarios.Ratio{3000, 1}}}, f.Windows[0].Rate)
	require.EqualValues(t, 8_888_889, f.Activity.Children[0].Budget, "8 G fen for 54 M grants, rounded up")
	require.Equal(t, s.Activity.Children[0].SingleCap, f.Activity.Children[0].SingleCap, "amounts are not scaled")
	require.Equal(t, scenarios.Ratio{500, 1}, f.Capacity.LedgerTPS(), "300 k/s at a six-hundredth")
	require.Equal(t, scenarios.Range{time.Minute, 20 * time.Minute}, f.People.After.SecondLookDelay, "the delay of a second look is not shortened")
	require.Equal(t, 4*time.Second, f.People.After.LookDelay.Max, "30 s of the 150 s of the first journey")
	require.Equal(t, 16*time.Second, f.People.After.WithdrawDelay.Max)
	require.Empty(t, f.Faults)
	require.Equal(t, before, *s, "the scenario given is not changed")
	require.Equal(t, scenarios.Ratio{1_800_000, 1}, s.Windows[0].Rate[0].Rate)
}

// Find accepts a name or a slug. Without a name it returns the peak.
func TestFocusFindsWindows(t *testing.T) {
	s := mustLoad(t, "spring-festival-2022.yaml")
	peak := ""
	for _, w := range s.Windows {
		if w.Peak && peak == "" {
			peak = w.Name
		}
		for _, name := range []string{w.Name, w.Slug()} {
			f, err := scenarios.Focus(s, name, scenarios.Ratio{}, 0)
			require.NoError(t, err)
			require.Equal(t, []scenarios.Window{w}, f.Windows, "unchanged by default")
			require.Equal(t, s.People.Count, f.People.Count)
			require.Equal(t, s.Activity, f.Activity)
		}
	}
	f, err := scenarios.Focus(s, "", scenarios.Ratio{}, 0)
	require.NoError(t, err)
	require.NotEmpty(t, peak)
	require.Equal(t, peak, f.Windows[0].Name)
	s.Windows[0].Peak, s.Windows = false, s.Windows[:1]
	f, err = scenarios.Focus(s, "", scenarios.Ratio{}, 0)
	require.NoError(t, err)
	require.Equal(t, s.Windows[0].Name, f.Windows[0].Name, "without a peak, the first")
	require.Equal(t, "new-year-s-eve-rain-round-1", scenarios.Window{Name: "New Year's Eve, rain round 1"}.Slug())
}

// For any window, peak and duration: the highest rate and the duration are exactly the requested ones, the points keep their
// proportions, there are enough people for the grants, and the journeys fit into the duration.
func TestFocusIsExact(t *testing.T) {
	files, err := filepath.Glob("regress/*.yaml")
	require.NoError(t, err)
	files = append(files, "spring-festival-2022.yaml", "rain-peak.yaml", "reward-centre.yaml")
	all := map[string]*scenarios.Scenario{}
	for _, f := range files {
		all[f] = mustLoad(t, f)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := all[rapid.SampledFrom(files).Draw(t, "file")]
		w := rapid.SampledFrom(s.Windows).Draw(t, "window")
		peak := scenarios.Ratio{rapid.Int64Range(1, 50_000).Draw(t, "peak"), rapid.SampledFrom([]int64{1, 2, 10}).Draw(t, "den")}
		long := time.Duration(rapid.Int64Range(1_000, 300_000).Draw(t, "ms")) * time.Millisecond
		f, err := scenarios.Focus(s, w.Name, peak, long)
		if errors.Is(err, scenarios.ErrTooManyPeople) {
			return // a window with a small share of invited people needs more people than allowed
		}
		require.NoError(t, err)
		got := f.Windows[0]
		require.Zero(t, highest(got).Cmp(big.NewRat(peak.Num, peak.Den)))
		require.Equal(t, long, got.End().Sub(got.Start))
		by := new(big.Rat).Quo(big.NewRat(peak.Num, peak.Den), highest(w))
		for i, p := range w.Rate {
			want := new(big.Rat).Mul(big.NewRat(p.Rate.Num, p.Rate.Den), by)
			require.Zero(t, want.Cmp(big.NewRat(got.Rate[i].Rate.Num, got.Rate[i].Rate.Den)))
			at := new(big.Rat).Mul(big.NewRat(int64(p.At), 1), big.NewRat(int64(long), int64(w.End().Sub(w.Start))))
			off, _ := at.Sub(at, big.NewRat(int64(got.Rate[i].At), 1)).Float64()
			require.True(t, 0 <= off && off < 1, "off by %v ns", off)
		}
		require.LessOrEqual(t, got.Grants(), f.Chances(got))
		a := f.People.After
		require.LessOrEqual(t, a.Journey(), long)
		require.True(t, a.LookDelay.Min <= a.LookDelay.Max && a.WithdrawDelay.Min <= a.WithdrawDelay.Max && a.SecondLookDelay.Min <= a.SecondLookDelay.Max)
		for i, c := range f.Activity.Children {
			was := s.Activity.Children[i].Budget
			require.True(t, c.Budget == c.SingleCap || int64(c.Budget)*w.Grants() >= int64(was)/1_000_000*got.Grants(), "a budget not below its share")
			require.GreaterOrEqual(t, c.Budget, c.SingleCap)
		}
	})
}

// Focus refuses impossible requests, and lists the windows if there is no such window.
func TestFocusRefuses(t *testing.T) {
	for _, c := range []struct {
		why      string
		window   string
		peak     scenarios.Ratio
		duration time.Duration
		change   func(*scenarios.Scenario)
		want     string
	}{
		{"no such window", "rain-9", scenarios.Ratio{}, 0, nil, "the windows are: rain-at-the-peak"},
		{"a negative duration", "", scenarios.Ratio{}, -time.Second, nil, "-1s"},
		{"a negative peak", "", scenarios.Ratio{-1, 1}, 0, nil, "-1/1"},
		{"a peak that is not a ratio", "", scenarios.Ratio{1, 0}, 0, nil, "1/0"},
		{"a window without grants cannot be raised", "", scenarios.Ratio{5, 1}, 0, func(s *scenarios.Scenario) {
			s.Windows[0].Rate = []scenarios.Point{{0, scenarios.Ratio{0, 1}}, {time.Second, scenarios.Ratio{0, 1}}}
		}, "has no grants"},
		{"points a millisecond apart in a nanosecond", "", scenarios.Ratio{}, 2, func(s *scenarios.Scenario) {
			s.Windows[0].Rate = []scenarios.Point{{0, scenarios.Ratio{1, 1}}, {time.Millisecond, scenarios.Ratio{2, 1}}, {time.Second, scenarios.Ratio{2, 1}}}
		}, "points that would have the same time"},
		{"more people than allowed", "", scenarios.Ratio{1_000_000, 1}, time.Hour, nil, "too many people: 4000000000"},
		{"nobody is invited", "", scenarios.Ratio{}, 0, func(s *scenarios.Scenario) { s.Windows[0].People = scenarios.Ratio{0, 1} }, "nobody is invited"},
		{"a rate that no ratio can hold", "", scenarios.Ratio{4_611_686_018_427_387_847, 4_611_686_018_427_387_903}, 0, nil, "64-bit ratio"},
		{"no windows at all", "", scenarios.Ratio{}, 0, func(s *scenarios.Scenario) { s.Windows = nil }, "has no window"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := mustLoad(t, "rain-peak.yaml")
			if c.change != nil {
				c.change(s)
			}
			_, err := scenarios.Focus(s, c.window, c.peak, c.duration)
			require.ErrorIs(t, err, scenarios.ErrFocus)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A window with several rewards or several chances keeps its rules. It has enough people for its chances, a stock in proportion
// to its grants, and time for what people do after a win.
func TestFocusOnPlays(t *testing.T) {
	s := mustLoad(t, "reward-centre.yaml")
	for _, c := range []struct {
		window string
		times  int64
		movies int64 // of 150, in proportion to the grants, rounded up
		why    string
	}{
		{"Cards", 12, 25, "1,500 of 9,000 grants, of which a person may draw twelve"},
		{"Rain", 1, 188, "1,250 of 1,000"},
		{"Rain on friends' pages", 3, 188, "1,500 of 1,200"},
		{"Fireworks", 1, 94, "750 of 1,200"},
		{"Card lottery", 1, 375, "750 of 300: everybody invited has collected"},
	} {
		was, err := s.Find(c.window)
		require.NoError(t, err)
		f, err := scenarios.Focus(s, c.window, scenarios.Ratio{300, 1}, 5*time.Second)
		require.NoError(t, err, c.why)
		w := f.Windows[0]
		require.Equal(t, was.Prizes, w.Prizes, c.why)
		require.Equal(t, c.times, w.Times(), c.why)
		require.LessOrEqual(t, w.Grants(), f.Chances(w), c.why)
		a := f.People.After
		require.LessOrEqual(t, a.LookDelay.Max+a.SendDelay.Max+a.OpenDelay.Max, 5*time.Second)
		require.LessOrEqual(t, a.UseDelay.Max+a.LookDelay.Max, 5*time.Second)
		require.Greater(t, a.OpenDelay.Max, a.SendDelay.Max, "in the original proportion")
		for _, r := range f.Activity.Children[0].Rewards {
			if r.Type == wallet.MovieCoupon {
				require.Equal(t, c.movies, r.Rewards[0].Stock, "%s: %d of %d grants", c.why, w.Grants(), was.Grants())
			}
		}
		served := f.StockedAs(s)
		for i, r := range s.Activity.Children[0].Rewards {
			require.Equal(t, r.Rewards[0].Stock, served.Activity.Children[0].Rewards[i].Rewards[0].Stock, "a service knows no windows")
		}
		require.Equal(t, f.Activity.Children[0].Budget, served.Activity.Children[0].Budget)
		if w.Lottery != nil {
			require.Empty(t, w.Lottery.Of, "everybody invited has collected")
		}
	}
}
