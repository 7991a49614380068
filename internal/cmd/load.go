package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hongbao/loadtest"
	"hongbao/loadtest/attack"
	"hongbao/loadtest/crowd"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/reports/render"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/sim"
)

// loadFlags are the flags of hongbao load.
type loadFlags struct {
	targets                                             []string
	keys, caller, ca, config                            string
	window, peak, strategy, driver, out                 string
	duration                                            time.Duration
	seed                                                uint64
	attackers, inFlight, repeat                         int
	auditPeople                                         int64
	rewardScene                                         string
	packets                                             bool
	findMax, keep, shared, conformance, withJSON, quiet bool
}

func loadCommand() *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load SCENARIO",
		Short: "Play a scenario in real time against a wallet service, at a given rate",
		Long: `Plays one window of a scenario in real time against a wallet service, and checks that the money was safe. The target is
"embedded" (the reference service in this process) or the URLs of any service that implements the API and serves the same
scenario.

The load is open: each request is sent when it is due, even if the target is slow, and its latency counts from the
intended time. If the load was not offered as planned, the verdict is unknown.

All requests carry the load-test mark. The target processes them in its shadow wallet, and the data is deleted afterwards.`,
		Example: `  hongbao load scenarios/rain-peak.yaml --target embedded --peak 3000/s --duration 20s
  hongbao serve --scenario scenarios/rain-peak.yaml      # in another terminal, for the next command
  hongbao load scenarios/rain-peak.yaml --target http://127.0.0.1:8080 --keys data/keys.json --peak 500/s --duration 10s
  hongbao load scenarios/rain-peak.yaml --find-max --duration 5s
  hongbao load scenarios/rain-peak.yaml --peak 1000/s --duration 10s --repeat 5 --out reports/out/candidate`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.conformance {
				return arguments(0, 1, "at most one scenario file")(cmd, args)
			}
			return oneScenarioFile(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return load(cmd, args, f) },
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&f.targets, "target", []string{embeddedTarget}, "embedded, or the comma-separated URLs of the service's instances")
	fs.StringVar(&f.keys, "keys", "data/keys.json", "keys file of the target: an upstream that may grant and bind, the session key, an operator and an auditor")
	fs.StringVar(&f.caller, "caller", "demo", "send grants as this upstream")
	fs.StringVar(&f.ca, "tls-ca", "", "file with the trusted certificates for https (default: those of the system)")
	fs.StringVar(&f.config, "target-config", "", "configuration file of the target: the audit also reads its Redis and MySQL")
	fs.StringVar(&f.config, "books", "", "former name of --target-config")
	_ = fs.MarkHidden("books") // the flag exists
	fs.StringVar(&f.window, "window", "", "window of the scenario to play, such as rain-1 (default: the window with peak: true)")
	fs.StringVar(&f.peak, "peak", "", "scale the rate of the window to this peak, such as 5000/s (default: as in the scenario)")
	fs.DurationVar(&f.duration, "duration", 0, "scale the window to this length (default: as in the scenario)")
	fs.StringVar(&f.strategy, "strategy", string(wallet.StrategyToken), "posting strategy of the embedded target: sync, async or token")
	fs.StringVar(&f.driver, "driver", "vegeta", "load generator: vegeta; for k6 see docs/k6.md")
	fs.Uint64Var(&f.seed, "seed", 1, "seed of the random generator")
	fs.IntVar(&f.attackers, "attackers", 0, "number of goroutines that pace the load (default: one per processor)")
	fs.IntVar(&f.inFlight, "max-in-flight", 0, "maximum number of concurrent operations (default 4096)")
	fs.IntVar(&f.repeat, "repeat", 1, "number of runs, from which hongbao compare estimates the noise")
	fs.Int64Var(&f.auditPeople, "audit-people", 0, "number of people whose pages the audit reads (default: all)")
	fs.BoolVar(&f.findMax, "find-max", false, "search the highest rate at which all thresholds are met and the generator keeps up; --peak is the first rate")
	fs.BoolVar(&f.keep, "keep", false, "do not delete the load-test data from the target afterwards")
	fs.BoolVar(&f.shared, "shared", false, "the target has other traffic: changes of its live data are not a violation")
	fs.BoolVar(&f.conformance, "conformance", false, "test the target against the contract of the published API instead of playing a load")
	fs.StringVar(&f.rewardScene, "reward-scene", "", "scene under which the target grants a reward other than cash, for --conformance (default: no such cases; embedded: a scene of its activity)")
	fs.BoolVar(&f.packets, "packets", false, "the target supports packets between people: --conformance includes those cases (embedded: always)")
	fs.StringVar(&f.out, "out", "", "folder for record.json, report.html, summary.md and junit.xml (default reports/out/load-<scenario>-<time>)")
	fs.BoolVar(&f.withJSON, "json", false, "print the record as JSON instead of the tables")
	fs.BoolVar(&f.quiet, "quiet", false, "print no progress")
	cmd.MarkFlagsMutuallyExclusive("find-max", "repeat", "conformance")
	return cmd
}

