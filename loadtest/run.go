// Package loadtest drives a wallet in real time: it runs a window of a scenario against it at the requested rate, and
// checks afterwards whether the money was safe and the thresholds were met.
//
// It combines the parts: loadtest/crowd plans what people do, loadtest/attack sends it on time and counts it,
// loadtest/judge compares with the scenario's thresholds, and sim/oracle judges the money. Units are theirs: fen,
// microseconds, grants per second. With the errors ErrTarget and ErrAudit there is still a run to report. The package
// must use stores only through their ports, must not print anything, and must not require more of a target than the
// published API.
//
// The command is hongbao load (docs/load.md). Before a load test, loadtest/conform checks that a wallet implements the
// contract: examples/conformance.
package loadtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/loadtest/attack"
	"hongbao/loadtest/crowd"
	"hongbao/loadtest/judge"
	"hongbao/reference/sdk/client"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// Options configures a run.
type Options struct {
	Scenario *scenarios.Scenario // of one window: see scenarios.Focus
	Seed     uint64              // determines who does what when
	Run      uint64              // distinguishes the runs on one target
	Target   Target

	Attackers   int   // 0: one per processor
	MaxInFlight int   // 0: the default of package attack
	AuditPeople int64 // number of people whose pages the audit reads; 0: everybody
	Keep        bool  // leave the load-test data in place

	Progress func(Progress) // nil: not called
}

// Target is the wallet under test.
type Target struct {
	Name     string   // its name in reports
	URLs     []string // of its instances
	CAFile   string   // certificates to trust; "": the system's
	Keys     auth.Keys
	Caller   string // the upstream that requests grants
	Strategy wallet.Strategy
	Shared   bool          // others change its live data meanwhile, so that a change there proves nothing
	Skew     time.Duration // largest difference between its ledger's clock and ours

	// Sources reads the stores of the shadow wallet, if they are accessible; nil: they are not.
	Sources func(context.Context) (oracle.Sources, error)
}

// Progress is the progress of a run.
type Progress struct {
	Phase       string // "preparing", "playing", "draining", "auditing"
	Done, Total int64
	Attack      attack.Progress // while playing
	Violations  int64
}

// The errors of Run with which there is still a run to report.
var (
	// ErrTarget: the target is down, refuses requests, or is another wallet; nothing was offered.
	ErrTarget = errors.New("the target cannot be used")
	// ErrAudit: the offered load is counted, but not everything could be judged afterwards.
	ErrAudit = errors.New("not everything could be judged")
)

// drainAtMost bounds the wait for held postings, whatever the scenario allows its simulated fleet.
const drainAtMost = 2 * time.Minute

// Run runs the scenario once and returns its record. If ctx ends, the run is partial: the sent operations are counted,
// nothing is audited, and the verdict is unknown. With ErrTarget and ErrAudit there is a run to report, whose verdict is
// unknown or worse; with other errors, which are defects or invalid options, there is none.
func Run(ctx context.Context, o Options) (reports.Run, error) {
	r, err := newRun(o)
	if err != nil {
		return reports.Run{}, err
	}
	defer r.close()
	began := time.Now()
	problem := r.prepare(ctx)
	if problem == nil {
		if r.counted, err = attack.Run(ctx, r.config(), r.crowd, r.crowd); err != nil {
			return reports.Run{}, fmt.Errorf("loadtest: %w", err)
		}
		if !r.counted.Interrupted {
			problem = r.judge(ctx)
		}
	}
	out := r.report(ctx.Err() != nil)
	if problem != nil && out.Verdict == reports.Pass {
		out.Verdict = reports.Unknown
	}
	out.WallSeconds = time.Since(began).Seconds()
	if ctx.Err() != nil {
		problem = nil // the interruption is the reason
	}
	return out, problem
}

// prepare makes the target and the connections to it ready (K1).
func (r *run) prepare(ctx context.Context) error {
	if err := r.crowd.Prepare(ctx, func(done, total int64) { r.progress("preparing", done, total) }); err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	if _, err := r.wire.Warm(ctx, warmConns); err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	return nil
}

// warmConns is the number of connections opened before the first win (K1): the concurrent requests of a moderately loaded
// service.
const warmConns = 64

