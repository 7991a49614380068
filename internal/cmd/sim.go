package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/reports/render"
	"hongbao/scenarios"
	"hongbao/sim"
)

// simFlags are the flags of hongbao sim.
type simFlags struct {
	scale, strategy, crypto, out string
	seed                         uint64
	maxGrants                    int64
	json, quiet                  bool
}

func simCommand() *cobra.Command {
	var f simFlags
	cmd := &cobra.Command{
		Use:   "sim SCENARIO",
		Short: "Replay a scenario in virtual time",
		Long: `Replays a scenario in virtual time against the reference wallet and checks that the money was safe. The same scenario,
scale, strategy, crypto and seed always give the same run and the same digest.`,
		Example: `  hongbao sim scenarios/spring-festival-2022.yaml --scale 1/1000 --strategy all --seed 7
  hongbao sim scenarios/regress/unknown-outcomes.yaml --crypto real --json`,
		Args: oneScenarioFile,
		RunE: func(cmd *cobra.Command, args []string) error { return simulate(cmd, args[0], f) },
	}
	cmd.Flags().StringVar(&f.scale, "scale", "1/1", "ratio that scales people, rates, capacities and budgets; latencies are not scaled")
	cmd.Flags().StringVar(&f.strategy, "strategy", "token", "posting strategy: sync, async, token, or all three (all)")
	cmd.Flags().StringVar(&f.crypto, "crypto", "modelled", "token cryptography: real, or modelled (a cheap substitute, except for the share of real tokens set in the scenario)")
	cmd.Flags().StringVar(&f.out, "out", "", "folder for record.json, report.html, summary.md and junit.xml (default reports/out/<scenario>-<time>)")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the random generator")
	cmd.Flags().Int64Var(&f.maxGrants, "max-grants", maxGrants, "refuse to replay more grants than this; a grant needs about 300 bytes of memory")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the record as JSON instead of the tables")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "print no progress")
	return cmd
}

// simulate replays one scenario, writes its reports, and prints the tables.
func simulate(cmd *cobra.Command, file string, f simFlags) error {
	record, plan, err := planRun(file, f)
	if err != nil {
		return err
	}
	dir := outOr(f.out, record.Scenario.Name)
	if err := prepareOut(dir); err != nil {
		return err
	}
	progress := &simProgress{newProgressLine(cmd.ErrOrStderr(), f.quiet || f.json), make([]sim.Progress, len(plan))}
	record.Runs, err = replay(cmd.Context(), plan, progress)
	progress.done()
	if err != nil {
		return err
	}
	if record.Studies, err = studies(cmd.Context(), plan[0].options.Scenario, f.seed); err != nil {
		return err
	}
	reports.Summarise(record)
	if record.Metrics, err = sim.TokenMetrics(plan[0].options.Scenario); err != nil {
		return err
	}
	if err := render.Write(dir, record); err != nil {
		return err
	}
	if err := show(cmd, record, dir, f.json); err != nil {
		return err
	}
	return outcome(record)
}

// outOr returns the folder of --out, or by default a new one named after what is run.
func outOr(out, name string) string {
	if out != "" {
		return out
	}
	return filepath.Join("reports", "out", name+"-"+time.Now().Format("20060102-150405"))
}

// prepareOut creates the folder of a run and tests that it is writable, before the run starts.
func prepareOut(dir string) error {
	if err := open.PrepareFolder(dir, 0o755); err != nil {
		return usage("--out %s: %w\n  hint: give a writable folder", dir, err)
	}
	return nil
}

// outcome returns nil for a record that passed, and otherwise an error in the class of its verdict.
func outcome(r *reports.Record) error {
	switch {
	case r.Interrupted:
		return as(errInterrupted, errors.New("interrupted: the partial record is stored, its verdict is unknown"))
	case r.Violated():
		return as(errViolation, errPrinted)
	case r.Verdict == reports.Fail:
		return as(errMissed, errPrinted)
	case r.Verdict != reports.Pass:
		return as(errUnknown, errors.New("the verdict is unknown: the report gives the reason"))
	}
	return nil
}

// plannedRun is the replay of one strategy.
type plannedRun struct {
	options   sim.Options
	fullScale sim.Full
}

// maxGrants is the default of --max-grants. A run needs about 300 bytes of memory per grant, so this many need about 16 GiB.
const maxGrants = 60_000_000

