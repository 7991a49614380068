package recordtest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing with them")

// All returns functions that make the records of this package, by name.
func All() map[string]func() *reports.Record {
	return map[string]func() *reports.Record{"passed": Passed, "violated": Violated, "interrupted": Interrupted,
		"loaded": Loaded, "missed": Missed, "saturated": Saturated}
}

// Golden compares got with testdata/name in the folder of the test. With the flag -update it writes the file first.
func Golden(t *testing.T, name string, got []byte) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}
