package splitmix

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The first outputs of SplitMix64 from seed 1234567, as published with the reference implementation.
func TestMixIsSplitMix64(t *testing.T) {
	state := uint64(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		state += Golden
		require.Equal(t, want, Mix(state))
	}
}

func TestAtTellsStreamsAndPlacesApart(t *testing.T) {
	seen := map[uint64]bool{}
	for stream := range uint64(50) {
		for n := range uint64(50) {
			seen[At(stream, n)] = true
		}
	}
	require.Len(t, seen, 2500)
}

func TestBelow(t *testing.T) {
	require.Zero(t, Below(math.MaxUint64, 0))
	require.Zero(t, Below(0, 7))
	require.EqualValues(t, 6, Below(math.MaxUint64, 7))
	require.EqualValues(t, 3, Below(1<<63, 7), "the middle of the draws is the middle of the range")
}
