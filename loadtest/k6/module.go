package k6

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/lib"

	"hongbao/sim/oracle"
)

// Module is the extension in one k6 process. It keeps the festivals of scripts, because VUs that pass the same configuration
// share one test.
type Module struct {
	mu        sync.Mutex
	festivals map[Config]*festival
}

// maxFestivals bounds the different festivals of a process: a script has one, or a few.
const maxFestivals = 16

// New returns the module.
func New() *Module { return &Module{festivals: map[Config]*festival{}} }

var _ modules.Module = (*Module)(nil)

// NewModuleInstance implements modules.Module.
func (m *Module) NewModuleInstance(vu modules.VU) modules.Instance {
	meter, err := newMeter(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	return &instance{module: m, vu: vu, meter: meter}
}

// instance is the module as one VU imports it.
type instance struct {
	module *Module
	vu     modules.VU
	meter  *meter
}

// Exports implements modules.Instance.
func (i *instance) Exports() modules.Exports {
	return modules.Exports{Default: i, Named: map[string]any{"festival": i.Festival}}
}

// Festival is hongbao.festival(config). It must be called in the init context.
func (i *instance) Festival(config sobek.Value) (*visitor, error) {
	if i.vu.State() != nil {
		return nil, fmt.Errorf("%w: call it in the init context", errConfig)
	}
	text, err := textOf(config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	}
	c, err := parseConfig(text)
	if err != nil {
		return nil, err
	}
	f, err := i.module.festival(c)
	if err != nil {
		return nil, err
	}
	return &visitor{vu: i.vu, meter: i.meter, festival: f}, nil
}

// festival returns the festival of a configuration: the same one for equal configurations.
func (m *Module) festival(c Config) (*festival, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := c // with a seed of 0 if the script has none, so that the seed is drawn once
	if f := m.festivals[key]; f != nil {
		return f, nil
	}
	if len(m.festivals) == maxFestivals {
		return nil, fmt.Errorf("%w: more than %d different configurations", errConfig, maxFestivals)
	}
	if c.Seed == 0 {
		c.Seed = seed(time.Now().UnixMicro() & maxSeed)
	}
	f, err := newFestival(c)
	if err == nil {
		m.festivals[key] = f
	}
	return f, err
}

// textOf returns the argument of a script as JSON; undefined and null give an empty object.
func textOf(v sobek.Value) ([]byte, error) {
	if common.IsNullish(v) {
		return []byte("{}"), nil
	}
	text, err := json.Marshal(v.Export())
	if err != nil {
		return nil, errors.New("pass an object of plain values")
	}
	return text, nil
}

// Options returns k6's options: export const options = festival.options().
func (v *visitor) Options(ask sobek.Value) (map[string]any, error) {
	text, err := textOf(ask)
	if err != nil {
		return nil, fmt.Errorf("hongbao: options: %w", err)
	}
	var a optionsRequest
	if err := strict(text, &a); err != nil {
		return nil, fmt.Errorf("hongbao: options: %w", err)
	}
	return v.festival.plan.options(a)
}

// Scheduled returns the number of wins by app name.
func (v *visitor) Scheduled() map[string]int64 { return v.festival.plan.byApp() }

// Begin prepares the service, and throws if the test must not start: export function setup() { festival.begin() }.
func (v *visitor) Begin() error {
	if v.vu.State() == nil {
		return errors.New("hongbao: call begin() in setup()")
	}
	v.vu.State().Logger.Info(v.festival.describe())
	for _, line := range v.festival.plan.notJudged() {
		v.vu.State().Logger.Warn("hongbao: a threshold of the scenario is not judged by k6: " + line)
	}
	v.festival.setShare(lib.GetExecutionState(v.vu.Context()))
	return v.festival.begin(v.vu.Context())
}

// Audit judges the run: export function teardown() { festival.audit() }. It prints the checks, sets the metrics of the
// thresholds of options(), and marks the run as failed unless it passes.
func (v *visitor) Audit() (*Verdict, error) {
	state := v.vu.State()
	if state == nil {
		return nil, errors.New("hongbao: call audit() in teardown()")
	}
	verdict := v.festival.audit(v.vu.Context())
	for _, c := range verdict.Checks {
		line := fmt.Sprintf("hongbao: %-7s %-17s evaluated %d, violated %d", c.Result, c.Name, c.Evaluations, c.Violations)
		if c.First != "" {
			line += ": " + c.First
		}
		if c.Result == oracle.Fail || c.Result == oracle.Unknown && c.Needed {
			state.Logger.Error(line)
		} else {
			state.Logger.Info(line)
		}
	}
	if verdict.Problem != "" {
		state.Logger.Error("hongbao: not everything could be judged: " + verdict.Problem)
	}
	drained := "not drained"
	if verdict.Drained < maxDrained {
		drained = fmt.Sprintf("drained after %.1f s", verdict.Drained)
	}
	state.Logger.Info(fmt.Sprintf("hongbao: %d of %d wins sent, %s, seed %d", verdict.Sent, verdict.Scheduled, drained, v.festival.config.Seed))
	push(v.vu, reading{of: v.meter.violations, value: float64(v.festival.newViolations(verdict.Violations))}, reading{of: v.meter.checks, value: float64(verdict.evaluated())},
		reading{of: v.meter.unknown, value: float64(verdict.Unknown)}, reading{of: v.meter.unsent, value: verdict.unsent()},
		reading{of: v.meter.drained, value: verdict.Drained})
	if !verdict.Passed && state.TestStatus != nil {
		state.TestStatus.MarkFailed()
	}
	return verdict, nil
}
