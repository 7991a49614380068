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

// buildNaive builds the wallet of loadtest/testdata/naive, which shares no code with the service.
func buildNaive(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "naive")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", name, "./loadtest/testdata/naive").CombinedOutput()
	require.NoError(t, err, string(out))
	return name
}

// startNaive runs it until the test ends, and returns its URL and its keys file.
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

// TestLoadSecond: an independent wallet is judged like the reference wallet. Each planted fault violates exactly the checks
// listed for it.
func TestLoadSecond(t *testing.T) {
	if testing.Short() {
		t.Skip("plays against every fault of the naive wallet: run without -short")
	}
	program := buildNaive(t)
	whole, err := os.ReadFile("scenarios/rain-peak.yaml")
	require.NoError(t, err)
	poor := strings.Replace(string(whole), "budget_fen: 8_000_000_000", "budget_fen: 100_000", 1)
	poor = strings.Replace(poor, "refused_ratio: 1/1000", "refused_ratio: 1/1", 1)
	require.NotEqual(t, string(whole), poor)
	for _, c := range []struct {
		fault, why string
		violated   []string // all violated checks
		scenario   string
		budget     string
	}{
		{"", "a correct wallet", nil, string(whole), "8000000000"},
		{"double", "repeats are paid again", []string{"budget-accuracy", "order-once", "reconciled", "user-view"}, string(whole), "8000000000"},
		{"lost", "acknowledged grants are lost", []string{"nothing-lost", "reconciled", "user-view", "zero-sum"}, string(whole), "8000000000"},
		{"wrong-page", "the records are right, the page is wrong", []string{"user-view"}, string(whole), "8000000000"},
		{"lies", "another amount than requested", []string{"order-once"}, string(whole), "8000000000"},
		{"", "a correct wallet whose budget is used up", nil, poor, "100000"},
		{"over-issue", "the budget is checked and reduced in two steps", []string{"no-over-issuance"}, poor, "100000"},
	} {
		t.Run(c.fault+" "+c.why, func(t *testing.T) {
			t.Parallel() // a light load, against a separate wallet
			file := filepath.Join(t.TempDir(), "scenario.yaml")
			require.NoError(t, os.WriteFile(file, []byte(c.scenario), 0o600))
			url, keys := startNaive(t, program, "--activity", "spring-festival-2022", "--budget", c.budget, "--fault", c.fault)
			code, output, record := runLoad(t, t.Context(), file, "--target", url, "--keys", keys, "--peak", "500/s", "--duration", "2s")
			require.NotNil(t, record, output)
			var violated []string
			for _, check := range record.Checks {
				require.False(t, c.violated == nil && check.Result == reports.Unknown, "%s: %s", check.Name, output)
				if check.Result == reports.Fail {
					violated = append(violated, check.Name)
				}
			}
			if c.violated == nil {
				require.Empty(t, violated, output)
				require.NotEqual(t, exitViolation, code, output)
				return
			}
			require.ElementsMatch(t, c.violated, violated, output)
			require.Equal(t, exitViolation, code, output)
		})
	}
}

// TestLoadConformance tests both wallets against the contract; a fault ends with exitViolation.
func TestLoadConformance(t *testing.T) {
	program := buildNaive(t)
	for fault, want := range map[string]int{"": exitPass, "double": exitViolation} {
		url, keys := startNaive(t, program, "--fault", fault)
		code, output, _ := runLoad(t, t.Context(), "--conformance", "--target", url, "--keys", keys)
		require.Equal(t, want, code, output)
		require.Equal(t, fault == "", strings.Contains(output, " 0 failed"), output)
		require.Equal(t, 16, strings.Count(output, "not asked: "), output)
	}
	url, keys := startNaive(t, program)
	code, output, _ := runLoad(t, t.Context(), "--conformance", "--target", url, "--keys", keys, "--reward-scene", "friend-pendant", "--packets")
	require.Equal(t, exitViolation, code, "the flags claim features that it does not have: %s", output)
	require.Contains(t, output, " 16 failed, 0 unknown, 4 skipped")
	code, output, _ = runLoad(t, t.Context(), "--conformance", "--target", url, "--keys", keys, "--reward-scene", "rain")
	require.Equal(t, exitUsage, code, "rain is a cash scene: %s", output)
	require.Contains(t, output, "fireworks-tea, card-voucher, friend-pendant")
	code, output, _ = runLoad(t, t.Context(), "scenarios/rain-peak.yaml", "--packets")
	require.Equal(t, exitUsage, code, "the flag needs --conformance: %s", output)
	code, output, _ = runLoad(t, t.Context(), "--conformance")
	require.Equal(t, exitPass, code, output)
	require.Contains(t, output, " 0 failed, 0 unknown, 0 skipped")
}
