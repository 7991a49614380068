package k6

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// scenarioFile is the scenario of these tests.
const scenarioFile = "../../scenarios/spring-festival-2022.yaml"

// rewardsFile is a scenario with rewards other than cash, and packets between people.
const rewardsFile = "../../scenarios/reward-centre.yaml"

// hongbaoEnv names an environment variable with the path of a hongbao binary to test instead of building one.
const hongbaoEnv = "HONGBAO"

// startTime bounds the time until a service listens, and stopTime the time until it stops.
const (
	startTime = time.Minute
	stopTime  = time.Minute
)

// built is the binaries, built once for all tests.
type built struct {
	once         sync.Once
	dir          string
	hongbao, k6  string
	err          error
	buildOutputs bytes.Buffer
}

var binaries built

func TestMain(m *testing.M) {
	code := m.Run()
	if binaries.dir != "" {
		_ = os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}

// build returns the service's and k6's binaries.
func build(t testing.TB) (hongbao, k6 string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a service and k6")
	}
	b := &binaries
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "hongbao-k6-*"); b.err != nil {
			return
		}
		b.hongbao, b.k6 = filepath.Join(b.dir, "hongbao"), filepath.Join(b.dir, "k6")
		if ready := os.Getenv(hongbaoEnv); ready != "" {
			b.hongbao = ready
		}
		for _, c := range []struct{ dir, out, what string }{{"../..", b.hongbao, "."}, {".", b.k6, "./cmd/k6"}} {
			if c.out == os.Getenv(hongbaoEnv) {
				continue
			}
			cmd := exec.Command("go", "build", "-o", c.out, c.what)
			cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, &b.buildOutputs, &b.buildOutputs
			if b.err = cmd.Run(); b.err != nil {
				return
			}
		}
	})
	require.NoError(t, b.err, b.buildOutputs.String())
	return b.hongbao, b.k6
}

// service is a running hongbao serve.
type service struct {
	url  string
	keys string
}

// stderr collects the output of a running program.
type stderr struct {
	mu   sync.Mutex
	said bytes.Buffer
}

// Write implements io.Writer.
func (s *stderr) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(b)
}

// String returns the output so far.
func (s *stderr) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// serve starts the service on a free port with a new data folder, and stops it at the end of the test.
func serve(t testing.TB, args ...string) service {
	t.Helper()
	hongbao, _ := build(t)
	data := t.TempDir()
	cmd := exec.Command(hongbao, append([]string{"serve", "--listen", "127.0.0.1:0", "--debug", "", "--data", data, "--scenario", scenarioFile}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var log stderr
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		lines <- line
		_, _ = io.Copy(io.Discard, out)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		kill := time.AfterFunc(stopTime, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the service ended with %v:\n%s", err, log.String())
		}
	})
	select {
	case line := <-lines:
		_, url, ok := strings.Cut(strings.TrimSpace(line), "listening on ")
		require.True(t, ok, "%q\n%s", line, log.String())
		return service{url: url, keys: filepath.Join(data, "keys.json")}
	case <-time.After(startTime):
		t.Fatalf("the service does not listen:\n%s", log.String())
		return service{}
	}
}

// run is the result of a k6 run.
type run struct {
	exit int
	out  string
}

// k6 runs a script with further arguments: flags of k6, --name=value, or environment variables of the script, NAME=value.
func (s service) k6(t testing.TB, script string, more ...string) run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	r := s.k6Until(t, ctx, script, more...)
	require.NoError(t, ctx.Err(), r.out)
	return r
}

// k6Until is like k6, but interrupts it when ctx ends.
func (s service) k6Until(t testing.TB, ctx context.Context, script string, more ...string) run {
	t.Helper()
	_, k6 := build(t)
	args := []string{"run", "--quiet", "--no-usage-report", "--no-color", "--address", ""}
	for _, e := range append([]string{"SCENARIO=" + scenarioFile, "TARGET=" + s.url, "KEYS=" + s.keys, "SEED=" + fmt.Sprint(time.Now().UnixNano()&maxSeed)}, more...) {
		if strings.HasPrefix(e, "--") {
			args = append(args, e)
		} else {
			args = append(args, "-e", e)
		}
	}
	cmd := exec.CommandContext(ctx, k6, append(args, script)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	ended := (*exec.ExitError)(nil)
	if err != nil && ctx.Err() == nil && !errors.As(err, &ended) {
		require.NoError(t, err, out.String())
	}
	return run{cmd.ProcessState.ExitCode(), out.String()}
}

// script writes a script into the test's folder and returns its path.
func script(t testing.TB, text string) string {
	t.Helper()
	shared, err := filepath.Abs("scripts/festival.js")
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "script.js")
	text = "import hongbao from 'k6/x/hongbao';\nimport { festivalOf, visit } from '" + shared + "';\n" + text
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// proxy starts a proxy between k6 and the service that may change the answers of a method, such as WalletPage, to load-test
// requests.
func proxy(t testing.TB, s service, method string, change func(n int64, body []byte) []byte) service {
	t.Helper()
	return (&liar{target: s.url, method: method, change: change}).before(t, s)
}

// before starts the proxy and returns the service behind it.
func (l *liar) before(t testing.TB, s service) service {
	t.Helper()
	return service{url: l.listen(t), keys: s.keys}
}

// changed writes a copy of the scenario file with one text replaced.
func changed(t testing.TB, old, text string) string {
	t.Helper()
	all, err := os.ReadFile(scenarioFile)
	require.NoError(t, err)
	require.Contains(t, string(all), old)
	name := filepath.Join(t.TempDir(), "changed.yaml")
	require.NoError(t, os.WriteFile(name, []byte(strings.Replace(string(all), old, text, 1)), 0o600))
	return name
}

var _ http.Handler = (*liar)(nil)
