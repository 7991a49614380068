package conform

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// results runs all cases.
func results(t *testing.T, target Target) []Result {
	t.Helper()
	all, err := Run(t.Context(), target, nil)
	require.NoError(t, err)
	return all
}

// verdicts runs all cases and returns the names of those that end so.
func verdicts(t *testing.T, target Target) map[Verdict][]string {
	t.Helper()
	out := map[Verdict][]string{}
	for _, r := range results(t, target) {
		if r.Verdict == Fail || r.Verdict == Unknown {
			t.Logf("%s %s: %s", r.Verdict, r.Name, r.Detail)
		}
		require.Equal(t, r.Verdict == Pass, r.Detail == "", "%s: what is no pass says why", r.Name)
		out[r.Verdict] = append(out[r.Verdict], r.Name)
	}
	return out
}

// names lists the cases whose names begin so.
func names(begin string) (out []string) {
	for _, c := range tests() {
		if strings.HasPrefix(c.name, begin) {
			out = append(out, c.name)
		}
	}
	return out
}

// TestOurs: the reference wallet keeps the contract, however it posts, marked or not.
func TestOurs(t *testing.T) {
	t.Parallel()
	for _, strategy := range wallet.Strategies {
		for _, marked := range []bool{false, true} {
			t.Run(string(strategy)+map[bool]string{true: " marked"}[marked], func(t *testing.T) {
				t.Parallel()
				target := ours(t, strategy, fault{})
				target.LoadTest = marked
				got := verdicts(t, target)
				require.Empty(t, got[Fail])
				require.Empty(t, got[Unknown])
				if strategy == wallet.StrategyToken {
					require.Empty(t, got[Skip])
				} else {
					require.Equal(t, names("token-"), got[Skip], "they hand out no tokens")
				}
			})
		}
	}
}

// TestSecond: so does a wallet of a few hundred lines, which shares none of the service's code.
func TestSecond(t *testing.T) {
	t.Parallel()
	got := verdicts(t, second(t, ""))
	require.Empty(t, got[Fail])
	require.Empty(t, got[Unknown])
	require.Equal(t, slices.Concat(names("token-"), names("reward"), names("packet")), got[Skip], "it hands out no tokens, and was not said to have the others")
}

// TestTable: every case has a name of its own, a reason, and requirements.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range tests() {
		require.NotEmpty(t, c.why, c.name)
		require.NotEmpty(t, c.specs, c.name)
		require.False(t, seen[c.name], c.name)
		seen[c.name] = true
	}
	require.Equal(t, "later", tests()[len(tests())-1].name)
}

// TestInvalid: what cannot be asked is refused before anybody is asked.
func TestInvalid(t *testing.T) {
	good := Target{BaseURL: "http://127.0.0.1:1", Activity: "spring", Scene: "rain"}
	good.Key.ID = "demo"
	for why, change := range map[string]func(*Target){
		"no URL": func(x *Target) { x.BaseURL = "wallet" }, "no key": func(x *Target) { x.Key.ID = "" },
		"no activity": func(x *Target) { x.Activity = "" }, "no scene": func(x *Target) { x.Scene = "Rain!" },
		"a cap below what is granted": func(x *Target) { x.Cap = 50 }, "patience below zero": func(x *Target) { x.Patience = -1 },
		"cash as what is not": func(x *Target) { x.Reward = Reward{"rain", wallet.Cash} }, "a reward of no scene": func(x *Target) { x.Reward.Award = wallet.HeyteaCoupon },
	} {
		target := good
		change(&target)
		_, err := Run(t.Context(), target, nil)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
	_, err := Run(t.Context(), good, nil)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "nobody listens")
	require.ErrorContains(t, err, good.BaseURL)
}

// TestNotTold: what cannot be judged is unknown, and never a pass.
func TestNotTold(t *testing.T) {
	t.Parallel()
	target := ours(t, wallet.StrategyToken, fault{})
	target.Session, target.Cap = nil, 0
	got := verdicts(t, target)
	require.Empty(t, got[Fail])
	require.Subset(t, got[Unknown], append(names("page-"), "grant", "grant-cap", "session-forged", "withdraw", "later"))
	require.Equal(t, []string{"form-large", "session-missing"}, got[Pass], "what needs no session to be judged")

	target = ours(t, wallet.StrategySync, fault{})
	target.Reward, target.Packets = Reward{}, false
	for _, r := range results(t, target) {
		if strings.HasPrefix(r.Name, "reward") || strings.HasPrefix(r.Name, "packet") {
			require.Equal(t, Skip, r.Verdict, r.Name)
			require.Contains(t, r.Detail, "not asked: ", r.Name)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cut := ours(t, wallet.StrategyToken, fault{})
	seen := 0
	results, err := Run(ctx, cut, func(r Result) {
		if seen++; seen == 3 {
			cancel()
		}
	})
	require.NoError(t, err)
	require.Len(t, results, len(tests()), "an interrupted run lists what it did not come to")
	require.Equal(t, Unknown, results[len(results)-1].Verdict)
	require.Equal(t, Unknown, results[4].Verdict)
}

// TestNoWallet: what answers but is no wallet fails or is unknown, and breaks nothing.
func TestNoWallet(t *testing.T) {
	t.Parallel()
	for why, answer := range map[string]http.HandlerFunc{
		"a page for everything":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello</html>")) },
		"an empty object":           func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
		"a gateway without a house": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"it hangs up":               func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			h := httptest.NewServer(answer)
			defer h.Close()
			target := Target{BaseURL: h.URL, Activity: "spring", Scene: "rain", Cap: festivalCap}
			if why == "it hangs up" {
				target.Key.ID = "demo"
				_, err := Run(t.Context(), target, nil)
				require.ErrorIs(t, err, wallet.ErrUnavailable)
				return
			}
			target = ours(t, wallet.StrategySync, fault{})
			target.Patience = 10 * time.Millisecond
			target.BaseURL = h.URL
			got := verdicts(t, target)
			if why == "an empty object" { // which says that the page is empty
				require.Equal(t, []string{"page-empty"}, got[Pass])
			} else {
				require.Empty(t, got[Pass])
			}
			require.Contains(t, got[Fail], "grant")
		})
	}
}

// TestFaults: every case is seen to fail, by a wallet that has the fault which the case is there for.
func TestFaults(t *testing.T) {
	t.Parallel()
	caught := make(chan []string, 100)
	t.Run("each", func(t *testing.T) {
		for _, p := range planted() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				var target Target
				if p.naive {
					target = second(t, p.name)
				} else {
					target = ours(t, wallet.StrategyToken, p.fault)
				}
				got := verdicts(t, target)
				require.Subset(t, got[Fail], p.caught)
				if p.alone {
					require.ElementsMatch(t, p.caught, got[Fail], "and nothing else, as nothing else is wrong")
				}
				caught <- p.caught
			})
		}
	})
	close(caught)
	all := map[string]bool{}
	for some := range caught {
		for _, name := range some {
			all[name] = true
		}
	}
	want := names("")
	slices.Sort(want)
	require.Equal(t, want, slices.Sorted(maps.Keys(all)), "a case that no fault makes fail proves nothing")
}
