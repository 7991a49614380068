package cmd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hongbao/loadtest"
	"hongbao/loadtest/attack"
	"hongbao/loadtest/conform"
	"hongbao/reference/server/auth"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// conformance runs hongbao load --conformance: it tests a wallet against the published contract, case by case.
func conformance(cmd *cobra.Command, args []string, f loadFlags) error {
	keys, err := f.targetKeys()
	if err != nil {
		return err
	}
	tree := open.BuiltInActivity()
	if len(args) > 0 {
		s, _, err := loadScenario(args[0])
		if err != nil {
			return err
		}
		served, ok := open.StageOf(s.Activity, wallet.Official)
		if !ok {
			return usage("%s has no official stage to serve", args[0])
		}
		tree = served
	}
	reward, err := rewardOf(tree, f)
	if err != nil {
		return err
	}
	p := &loadPlan{flags: f, keys: keys, whole: &scenarios.Scenario{Activity: tree, Withdraw: scenarios.Withdraw{Release: scenarios.Ratio{Num: 1, Den: 1}}}, logs: cmd.ErrOrStderr()}
	target, stop, err := p.target(cmd.Context(), p.whole)
	if err != nil {
		return err
	}
	subject, err := conformTarget(tree, target, f)
	subject.Reward = reward
	if err == nil {
		var results []conform.Result
		results, err = conform.Run(cmd.Context(), subject, func(r conform.Result) {
			if !f.withJSON {
				printCase(cmd.OutOrStdout(), r)
			}
		})
		err = errors.Join(err, stop())
		if err == nil {
			return summarizeCases(cmd.OutOrStdout(), results, f.withJSON)
		}
	}
	if errors.Is(err, wallet.ErrUnavailable) {
		return as(errUnknown, fmt.Errorf("%w\n  hint: check that the service runs and listens on this address", err))
	}
	if errors.Is(err, wallet.ErrInvalid) {
		return usage("%w", err)
	}
	return err
}

// standInSettleTimeout is how long the cases wait for pending rewards of an embedded target: some stand-ins first accept
// a request and complete it later.
const standInSettleTimeout = 2 * open.StandInSettles

// conformTarget returns the target of the cases: the first cash scene of the tree, and the other features of the target.
func conformTarget(tree wallet.Activity, t loadtest.Target, f loadFlags) (conform.Target, error) {
	caller, ok := t.Keys.Caller(f.caller)
	if !ok {
		return conform.Target{}, unknownCaller(t.Keys, f.caller)
	}
	wire, err := attack.NewTransport(attack.TransportConfig{URL: t.URLs[0], CAFile: f.ca})
	if err != nil {
		return conform.Target{}, usage("%w", err)
	}
	out := conform.Target{BaseURL: t.URLs[0], Key: caller.Key, Activity: tree.Parent, Cap: tree.Children[0].SingleCap, LoadTest: true,
		Session: func(who wallet.Caller, until time.Time) string {
			return auth.Session(t.Keys.SessionKey, who.App, who.User, until)
		},
		HTTPClient: &http.Client{Transport: wire, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, r := range tree.Children[0].Rewards {
		if r.Type == wallet.Cash && len(r.Rewards) > 0 && len(r.Rewards[0].Scenes) > 0 && out.Scene == "" {
			out.Scene = r.Rewards[0].Scenes[0].ID
		}
	}
	out.Packets = f.packets
	if f.embedded() {
		out.Packets, out.Patience = true, standInSettleTimeout
	}
	return out, nil
}

// rewardOf returns the reward other than cash for the cases: that of --reward-scene, or by default one of an embedded
// target, preferably one without a stock limit. The zero Reward means that there is none.
func rewardOf(tree wallet.Activity, f loadFlags) (conform.Reward, error) {
	var all, unlimited []conform.Reward
	var names []string
	for _, t := range tree.Children[0].Rewards {
		for _, r := range t.Rewards {
			for _, s := range r.Scenes {
				if t.Type == wallet.Cash {
					continue
				}
				all, names = append(all, conform.Reward{Scene: s.ID, Award: t.Type}), append(names, string(s.ID))
				if !s.StockControl {
					unlimited = append(unlimited, all[len(all)-1])
				}
			}
		}
	}
	if f.rewardScene != "" {
		i := slices.Index(names, f.rewardScene)
		if i < 0 {
			return conform.Reward{}, usage("--reward-scene %s: the scenes of rewards other than cash are: %s", f.rewardScene, cmp.Or(strings.Join(names, ", "), "none"))
		}
		return all[i], nil
	}
	if own := slices.Concat(unlimited, all); f.embedded() && len(own) > 0 {
		return own[0], nil
	}
	return conform.Reward{}, nil
}

// printCase writes the result of one case.
func printCase(w io.Writer, r conform.Result) {
	fmt.Fprintf(w, "%-8s%-34s %s\n", strings.ToUpper(r.Verdict.String()), r.Name, r.Why)
	if r.Detail != "" {
		fmt.Fprintf(w, "        %s\n", r.Detail)
	}
}

// summarizeCases prints the number of cases by verdict, or all cases as JSON, and returns the error of the exit code.
func summarizeCases(w io.Writer, results []conform.Result, asJSON bool) error {
	count := map[conform.Verdict]int{}
	for _, r := range results {
		count[r.Verdict]++
	}
	if asJSON {
		type line struct {
			Name    string   `json:"name"`
			Why     string   `json:"why"`
			Spec    []string `json:"spec"`
			Verdict string   `json:"verdict"`
			Detail  string   `json:"detail,omitempty"`
		}
		lines := []line{}
		for _, r := range results {
			lines = append(lines, line{r.Name, r.Why, r.Specs, r.Verdict.String(), r.Detail})
		}
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		if err := e.Encode(lines); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "\n%d cases passed, %d failed, %d unknown, %d skipped\n", count[conform.Pass], count[conform.Fail], count[conform.Unknown], count[conform.Skip])
	}
	switch {
	case count[conform.Fail] > 0:
		return as(errViolation, errPrinted)
	case count[conform.Unknown] > 0 || count[conform.Pass] == 0:
		return as(errUnknown, errors.New("some cases have no result: see above"))
	}
	return nil
}