// Bounds of hongbao load.
const (
	maxRepeats   = reports.MaxRepeats
	firstRate    = 200             // grants per second of the first step of a search: any laptop can offer it
	stepDuration = 5 * time.Second // of one step of a search, by default
)

// errNoGrant is the error of a rate too low for the length of the window.
var errNoGrant = errors.New("no grant is due")

// loadGC lets garbage grow to four times the live heap before a collection: CPU time of the collector would be missing for
// an embedded target. GOGC in the environment overrides it.
const loadGC = 400

// load plays the load or the search, writes the reports, and prints the tables.
func load(cmd *cobra.Command, args []string, f loadFlags) error {
	if err := f.check(cmd.Flags().Changed); err != nil {
		return err
	}
	if f.conformance {
		return conformance(cmd, args, f)
	}
	if f.rewardScene != "" || f.packets {
		return usage("--reward-scene and --packets need --conformance: the content of a load is in the scenario")
	}
	p, err := planLoad(args[0], f)
	if err != nil {
		return err
	}
	if err := prepareOut(p.dir); err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(loadGC))
	}
	p.progress = &loadProgress{progressLine: newProgressLine(cmd.ErrOrStderr(), f.quiet || f.withJSON)}
	p.logs = cmd.ErrOrStderr()
	if f.findMax {
		err = p.search(cmd.Context())
	} else {
		err = p.repeat(cmd.Context())
	}
	p.progress.done()
	if len(p.record.Runs) == 0 {
		return p.classify(err)
	}
	reports.Summarise(p.record)
	if err := render.Write(p.dir, p.record); err != nil {
		return err
	}
	if err := show(cmd, p.record, p.dir, f.withJSON); err != nil {
		return err
	}
	if err != nil && !p.record.Violated() {
		return p.classify(err)
	}
	return outcome(p.record)
}

// loadPlan is a load test with its checked flags.
type loadPlan struct {
	flags    loadFlags
	keys     auth.Keys // of a target that is not embedded
	whole    *scenarios.Scenario
	record   *reports.Record
	dir      string
	progress *loadProgress
	logs     io.Writer
}

