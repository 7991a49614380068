package loader

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the expected texts in testdata")

const divider = "\n────\n"

// testdata/faults.txt contains cases: a comment, a change of base.yaml (or a whole file), and the output of the loader.
// `go test ./scenarios/loader -run TestFaults -update` rewrites the output.
func TestFaults(t *testing.T) {
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(t, err)
	cases, err := os.ReadFile("testdata/faults.txt")
	require.NoError(t, err)
	var updated []string
	for _, one := range strings.Split(string(cases), divider) {
		input, want, ok := strings.Cut(one, "\noutput:\n")
		require.True(t, ok, "a case without output: %q", one)
		comment, change, ok := strings.Cut(input, "\n")
		require.True(t, ok, "a case without a change: %q", one)
		_, err := Parse("a.yaml", []byte(apply(t, string(base), change)))
		got := "nothing"
		if err != nil {
			got = err.Error()
		}
		if *update {
			updated = append(updated, input+"\noutput:\n"+got)
			continue
		}
		t.Run(comment, func(t *testing.T) { require.Equal(t, strings.TrimSuffix(want, "\n"), got) })
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/faults.txt", []byte(strings.Join(updated, divider)+"\n"), 0o644))
	}
}

// apply makes the file of a case: each pair of lines "- old" and "+ new" replaces text of the base file. A change without
// such lines is the whole file.
func apply(t *testing.T, base, change string) string {
	if !strings.HasPrefix(change, "- ") {
		return change
	}
	old := ""
	for _, line := range strings.Split(change, "\n") {
		if was, ok := strings.CutPrefix(line, "- "); ok {
			require.Equal(t, 1, strings.Count(base, was), "%q must appear in base.yaml once", was)
			old = was
			continue
		}
		base = strings.Replace(base, old, strings.ReplaceAll(strings.TrimPrefix(line, "+ "), `\n`, "\n"), 1)
	}
	return base
}