// planRun reads the scenario and checks the flags. It returns a record without runs, and the runs to make.
func planRun(file string, f simFlags) (*reports.Record, []plannedRun, error) {
	if err := checkAtLeast("max-grants", f.maxGrants, 1); err != nil {
		return nil, nil, err
	}
	num, den, err := parseScale(f.scale)
	if err != nil {
		return nil, nil, err
	}
	crypto := sim.Crypto(f.crypto)
	if crypto != sim.CryptoReal && crypto != sim.CryptoModelled {
		return nil, nil, usage("--crypto %s: want real or modelled", f.crypto)
	}
	strategies := wallet.Strategies
	if f.strategy != "all" {
		s, ok := wallet.ParseStrategy(f.strategy)
		if !ok {
			return nil, nil, usage("--strategy %s: want sync, async, token or all", f.strategy)
		}
		strategies = []wallet.Strategy{s}
	}
	whole, sum, err := loadScenario(file)
	if err != nil {
		return nil, nil, err
	}
	scaled, err := scenarios.Scale(whole, num, den)
	if err != nil {
		return nil, nil, usage("--scale %s: %w\n  hint: use a larger ratio, or a ratio of smaller whole numbers", f.scale, err)
	}
	if n := scaled.Grants(); n > f.maxGrants {
		return nil, nil, usage("--scale %s: %d grants exceed the limit of %d grants per run\n  hint: choose a smaller ratio, such as 1/1000, or allow more with --max-grants; a grant needs about 300 bytes of memory", f.scale, n, f.maxGrants)
	}
	var plan []plannedRun
	for _, s := range strategies {
		plan = append(plan, plannedRun{sim.Options{Scenario: scaled, Strategy: s, Crypto: crypto, Seed: f.seed}, sim.FullOf(whole, num, den)})
	}
	record := &reports.Record{
		Schema: reports.Schema, Kind: "sim", Seed: f.seed, Commit: commit(), Environment: sim.Environment(),
		Scenario: reports.Scenario{
			Name: whole.Name, Title: whole.Title, TitleZH: whole.TitleZH, Description: whole.Description, File: filepath.ToSlash(file),
			SHA256: sum, Scale: f.scale, ScaleNum: num, ScaleDen: den, Crypto: f.crypto,
		},
		Replay: fmt.Sprintf("%s sim %s --scale %s --strategy %s --crypto %s --seed %d", selfCommand(), filepath.ToSlash(file), f.scale, f.strategy, f.crypto, f.seed),
	}
	return record, plan, nil
}

// parseScale parses a ratio such as 1/1000, or a whole number.
func parseScale(s string) (num, den int64, err error) {
	n, d, ok := strings.Cut(s, "/")
	if !ok {
		d = "1"
	}
	num, err1 := strconv.ParseInt(n, 10, 64)
	den, err2 := strconv.ParseInt(d, 10, 64)
	if err := errors.Join(err1, err2); err != nil || num <= 0 || den <= 0 || num > 1_000_000 || den > 1_000_000_000 {
		return 0, 0, usage("--scale %s: want a ratio of two whole numbers above zero, such as 1/1000", s)
	}
	return num, den, nil
}

// replay makes the runs concurrently, at most one per processor. The runs share no state.
func replay(ctx context.Context, plan []plannedRun, p *simProgress) ([]reports.Run, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercentOf(plan)))
	runs, errs := make([]reports.Run, len(plan)), make([]error, len(plan))
	slots := make(chan struct{}, max(1, min(len(plan), sim.Environment().GOMAXPROCS)))
	var wg sync.WaitGroup
	for i := range plan {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			o := plan[i].options
			o.Progress = p.of(i)
			start := time.Now()
			runs[i], errs[i] = sim.Run(ctx, o, plan[i].fullScale)
			runs[i].WallSeconds = time.Since(start).Seconds()
		})
	}
	wg.Wait()
	return runs, errors.Join(errs...)
}

// gcPercentOf returns the garbage that may gather before a collection, in percent of the live heap. Most of what a run
// allocates stays live, so frequent collections would only slow down a small run. A large run needs the memory.
func gcPercentOf(plan []plannedRun) int {
	const small = 5_000_000 // grants; about two gigabytes including garbage
	if plan[0].options.Scenario.Grants() <= small {
		return 400
	}
	return 40
}

// show prints the record as JSON, or its tables and the paths of its reports.
func show(cmd *cobra.Command, r *reports.Record, dir string, asJSON bool) error {
	if asJSON {
		return reports.JSON(cmd.OutOrStdout(), r)
	}
	if err := render.Table(cmd.OutOrStdout(), r, colours(cmd.OutOrStdout())); err != nil {
		return err
	}
	return render.Paths(cmd.OutOrStdout(), dir)
}

// selfCommand returns the command that runs this program again.
func selfCommand() string {
	if exe, err := os.Executable(); err == nil && strings.Contains(exe, "go-build") {
		return "go run ."
	}
	return "hongbao"
}