// check checks the flags that need no file. given reports whether a flag is set: its default may be a value that it refuses.
func (f *loadFlags) check(given func(flag string) bool) error {
	var errs []error
	whenGiven := func(flag string, err error) {
		if given(flag) {
			errs = append(errs, err)
		}
	}
	if f.driver != "vegeta" {
		errs = append(errs, usage("--driver %s: want vegeta; for k6 see docs/k6.md", f.driver))
	}
	if _, ok := wallet.ParseStrategy(f.strategy); !ok {
		errs = append(errs, usage("--strategy %s: want sync, async or token", f.strategy))
	}
	whenGiven("repeat", checkNumber("repeat", f.repeat, 1, maxRepeats))
	whenGiven("attackers", checkNumber("attackers", f.attackers, 1, attack.MaxAttackers))
	whenGiven("max-in-flight", checkNumber("max-in-flight", f.inFlight, 1, attack.MaxInFlight))
	whenGiven("audit-people", checkAtLeast("audit-people", f.auditPeople, 1))
	whenGiven("duration", checkDuration("duration", f.duration, attack.MaxDuration))
	if given("peak") {
		_, err := parsePeak(f.peak)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// parsePeak parses a rate above zero.
func parsePeak(rate string) (scenarios.Ratio, error) {
	peak, err := loader.ParseRate(rate)
	if err != nil || peak.Num <= 0 {
		return peak, usage("--peak %s: want a rate above zero, such as 5/s, 300k/s or 1.8M/s", cmp.Or(rate, `""`))
	}
	return peak, nil
}

// planLoad reads the keys of the target and the scenario.
func planLoad(file string, f loadFlags) (*loadPlan, error) {
	keys, err := f.targetKeys()
	if err != nil {
		return nil, err
	}
	whole, sum, err := loadScenario(file)
	if err != nil {
		return nil, err
	}
	p := &loadPlan{flags: f, keys: keys, whole: whole, dir: outOr(f.out, "load-"+whole.Name)}
	p.record = &reports.Record{
		Schema: reports.Schema, Kind: "load", Seed: f.seed, Commit: commit(), Environment: sim.Environment(),
		Scenario: reports.Scenario{Name: whole.Name, Title: whole.Title, TitleZH: whole.TitleZH, Description: whole.Description, File: filepath.ToSlash(file),
			SHA256: sum, Scale: "1/1", ScaleNum: 1, ScaleDen: 1, Crypto: string(sim.CryptoReal)},
		Metrics: reports.Metrics{}, Replay: replayOf(file, f),
	}
	first := ""
	if f.findMax && f.peak == "" {
		first = fmt.Sprintf("%d/s", firstRate) // the rate in the scenario may be too high for one generator
	}
	_, err = p.focus(first)
	return p, err
}

// replayOf returns the command that repeats a load test.
func replayOf(file string, f loadFlags) string {
	words := []string{selfCommand(), "load", filepath.ToSlash(file), "--target", strings.Join(redacted(f.targets), ",")}
	for _, w := range [][2]string{{"--window", f.window}, {"--peak", f.peak}, {"--target-config", f.config}} {
		if w[1] != "" {
			words = append(words, w[0], w[1])
		}
	}
	if f.duration > 0 {
		words = append(words, "--duration", f.duration.String())
	}
	if f.embedded() {
		words = append(words, "--strategy", f.strategy)
	}
	if f.findMax {
		words = append(words, "--find-max")
	}
	if f.repeat > 1 {
		words = append(words, "--repeat", fmt.Sprint(f.repeat))
	}
	return strings.Join(append(words, "--seed", fmt.Sprint(f.seed)), " ")
}

// focus returns the window to play, scaled to a peak rate; "" is the rate of --peak.
func (p *loadPlan) focus(rate string) (*scenarios.Scenario, error) {
	if rate == "" {
		rate = p.flags.peak
	}
	var peak scenarios.Ratio
	if rate != "" {
		var err error
		if peak, err = parsePeak(rate); err != nil {
			return nil, err
		}
	}
	s, err := scenarios.Focus(p.whole, p.flags.window, peak, p.flags.duration)
	if errors.Is(err, scenarios.ErrTooManyPeople) {
		return nil, notOffered(err)
	}
	if err != nil {
		return nil, usage("%w\n  hint: choose a window with --window, a rate with --peak, a length with --duration", err)
	}
	if long := s.End().Sub(s.Windows[0].Start); long > attack.MaxDuration {
		return nil, usage("the window takes %v, and a load at most %v\n  hint: use a shorter --duration", long, attack.MaxDuration)
	}
	if n := s.Grants(); n > crowd.MaxGrants {
		return nil, notOffered(fmt.Errorf("%d grants exceed the limit of %d grants per generator", n, crowd.MaxGrants))
	} else if n == 0 {
		return nil, usage("%w in %v at this rate\n  hint: use a higher --peak or a longer --duration", errNoGrant, s.End().Sub(s.Windows[0].Start))
	}
	return s, nil
}

// notOffered is the error of a load that is too large to plan. Its verdict is unknown.
func notOffered(why error) error {
	return as(errUnknown, fmt.Errorf("nothing was offered, the verdict is unknown: %w\n  hint: use a lower --peak, a shorter --duration, or k6 on many machines (docs/k6.md)", why))
}

// repeat makes the runs of --repeat.
func (p *loadPlan) repeat(ctx context.Context) error {
	for i := range p.flags.repeat {
		s, err := p.focus("")
		if err != nil {
			return err
		}
		run, err := p.playOnce(ctx, s)
		if p.flags.repeat > 1 {
			run.Repeat = i + 1
		}
		if run.Load != nil {
			p.record.Runs = append(p.record.Runs, run)
		}
		if err != nil || run.Interrupted {
			return err
		}
	}
	return nil
}

// playOnce plays the scenario against the target. An embedded target is started anew each time.
func (p *loadPlan) playOnce(ctx context.Context, s *scenarios.Scenario) (reports.Run, error) {
	target, stop, err := p.target(ctx, s)
	if err != nil {
		return reports.Run{}, err
	}
	if !p.flags.embedded() {
		s = s.StockedAs(p.whole)
	}
	run, err := loadtest.Run(ctx, loadtest.Options{Scenario: s, Seed: p.flags.seed, Run: rand.Uint64(), Target: target, Attackers: p.flags.attackers,
		MaxInFlight: p.flags.inFlight, AuditPeople: p.flags.auditPeople, Keep: p.flags.keep, Progress: p.progress.report})
	return run, errors.Join(err, stop())
}

// classify puts the error of a run that failed into a class.
func (p *loadPlan) classify(err error) error {
	if _, known := exitCode(err); known {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return as(errInterrupted, errors.New("interrupted before the load started: there is no record"))
	case errors.Is(err, loadtest.ErrTarget):
		return as(errUnknown, fmt.Errorf("nothing was offered, the verdict is unknown: %w", err))
	case errors.Is(err, loadtest.ErrAudit):
		return as(errUnknown, err)
	}
	return err
}

// peakOf returns the highest rate of a scenario with one window, in whole grants per second.
func peakOf(s *scenarios.Scenario) (peak int64) {
	for _, p := range s.Windows[0].Rate {
		peak = max(peak, p.Rate.Floor(1))
	}
	return peak
}
