package k6

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/js/modulestest"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/metrics"

	"hongbao/reference/server/auth"
)

// js is a VU's JavaScript runtime with the extension as the variable hongbao.
type js struct {
	*modulestest.Runtime
	t       testing.TB
	samples chan metrics.SampleContainer
	index   uint64
}

func newJS(t testing.TB, m *Module) *js {
	j := &js{Runtime: modulestest.NewRuntime(t), t: t, samples: make(chan metrics.SampleContainer, 1000)}
	i := m.NewModuleInstance(j.VU)
	require.NoError(t, j.VU.Runtime().Set("hongbao", i.Exports().Default))
	return j
}

// do runs a script and returns its last value as a Go value.
func (j *js) do(script string, args ...any) (any, error) {
	v, err := j.VU.Runtime().RunString(fmt.Sprintf(script, args...))
	if err != nil {
		return nil, err
	}
	return v.Export(), nil
}

// must is like do, without an exception.
func (j *js) must(script string, args ...any) any {
	v, err := j.do(script, args...)
	require.NoError(j.t, err)
	return v
}

// iterate leaves the init context: from here on the VU runs iterations of a k6 scenario.
func (j *js) iterate(scenario string) {
	state := &lib.State{Samples: j.samples, Tags: lib.NewVUStateTags(metrics.NewRegistry().RootTagSet()), Logger: j.VU.InitEnv().Logger,
		TestStatus: lib.NewTestStatus(), GetScenarioGlobalVUIter: func() uint64 { return j.index }}
	j.MoveToVUContext(state)
	j.VU.CtxField = lib.WithScenarioState(context.Background(), &lib.ScenarioState{Name: scenario})
}

// metrics returns the sum of the values of each metric so far, by name.
func (j *js) metrics() map[string]float64 {
	sums := map[string]float64{}
	for {
		select {
		case c := <-j.samples:
			for _, s := range c.GetSamples() {
				sums[s.Metric.Name] += s.Value
			}
		default:
			return sums
		}
	}
}

// keysFile writes a keys file for tests that send no request.
func keysFile(t testing.TB) string {
	name := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, auth.Save(name, auth.Generate()))
	return name
}

// TestArguments: errors use the names of the script, and contain no key.
func TestArguments(t *testing.T) {
	keys := keysFile(t)
	good := fmt.Sprintf("scenario: %q, target: 'http://127.0.0.1:1', keys: %q, peak: '50/s', duration: '2s'", scenarioFile, keys)
	for _, c := range []struct{ why, config, want string }{
		{"nothing", "", "scenario is missing"},
		{"null", "null", "scenario is missing"},
		{"no object", "7", "cannot unmarshal number"},
		{"a list", "[1]", "cannot unmarshal array"},
		{"a function is not a value", "{scenario: () => 1}", "plain values"},
		{"a cycle is not a value", "(() => { const o = {}; o.o = o; return o })()", "plain values"},
		{"an unknown name", "{" + good + ", pek: 1}", `unknown field "pek"`},
		{"a number for a text", "{scenario: 7}", "cannot unmarshal number"},
		{"no target", "{scenario: 'x'}", "target is missing"},
		{"no keys", "{scenario: 'x', target: 'y'}", "keys is missing"},
		{"no such scenario", "{scenario: 'nowhere.yaml', target: 'y', keys: 'z'}", "nowhere.yaml"},
		{"an invalid rate", "{" + good + ", peak: 'fast'}", `"fast"`},
		{"a rate below zero", "{" + good + ", peak: -1}", "-1/s"},
		{"a rate of zero", "{" + good + ", peak: 0}", "above zero"},
		{"an invalid duration", "{" + good + ", duration: 'long'}", `"long"`},
		{"a duration below zero", "{" + good + ", duration: -1}", "-1s"},
		{"a duration of years", "{" + good + ", duration: 1e300}", "1e+300s"},
		{"a duration beyond a day", "{" + good + ", duration: '25h'}", "at most 24h"},
		{"a seed above JavaScript's exact integers", "{" + good + ", seed: '9007199254740992'}", "whole number"},
		{"a seed below zero", "{" + good + ", seed: -1}", "whole number"},
		{"an unknown play", "{" + good + ", play: 'chess'}", `the play "chess"`},
		{"an unknown window", "{" + good + ", window: 'midnight'}", "no window"},
		{"a window and a play", "{" + good + ", window: 'fireworks-show', play: 'rain'}", "not both"},
		{"a stage that is not served", "{" + good + ", window: 'drill-evening-1'}", "only the official stage"},
		{"too many wins", "{" + good + ", peak: '100k/s', duration: '10m'}", "lower peak or duration"},
	} {
		_, err := newJS(t, New()).do("hongbao.festival(%s)", c.config)
		require.ErrorContains(t, err, c.want, c.why)
		require.ErrorContains(t, err, "hongbao.festival", c.why)
	}
	for _, c := range []struct{ why, config string }{
		{"as texts, as in an environment", "{" + good + ", peak: '50', duration: '3', seed: '12'}"},
		{"as numbers", "{" + good + ", peak: 50, duration: 3, seed: 12, loadTest: false}"},
		{"undefined counts as absent", "{" + good + ", seed: undefined, window: undefined, play: null, loadTest: undefined}"},
		{"a window by its slug", "{" + good + ", window: 'fireworks-show'}"},
		{"a play", "{" + good + ", play: 'friend-rain'}"},
	} {
		_, err := newJS(t, New()).do("hongbao.festival(%s)", c.config)
		require.NoError(t, err, c.why)
	}
}

