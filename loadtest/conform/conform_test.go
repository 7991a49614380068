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

// verdicts runs all cases and returns their names by verdict.
func verdicts(t *testing.T, target Target) map[Verdict][]string {
	t.Helper()
	out := map[Verdict][]string{}
	for _, r := range results(t, target) {
		if r.Verdict == Fail || r.Verdict == Unknown {
			t.Logf("%s %s: %s", r.Verdict, r.Name, r.Detail)
		}
		require.Equal(t, r.Verdict == Pass, r.Detail == "", "%s: a result that is not a pass has a detail", r.Name)
		out[r.Verdict] = append(out[r.Verdict], r.Name)
	}
	return out
}

// names lists the cases whose names have a prefix.
func names(begin string) (out []string) {
	for _, c := range allCases() {
		if strings.HasPrefix(c.name, begin) {
			out = append(out, c.name)
		}
	}
	return out
}

// TestOurs: the reference wallet fulfils the contract, with every posting strategy, with and without the load-test
// mark.
func TestOurs(t *testing.T) {
	t.Parallel()
	for _, strategy := range wallet.Strategies {
		for _, shadow := range []bool{false, true} {
			t.Run(string(strategy)+map[bool]string{true: " with the load-test mark"}[shadow], func(t *testing.T) {
				t.Parallel()
				target := referenceWallet(t, strategy, fault{})
				target.LoadTest = shadow
				got := verdicts(t, target)
				require.Empty(t, got[Fail])
				require.Empty(t, got[Unknown])
				if strategy == wallet.StrategyToken {
					require.Empty(t, got[Skip])
				} else {
					require.Equal(t, names("token-"), got[Skip], "these strategies issue no tokens")
				}
			})
		}
	}
}

// TestSecond: a wallet of a few hundred lines that shares no code with the service fulfils it too.
func TestSecond(t *testing.T) {
	t.Parallel()
	got := verdicts(t, naiveWallet(t, ""))
	require.Empty(t, got[Fail])
	require.Empty(t, got[Unknown])
	require.Equal(t, slices.Concat(names("token-"), names("reward"), names("packet")), got[Skip], "it issues no tokens, and the target does not name the other features")
}

// TestTable: every case has a unique name, a description and requirements.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range allCases() {
		require.NotEmpty(t, c.why, c.name)
		require.NotEmpty(t, c.specs, c.name)
		require.False(t, seen[c.name], c.name)
		seen[c.name] = true
	}
	require.Equal(t, "later", allCases()[len(allCases())-1].name)
}

// TestInvalid: an invalid target is refused before any request.
func TestInvalid(t *testing.T) {
	good := Target{BaseURL: "http://127.0.0.1:1", Activity: "spring", Scene: "rain"}
	good.Key.ID = "demo"
	for why, change := range map[string]func(*Target){
		"no URL": func(x *Target) { x.BaseURL = "wallet" }, "no key": func(x *Target) { x.Key.ID = "" },
		"no activity": func(x *Target) { x.Activity = "" }, "no scene": func(x *Target) { x.Scene = "Rain!" },
		"a cap below the granted amounts": func(x *Target) { x.Cap = 50 }, "negative patience": func(x *Target) { x.Patience = -1 },
		"cash as another reward": func(x *Target) { x.Reward = Reward{"rain", wallet.Cash} }, "a reward without a scene": func(x *Target) { x.Reward.Award = wallet.HeyteaCoupon },
	} {
		target := good
		change(&target)
		_, err := Run(t.Context(), target, nil)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
	_, err := Run(t.Context(), good, nil)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "nothing listens")
	require.ErrorContains(t, err, good.BaseURL)
}

// TestNotTold: a case without the data that it needs is unknown, and never a pass.
func TestNotTold(t *testing.T) {
	t.Parallel()
	target := referenceWallet(t, wallet.StrategyToken, fault{})
	target.Session, target.Cap = nil, 0
	got := verdicts(t, target)
	require.Empty(t, got[Fail])
	require.Subset(t, got[Unknown], append(names("page-"), "grant", "grant-cap", "session-forged", "withdraw", "later"))
	require.Equal(t, []string{"form-large", "session-missing"}, got[Pass], "cases that need no session")

	target = referenceWallet(t, wallet.StrategySync, fault{})
	target.Reward, target.Packets = Reward{}, false
	for _, r := range results(t, target) {
		if strings.HasPrefix(r.Name, "reward") || strings.HasPrefix(r.Name, "packet") {
			require.Equal(t, Skip, r.Verdict, r.Name)
			require.Contains(t, r.Detail, "not asked: ", r.Name)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cut := referenceWallet(t, wallet.StrategyToken, fault{})
	seen := 0
	results, err := Run(ctx, cut, func(r Result) {
		if seen++; seen == 3 {
			cancel()
		}
	})
	require.NoError(t, err)
	require.Len(t, results, len(allCases()), "an interrupted run lists the remaining cases")
	require.Equal(t, Unknown, results[len(results)-1].Verdict)
	require.Equal(t, Unknown, results[4].Verdict)
}

// TestNoWallet: against a server that is not a wallet, cases fail or are unknown, and nothing panics.
func TestNoWallet(t *testing.T) {
	t.Parallel()
	for why, answer := range map[string]http.HandlerFunc{
		"a page for everything":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello</html>")) },
		"an empty object":             func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
		"a gateway without a backend": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"it hangs up":                 func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
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
			target = referenceWallet(t, wallet.StrategySync, fault{})
			target.Patience = 10 * time.Millisecond
			target.BaseURL = h.URL
			got := verdicts(t, target)
			if why == "an empty object" { // it reads as an empty page
				require.Equal(t, []string{"page-empty"}, got[Pass])
			} else {
				require.Empty(t, got[Pass])
			}
			require.Contains(t, got[Fail], "grant")
		})
	}
}

// TestFaults: every case fails against a wallet with a planted fault for it.
func TestFaults(t *testing.T) {
	t.Parallel()
	caught := make(chan []string, 100)
	t.Run("each", func(t *testing.T) {
		for _, p := range planted() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				var target Target
				if p.naive {
					target = naiveWallet(t, p.name)
				} else {
					target = referenceWallet(t, wallet.StrategyToken, p.fault)
				}
				got := verdicts(t, target)
				require.Subset(t, got[Fail], p.failing)
				if p.exact {
					require.ElementsMatch(t, p.failing, got[Fail], "and no other case fails")
				}
				caught <- p.failing
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
	require.Equal(t, want, slices.Sorted(maps.Keys(all)), "every case needs a fault that makes it fail")
}
