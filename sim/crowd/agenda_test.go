package crowd

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/internal/timerheap"
)

// TestAgendaOrder: plans are popped by time, and plans of one time in the order in which they were added.
func TestAgendaOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		var model []timerheap.Item[plan]
		for n := range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(model) > 0 && rapid.IntRange(0, 2).Draw(t, "take") == 0 {
				got := a.Pop()
				require.Equal(t, model[0].Value, got.Value)
				require.Equal(t, model[0].At, got.At)
				model = model[1:]
				continue
			}
			p := timerheap.Item[plan]{At: rapid.Int64Range(0, 5).Draw(t, "at"), Value: plan{person: uint32(n)}}
			a.Add(p.At, p.Value)
			after := slices.IndexFunc(model, func(q timerheap.Item[plan]) bool { return q.At > p.At })
			if after < 0 {
				after = len(model)
			}
			model = slices.Insert(model, after, p)
		}
		for _, want := range model {
			require.Equal(t, want.Value, a.Pop().Value)
		}
		require.Zero(t, a.Len())
	})
}
