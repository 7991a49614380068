package loader

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/scenarios"
)

// All shipped files load, and have the expected number of grants.
func TestShipped(t *testing.T) {
	want := map[string]int64{
		"spring-festival-2022.yaml":     717_800_000,
		"rain-peak.yaml":                54_000_000, // also replayed at full size
		"fireworks-coupons.yaml":        1_200,      // the show's cash; its coupons are a separate comparison
		"running-total.yaml":            3_200,      // the same; its totals are compared under a separate load
		"limits.yaml":                   800,        // the same
		"regress/unknown-outcomes.yaml": 4_800,
		"regress/budget-stop.yaml":      5_600,
		"regress/phase-switch.yaml":     4_200,
		"regress/rewards.yaml":          1_820,
		"regress/joining.yaml":          5_400,
		"phase-switch.yaml":             3_540,
		"reward-centre.yaml":            14_700,
		"reward-peak.yaml":              108_000_000,
		"regress/outages.yaml":          2_700,
		"regress/given-up.yaml":         1_200,
		"regress/withdraw-control.yaml": 2_120,
		"regress/slow-tokens.yaml":      1_680,
	}
	all, err := List("..")
	require.NoError(t, err)
	got, drills := map[string]int64{}, 0
	for _, one := range all {
		require.NoError(t, one.Err)
		if path := filepath.ToSlash(strings.TrimPrefix(one.Path, ".."+string(filepath.Separator))); strings.HasPrefix(path, "drills/") {
			drills++ // all have the windows of one base file
		} else {
			got[path] = one.Scenario.Grants()
		}
		peaks := 0
		for _, w := range one.Scenario.Windows {
			if w.Peak {
				peaks++
			}
		}
		require.Equal(t, 1, peaks, "%s: one window is compared with the source", one.Path)
		require.NotEmpty(t, one.Scenario.TitleZH)
	}
	require.Equal(t, want, got)
	require.GreaterOrEqual(t, drills, 26, "each switch has its drill (D3)")
}

// The festival's peak is the source's: with 1.8 M grants a second and 300 k posted a second, the last people wait about
// fifteen minutes. After every window the backlog drains before the next window begins (T).
func TestFestivalIsTheSource(t *testing.T) {
	s, err := Load("../spring-festival-2022.yaml")
	require.NoError(t, err)
	require.Equal(t, 152, s.Capacity.LedgerInstances)
	require.Equal(t, 8_000, s.Capacity.NodeInstances)
	posts := s.Capacity.LedgerTPS()
	require.Equal(t, int64(300_000), posts.Num/posts.Den)
	drained := s.Windows[0].Start
	for _, w := range s.Windows {
		require.False(t, drained.After(w.Start), "%s begins before the backlog is empty", w.Name)
		worst, rest := backlog(w, float64(posts.Num)/float64(posts.Den))
		drained = w.End().Add(rest)
		require.Less(t, rest, s.Drain)
		if w.Peak {
			require.InDelta(t, 268.5e6, worst, 1e6)
			require.InDelta(t, 14.9*60, worst/300_000, 6, "the longest wait, in seconds")
		}
	}
}

// backlog returns the largest backlog of a window, and the time from its end until the last posting. Both are computed second
// by second.
func backlog(w scenarios.Window, posts float64) (worst float64, rest time.Duration) {
	held := 0.0
	for i := 1; i < len(w.Rate); i++ {
		p, q := w.Rate[i-1], w.Rate[i]
		from, to := float64(p.Rate.Num)/float64(p.Rate.Den), float64(q.Rate.Num)/float64(q.Rate.Den)
		length := (q.At - p.At).Seconds()
		for x := 0.5; x < length; x++ {
			held = max(0, held+from+(to-from)*x/length-posts)
			worst = max(worst, held)
		}
	}
	return worst, time.Duration(held / posts * float64(time.Second))
}

// A missing, too large, binary or empty file is refused with a reason, and so is a missing folder.
func TestUnreadable(t *testing.T) {
	_, err := Load("testdata/none.yaml")
	require.ErrorIs(t, err, fs.ErrNotExist)
	var e *Error
	require.True(t, errors.As(err, &e))
	require.NotEmpty(t, e.Hint)

	large := filepath.Join(t.TempDir(), "large.yaml")
	require.NoError(t, os.WriteFile(large, bytes.Repeat([]byte("a"), MaxFile+1), 0o600))
	for _, c := range []struct {
		why, path string
		src       []byte
		want      string
	}{
		{"one byte above the limit", large, nil, "is larger than"},
		{"bytes that are not text", "", []byte("title: \xff\xfe"), "is not text"},
		{"zero bytes", "", []byte("title: a\x00b"), "is not text"},
		{"empty", "", nil, "is empty"},
		{"very many keys, which would take the parser minutes", "", bytes.Repeat([]byte("a: 1\n"), MaxFile/5), "longer than"},
		{"very many dashes, which would overflow the parser's stack", "", bytes.Repeat([]byte("- "), 10_000), "nested deeper"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var err error
			if c.path != "" {
				_, err = Load(c.path)
			} else {
				_, err = Parse("a.yaml", c.src)
			}
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err = List("testdata/none")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// List returns good and bad files in order, each with its own error.
func TestListKeepsGoing(t *testing.T) {
	dir := t.TempDir()
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.yaml"), base, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("title: x"), 0o600))
	all, err := List(dir)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Error(t, all[0].Err)
	require.Equal(t, "b", all[1].Scenario.Name)
}

// For any input Parse returns a valid scenario or an *Error.
func FuzzParse(f *testing.F) {
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(f, err)
	for _, seed := range [][]byte{base, []byte("title: [[{"), []byte("a: &a\nb: *a"), []byte("? - : |\n"), []byte("\t- 'x\n"), []byte("rate: [1/s at 0s]")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse("a.yaml", src)
		if err != nil {
			var e *Error
			require.True(t, errors.As(err, &e))
			require.NotEmpty(t, e.Problem)
			require.Nil(t, s)
			return
		}
		for _, w := range s.Windows {
			require.LessOrEqual(t, w.Grants(), s.Invited(w))
		}
		for _, c := range s.Activity.Children {
			require.True(t, c.SingleCap > 0 && c.SingleCap <= c.Budget)
		}
	})
}