// TestConnect: errors of keys and target are reported when the run begins, where both are needed; they contain no key. A
// script can be loaded without keys and target.
func TestConnect(t *testing.T) {
	keys, broken := keysFile(t), filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte(`{"session_key": "c2VjcmV0c2VjcmV0`), 0o600))
	for _, c := range []struct{ why, target, keys, more, want string }{
		{"no such keys", "http://127.0.0.1:1", "nowhere.json", "", "nowhere.json"},
		{"an invalid keys file", "http://127.0.0.1:1", broken, "", "broken.json"},
		{"no such caller", "http://127.0.0.1:1", keys, ", caller: 'nobody'", `no caller "nobody"`},
		{"no such operator", "http://127.0.0.1:1", keys, ", operator: 'nobody'", `no operator "nobody"`},
		{"a target that is not a URL", "here", keys, "", "not a URL"},
		{"tries without end", "http://127.0.0.1:1", keys, ", tries: 1000", "try 1000 times"},
		{"nothing listens", "http://127.0.0.1:1", keys, ", tries: 1", "connection refused"},
	} {
		j := newJS(t, New())
		j.must("const f = hongbao.festival({scenario: %q, target: %q, keys: %q, peak: 50, duration: 2%s}); f.options()", scenarioFile, c.target, c.keys, c.more)
		j.iterate("douyin")
		for _, call := range []string{"f.begin()", "f.win()"} {
			_, err := j.do("%s", call)
			require.ErrorContains(t, err, c.want, c.why)
			require.NotContains(t, err.Error(), "c2VjcmV0", c.why)
		}
		require.Zero(t, j.metrics()[metricGrants], c.why)
		require.Equal(t, false, j.must("f.audit().passed"), c.why)
		require.True(t, j.VU.State().TestStatus.Failed(), c.why)
	}
}

// TestMisuse: misplaced calls throw an error that names the right place.
func TestMisuse(t *testing.T) {
	m := New()
	j := newJS(t, m)
	j.must("const f = hongbao.festival({scenario: %q, target: 'http://127.0.0.1:1', keys: %q, peak: 50, duration: 2, tries: 1})", scenarioFile, keysFile(t))
	for _, c := range []struct{ why, script, want string }{
		{"win in the init context", "f.win()", "in an iteration"},
		{"begin there", "f.begin()", "setup()"},
		{"audit there", "f.audit()", "teardown()"},
		{"unknown options", "f.options({exce: 'person'})", `unknown field "exce"`},
		{"options of the wrong kind", "f.options({vus: 'many'})", "hongbao: options"},
	} {
		_, err := j.do("%s", c.script)
		require.ErrorContains(t, err, c.want, c.why)
	}
	j.iterate("douyin")
	for _, c := range []struct{ why, script, want string }{
		{"a festival in an iteration", "hongbao.festival({})", "init context"},
		{"look before a win", "f.look()", "call win() first"},
		{"withdraw before a win", "f.withdraw()", "call win() first"},
		{"the list of rewards before a win", "f.rewards()", "call win() first"},
		{"use before a win", "f.use()", "call win() first"},
		{"send before a win", "f.send()", "call win() first"},
		{"open before a win", "f.open()", "call win() first"},
		{"an unknown operation", "f.wants('dance')", `"dance"): the operations are bind, browse, look, send, use, withdraw`},
		{"a win when nothing listens", "f.win()", "connection refused"},
	} {
		_, err := j.do("%s", c.script)
		require.ErrorContains(t, err, c.want, c.why)
	}
	for name := range followUps() {
		require.Equal(t, false, j.must("f.wants('%s')", name), "nobody has won")
	}
	j.switchScenario("warm-up")
	_, err := j.do("f.win()")
	require.ErrorContains(t, err, `"warm-up" is not an app`)
}

// switchScenario changes the k6 scenario.
func (j *js) switchScenario(scenario string) {
	j.VU.CtxField = lib.WithScenarioState(context.Background(), &lib.ScenarioState{Name: scenario})
}

// TestShared: VUs that pass the same configuration share one test, also if the seed is drawn for them; a process keeps a
// bounded number of different ones.
func TestShared(t *testing.T) {
	m, keys := New(), keysFile(t)
	config := fmt.Sprintf("scenario: %q, target: 'http://h', keys: %q, peak: 50, duration: 2", scenarioFile, keys)
	a := newJS(t, m).must("hongbao.festival({%s})", config).(*visitor)
	b := newJS(t, m).must("hongbao.festival({%s, loadTest: true})", config).(*visitor)
	c := newJS(t, m).must("hongbao.festival({%s, loadTest: false})", config).(*visitor)
	require.Same(t, a.festival, b.festival)
	require.NotSame(t, a.festival, c.festival)
	require.NotZero(t, a.festival.config.Seed, "it is printed, so that the run can be repeated")
	for i := range maxFestivals - 2 {
		newJS(t, m).must("hongbao.festival({%s, seed: %d})", config, i+1)
	}
	_, err := newJS(t, m).do("hongbao.festival({%s, seed: 99})", config)
	require.ErrorContains(t, err, "different configurations")
}
