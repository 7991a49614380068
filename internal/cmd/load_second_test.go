package cmd

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
)

// buildNaive builds the wallet of loadtest/testdata/naive, which shares none of the service's code.
func buildNaive(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "naive")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", name, "./loadtest/testdata/naive").CombinedOutput()
	require.NoError(t, err, string(out))
	return name
}

// startNaive starts it until the test ends, and returns its address and its keys file.
func startNaive(t *testing.T, program string, args ...string) (url, keys string) {
	keys = filepath.Join(t.TempDir(), "keys.json")
	cmd := exec.Command(program, append([]string{"--listen", "127.0.0.1:0", "--keys", keys}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }))
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimPrefix(strings.TrimSpace(line), "listening on "), keys
}

// TestLoadSecond: a wallet that others wrote is judged as ours is. What is wrong with it is named by the check that is
// there for it, and nothing else than what follows from it.
func TestLoadSecond(t *testing.T) {
	if testing.Short() {
		t.Skip("plays against every fault of the second wallet: run without -short")
	}
	program := buildNaive(t)
	whole, err := os.ReadFile("scenarios/rain-peak.yaml")
	require.NoError(t, err)
	poor := strings.Replace(string(whole), "budget_fen: 8_000_000_000", "budget_fen: 100_000", 1)
	poor = strings.Replace(poor, "refused_ratio: 1/1000", "refused_ratio: 1/1", 1)
	require.NotEqual(t, string(whole), poor)
	for _, c := range []struct {
		fault, why string
		violated   []string // all of them
		scenario   string
		budget     string
	}{
		{"", "an honest one", nil, string(whole), "8000000000"},
		{"double", "repeats are paid again", []string{"budget-accuracy", "order-once", "reconciled", "user-view"}, string(whole), "8000000000"},
		{"lost", "what was acknowledged is not there", []string{"nothing-lost", "reconciled", "user-view", "zero-sum"}, string(whole), "8000000000"},
		{"wrong-page", "the books are right, the page is not", []string{"user-view"}, string(whole), "8000000000"},
		{"lies", "another amount than was asked for", []string{"order-once"}, string(whole), "8000000000"},
		{"", "an honest one whose budget ends", nil, poor, "100000"},
		{"over-issue", "the budget is looked at, and taken a moment later", []string{"no-over-issuance"}, poor, "100000"},
	} {
		t.Run(c.fault+" "+c.why, func(t *testing.T) {
			t.Parallel() // a light load, and a wallet of its own
			file := filepath.Join(t.TempDir(), "scenario.yaml")
			require.NoError(t, os.WriteFile(file, []byte(c.scenario), 0o600))
			url, keys := startNaive(t, program, "--activity", "spring-festival-2022", "--budget", c.budget, "--fault", c.fault)
			code, said, record := runLoad(t, t.Context(), file, "--target", url, "--keys", keys, "--peak", "500/s", "--duration", "2s")
			require.NotNil(t, record, said)
			var violated []string
			for _, check := range record.Checks {
				require.False(t, c.violated == nil && check.Result == reports.Unknown, "%s: %s", check.Name, said)
				if check.Result == reports.Fail {
					violated = append(violated, check.Name)
				}
			}
			if c.violated == nil {
				require.Empty(t, violated, said)
				require.NotEqual(t, exitViolation, code, said)
				return
			}
			require.ElementsMatch(t, c.violated, violated, said)
			require.Equal(t, exitViolation, code, said)
		})
	}
}

// TestLoadConformance: the contract is put to both wallets, and a fault ends with the code of a violation.
func TestLoadConformance(t *testing.T) {
	program := buildNaive(t)
	for fault, want := range map[string]int{"": exitPass, "double": exitViolation} {
		url, keys := startNaive(t, program, "--fault", fault)
		code, said, _ := runLoad(t, t.Context(), "--conformance", "--target", url, "--keys", keys)
		require.Equal(t, want, code, said)
		require.Equal(t, fault == "", strings.Contains(said, " 0 broken"), said)
		require.Equal(t, 16, strings.Count(said, "not asked: "), said)
	}
	url, keys := startNaive(t, program)
	code, said, _ := runLoad(t, t.Context(), "--conformance", "--target", url, "--keys", keys, "--reward-scene", "friend-pendant", "--packets")
	require.Equal(t, exitViolation, code, "it was said to have what it has not: %s", said)
	require.Contains(t, said, " 16 broken, 0 not known, 4 left out")
	code, said, _ = runLoad(t, t.Context(), "--conformance", "--target", url, "--keys", keys, "--reward-scene", "rain")
	require.Equal(t, exitUsage, code, "that is cash: %s", said)
	require.Contains(t, said, "fireworks-tea, card-voucher, friend-pendant")
	code, said, _ = runLoad(t, t.Context(), "scenarios/rain-peak.yaml", "--packets")
	require.Equal(t, exitUsage, code, "load does what the scenario says: %s", said)
	code, said, _ = runLoad(t, t.Context(), "--conformance")
	require.Equal(t, exitPass, code, said)
	require.Contains(t, said, " 0 broken, 0 not known, 0 left out")
}
