// Package examples_test runs the examples as a reader would, and a program of another module that uses the project.
package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// maxLines bounds an example in lines. A longer one is not read.
const maxLines = 80

// printed is what each example prints.
func printed() map[string]string {
	return map[string]string{
		"embedded": `balance 254 fen, 2 lines
红包雨 166 fen
红包雨 88 fen
`,
		"client": `granted 188 fen, balance 188 fen, tokens in the store 1
withdrew 100 fen, balance 88 fen, tokens in the store 0
`,
		"scenario": `One rain in the evening: pass, 1600 grants
pass order-once
pass no-over-issuance
pass budget-accuracy
pass nothing-lost
pass zero-sum
pass user-view
pass withdraw-whole
pass phase-isolation
pass state-machine
pass reconciled
`,
		"conformance": `56 cases passed, 0 failed, 0 unknown, 0 skipped
`,
	}
}

// TestExamples builds every example once and runs it in the root of the repository: it ends with success and prints
// nothing else.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	folders, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	require.Len(t, folders, len(printed()), "each example has its output above")
	programs := t.TempDir()
	out, err := exec.Command("go", "build", "-o", programs, "./...").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for name, want := range printed() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(filepath.Join(name, "main.go"))
			require.NoError(t, err)
			require.LessOrEqual(t, strings.Count(string(source), "\n"), maxLines)
			require.Equal(t, want, output(t, "..", filepath.Join(programs, name)))
		})
	}
}

// output runs a program in a folder and returns what it prints. It must end with success and write no errors.
func output(t *testing.T, dir string, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.WaitDelay = time.Second
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	require.NoError(t, err, "%s", stderr.String())
	require.Empty(t, stderr.String())
	return string(got)
}