// run is one run in progress.
type run struct {
	Options
	window  scenarios.Window
	wire    *wire
	crowd   *crowd.Crowd
	shadow  *client.OperatorClient // reads the state of the shadow wallet; nil: the keys have no auditor
	cleaner *client.OperatorClient // deletes the load-test data; nil: the keys have no operator

	counted *attack.Report
	drained *judge.Drain
	audit   crowd.Audit
	left    *crowd.Counts // contents of the shadow wallet after the clean-up
}

func newRun(o Options) (*run, error) {
	if len(o.Scenario.Windows) != 1 {
		return nil, fmt.Errorf("%w: loadtest: a scenario of %d windows, not one", wallet.ErrInvalid, len(o.Scenario.Windows))
	}
	o.Attackers = cmp.Or(o.Attackers, runtime.GOMAXPROCS(0))
	r := &run{Options: o, window: o.Scenario.Windows[0], counted: &attack.Report{Started: time.Now(), Health: attack.Health{Lateness: hdrhistogram.New(1, 1, 1)}}}
	var err error
	if r.wire, err = newWire(o.Target.URLs, o.Target.CAFile, o.MaxInFlight); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	options := crowd.Options{Scenario: o.Scenario, Seed: o.Seed, Run: o.Run, URLs: o.Target.URLs, HTTP: r.wire.to, SessionKey: o.Target.Keys.SessionKey,
		Strategy: o.Target.Strategy, Skew: o.Target.Skew}
	caller, ok := o.Target.Keys.Caller(o.Target.Caller)
	if !ok {
		return nil, fmt.Errorf("%w: the keys have no caller %q to ask for grants", ErrTarget, o.Target.Caller)
	}
	options.Key = caller.Key
	if r.shadow, err = r.operator(auth.RoleAuditor, true); err != nil {
		return nil, err
	}
	if r.shadow != nil {
		live, err := r.operator(auth.RoleAuditor, false)
		if err != nil {
			return nil, err
		}
		options.Operator, options.Live = r.shadow, live
	}
	if r.cleaner, err = r.operator(auth.RoleOperator, true); err != nil {
		return nil, err
	}
	r.crowd, err = crowd.New(options)
	return r, err
}

// operator returns a client for the first operator of a role; nil: the keys have none.
func (r *run) operator(role auth.Role, loadTest bool) (*client.OperatorClient, error) {
	for _, o := range r.Target.Keys.Operators {
		if o.Role == role {
			return client.NewOperatorClient(client.Config{BaseURL: r.Target.URLs[0], Key: o.Key, LoadTest: loadTest, HTTPClient: r.wire})
		}
	}
	return nil, nil
}

// config returns the configuration of the generator.
func (r *run) config() attack.Config {
	c := attack.Config{Kinds: crowd.Kinds(), Duration: r.crowd.Span(), Attackers: r.Attackers, MaxInFlight: r.MaxInFlight}
	if r.Progress != nil {
		total := r.window.Grants()
		c.Progress = func(p attack.Progress) {
			r.Progress(Progress{Phase: "playing", Done: p.Sent, Total: total, Attack: p, Violations: r.crowd.Violations()})
		}
	}
	return c
}

func (r *run) progress(phase string, done, total int64) {
	if r.Progress != nil {
		r.Progress(Progress{Phase: phase, Done: done, Total: total})
	}
}

// judge waits for the drain, reads the records, deletes the load-test data (K2) and counts what is left.
func (r *run) judge(ctx context.Context) error {
	r.progress("draining", 0, 0)
	since := time.Now()
	_, done, err := r.crowd.Drain(ctx, min(r.Scenario.Drain, drainAtMost))
	if err != nil {
		return fmt.Errorf("%w: waiting for the drain: %w", ErrAudit, err)
	}
	if r.crowd.HasOperator() {
		r.drained = &judge.Drain{Took: time.Since(since), Done: done}
	}
	r.audit, err = r.crowd.Audit(ctx, crowd.AuditOptions{People: r.AuditPeople, Sources: r.Target.Sources,
		Progress: func(done, total int64) { r.progress("auditing", done, total) }})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAudit, err)
	}
	if r.Keep || r.cleaner == nil || !r.crowd.HasOperator() {
		return nil
	}
	if r.left, err = r.crowd.CleanUp(ctx, r.cleaner); err != nil {
		return fmt.Errorf("%w: %w", ErrAudit, err)
	}
	return nil
}

func (r *run) close() {
	r.crowd.Close()
	r.wire.CloseIdleConnections()
}
