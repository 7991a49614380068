package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxOutside bounds the program of another module in lines: this much starts a wallet, grants, shows a page and stops.
const maxOutside = 25

// TestOutsideModule runs a program of another module on the packages that this module publishes. Internal packages are
// closed to it. It needs no network: the versions are those of this module, which are in the cache.
func TestOutsideModule(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	head := regexp.MustCompile(`(?s)\Amodule (\S+)\n+(go \S+)\n`).FindStringSubmatch(string(mod))
	require.Len(t, head, 3, "go.mod begins with the module and the version of Go")
	source, err := os.ReadFile("testdata/outside.go.txt")
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(source), "\n"), maxOutside)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)

	outside := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module outside\n\n" + head[2] + "\n\nrequire " + head[1] + " v0.0.0\n\nreplace " + head[1] + " => " + root + "\n",
		"go.sum":  string(sums),
		"main.go": string(source),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(outside, name), []byte(text), 0o600))
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOWORK", "off")
	program := filepath.Join(outside, "outside")
	require.Empty(t, output(t, outside, "go", "build", "-o", program, "."))
	require.Equal(t, "0.88 yuan <nil> <nil> <nil>\n", output(t, outside, program, t.TempDir()))
}
