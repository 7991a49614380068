package crowd

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Plans come out by their moment, and those of one moment as they were made, however adding and taking alternate.
func TestAgendaOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		var model []plan
		for n := range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(model) > 0 && rapid.IntRange(0, 2).Draw(t, "take") == 0 {
				got := a.take()
				require.Equal(t, model[0].person, got.person)
				require.Equal(t, model[0].at, got.at)
				model = model[1:]
				continue
			}
			p := plan{at: rapid.Int64Range(0, 5).Draw(t, "at"), person: uint32(n)}
			a.add(p)
			after := slices.IndexFunc(model, func(q plan) bool { return q.at > p.at })
			if after < 0 {
				after = len(model)
			}
			model = slices.Insert(model, after, p)
		}
		for _, want := range model {
			require.Equal(t, want.person, a.take().person)
		}
		require.Empty(t, a.plans)
	})
}
