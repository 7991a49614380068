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

// conformance is hongbao load --conformance: it puts the published contract to a wallet, case by case.
func conformance(cmd *cobra.Command, args []string, f loadFlags) error {
	if err := checkTargets(f.targets); err != nil {
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
	p := &loadPlan{flags: f, whole: &scenarios.Scenario{Activity: tree, Withdraw: scenarios.Withdraw{Release: scenarios.Ratio{Num: 1, Den: 1}}}, logs: cmd.ErrOrStderr()}
	target, stop, err := p.target(cmd.Context(), p.whole)
	if err != nil {
		return err
	}
	ask, err := conformTarget(tree, target, f)
	if err == nil {
		var results []conform.Result
		results, err = conform.Run(cmd.Context(), ask, func(r conform.Result) {
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
		return as(errUnknown, fmt.Errorf("%w\n  hint: is the service up, and is this its address?", err))
	}
	if errors.Is(err, wallet.ErrInvalid) {
		return usage("%w", err)
	}
	return err
}

// fakeSettleTimeout is how long the cases wait for what is on its way in an embedded target: some stand-ins of downstreams
// accept first.
const fakeSettleTimeout = 2 * open.FakeSettles

// conformTarget says whom to ask, and about what: the first cash scene of the tree, and what else the target is said to have.
func conformTarget(tree wallet.Activity, t loadtest.Target, f loadFlags) (conform.Target, error) {
	caller, ok := t.Keys.Caller(f.caller)
	if !ok {
		return conform.Target{}, usage("the keys have no caller %q to ask for grants; name one with --caller", f.caller)
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
	if f.targets[0] == embeddedTarget {
		out.Packets, out.Patience = true, fakeSettleTimeout
	}
	out.Reward, err = rewardOf(tree, f)
	return out, err
}

// rewardOf returns the reward other than cash that is asked for: the one that is named, or of an embedded target one of its
// own, rather one that no stock ends; zero: none.
func rewardOf(tree wallet.Activity, f loadFlags) (conform.Reward, error) {
	var all, endless []conform.Reward
	var names []string
	for _, t := range tree.Children[0].Rewards {
		for _, r := range t.Rewards {
			for _, s := range r.Scenes {
				if t.Type == wallet.Cash {
					continue
				}
				all, names = append(all, conform.Reward{Scene: s.ID, Award: t.Type}), append(names, string(s.ID))
				if !s.StockControl {
					endless = append(endless, all[len(all)-1])
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
	if own := slices.Concat(endless, all); f.targets[0] == embeddedTarget && len(own) > 0 {
		return own[0], nil
	}
	return conform.Reward{}, nil
}

// printCase writes how one case ended.
func printCase(w io.Writer, r conform.Result) {
	fmt.Fprintf(w, "%-8s%-34s %s\n", strings.ToUpper(r.Verdict.String()), r.Name, r.Why)
	if r.Detail != "" {
		fmt.Fprintf(w, "        %s\n", r.Detail)
	}
}

// summarizeCases sums the cases up and chooses the exit code.
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
		fmt.Fprintf(w, "\n%d cases kept, %d broken, %d not known, %d left out\n", count[conform.Pass], count[conform.Fail], count[conform.Unknown], count[conform.Skip])
	}
	switch {
	case count[conform.Fail] > 0:
		return as(errViolation, errPrinted)
	case count[conform.Unknown] > 0 || count[conform.Pass] == 0:
		return as(errUnknown, errors.New("not every case could be put to the wallet: see above"))
	}
	return nil
}
