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

// testdata/faults.txt tells stories: a comment, what is changed in base.yaml (or a whole file), and what the loader
// says. `go test ./scenarios -run TestFaults -update` rewrites what it says.
func TestFaults(t *testing.T) {
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(t, err)
	story, err := os.ReadFile("testdata/faults.txt")
	require.NoError(t, err)
	var told []string
	for _, one := range strings.Split(string(story), divider) {
		input, want, ok := strings.Cut(one, "\nsays:\n")
		require.True(t, ok, "a story without says: %q", one)
		comment, change, ok := strings.Cut(input, "\n")
		require.True(t, ok, "a story without a change: %q", one)
		_, err := Parse("a.yaml", []byte(apply(t, string(base), change)))
		got := "nothing"
		if err != nil {
			got = err.Error()
		}
		if *update {
			told = append(told, input+"\nsays:\n"+got)
			continue
		}
		t.Run(comment, func(t *testing.T) { require.Equal(t, strings.TrimSuffix(want, "\n"), got) })
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/faults.txt", []byte(strings.Join(told, divider)+"\n"), 0o644))
	}
}

// apply makes a story's file: pairs of lines "- old" and "+ new" replace text once, everything else is the file.
func apply(t *testing.T, base, change string) string {
	if !strings.HasPrefix(change, "- ") {
		return change
	}
	old := ""
	for _, line := range strings.Split(change, "\n") {
		if was, ok := strings.CutPrefix(line, "- "); ok {
			require.Equal(t, 1, strings.Count(base, was), "%q must be in base.yaml once", was)
			old = was
			continue
		}
		base = strings.Replace(base, old, strings.ReplaceAll(strings.TrimPrefix(line, "+ "), `\n`, "\n"), 1)
	}
	return base
}
