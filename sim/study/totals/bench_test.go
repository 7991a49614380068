package totals

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/scenarios/loader"
)

// BenchmarkStudy runs the shipped comparison at full size: 8,000 writers, 20,000 readers, four designs.
func BenchmarkStudy(b *testing.B) {
	s, err := loader.Load("../../../scenarios/running-total.yaml")
	require.NoError(b, err)
	for b.Loop() {
		_, err := Study(b.Context(), s, 7)
		require.NoError(b, err)
	}
}
