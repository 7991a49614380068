package storetest

import (
	"errors"
	"math"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// Budgets tests an adapter of wallet.Budgets.
func Budgets(t *testing.T, open func(t *testing.T) wallet.Budgets) {
	t.Run("story", func(t *testing.T) { budgetStory(t, open(t)) })
	t.Run("largest amounts", func(t *testing.T) { budgetOverflow(t, open(t)) })
	t.Run("many callers never overspend", func(t *testing.T) { neverOverspend(t, open(t)) })
	checkModel(t, open, budgetModel)
}

func spent(t testable, s wallet.Budgets, stage wallet.Stage, want wallet.Money) {
	call(s.Spent(t.Context(), stage)).returns(t, want, "spent in %s", stage)
}

func budgetStory(t *testing.T, s wallet.Budgets) {
	drill := number(1, 1)
	drill.Stage = wallet.ExternalDrill
	for _, c := range []struct {
		no    wallet.OrderNo
		fen   wallet.Money
		want  error
		spent wallet.Money // in the official stage afterwards
		why   string
	}{
		{number(1, 1), 60, nil, 60, "enough is left"},
		{number(1, 1), 60, nil, 60, "a repeat reserves nothing"},
		{number(2, 1), 41, wallet.ErrOverBudget, 60, "one fen too much: nothing is reserved"},
		{number(2, 1), 41, wallet.ErrOverBudget, 60, "a repeat is refused again"},
		{number(3, 1), 40, nil, 100, "exactly the rest"},
		{number(4, 1), 1, wallet.ErrOverBudget, 100, "nothing is left"},
		{number(1, 1), 60, nil, 100, "reservations stay"},
		{drill, 100, nil, 100, "another stage has its own budget"},
		{number(5, 1), 0, wallet.ErrInvalid, 100, "an amount is above zero"},
		{number(5, 1), -10, wallet.ErrInvalid, 100, "reservations are never returned"},
	} {
		require.ErrorIs(t, s.Reserve(t.Context(), c.no, c.fen, 100), c.want, c.why)
		spent(t, s, wallet.Official, c.spent)
	}
	spent(t, s, wallet.ExternalDrill, 100)
	spent(t, s, wallet.InternalTest, 0)
	for _, no := range neighbours(number(1, 1))[:4] { // the last one is drill
		require.ErrorIs(t, s.Reserve(t.Context(), no, 60, 100), wallet.ErrOverBudget, "%s is another order", no)
	}
}

func budgetOverflow(t *testing.T, s wallet.Budgets) {
	require.ErrorIs(t, s.Reserve(t.Context(), number(1, 1), 1, math.MinInt64), wallet.ErrOverBudget)
	require.NoError(t, s.Reserve(t.Context(), number(2, 1), math.MaxInt64-1, math.MaxInt64))
	require.ErrorIs(t, s.Reserve(t.Context(), number(3, 1), math.MaxInt64, math.MaxInt64), wallet.ErrOverBudget)
	require.ErrorIs(t, s.Reserve(t.Context(), number(4, 1), 1, 5), wallet.ErrOverBudget, "the budget was cut below the spent amount")
	require.NoError(t, s.Reserve(t.Context(), number(5, 1), 1, math.MaxInt64))
	spent(t, s, wallet.Official, math.MaxInt64)
}

func neverOverspend(t *testing.T, s wallet.Budgets) {
	const orders, fen, fit = 200, 10, 77
	var reserved [orders]atomic.Int64
	together(t, func(t *testing.T, _ int) {
		for i := range orders {
			err := s.Reserve(t.Context(), number(wallet.ActID(i+1), 1), fen, fit*fen+fen-1)
			if err == nil {
				reserved[i].Add(1)
				continue
			}
			require.ErrorIs(t, err, wallet.ErrOverBudget)
		}
	})
	spent(t, s, wallet.Official, fit*fen)
	n := 0
	for i := range reserved {
		if by := reserved[i].Load(); by != 0 {
			require.EqualValues(t, callers, by, "all callers have the same answer for order %d", i)
			n++
		}
	}
	require.Equal(t, fit, n, "no budget is left unused")
}

func budgetModel(t *rapid.T, s wallet.Budgets) {
	model := map[wallet.OrderNo]bool{}
	sums := map[wallet.Stage]wallet.Money{}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		no := number(wallet.ActID(rapid.IntRange(1, 130).Draw(t, "owner")), 1)
		no.Stage = wallet.Stage(rapid.IntRange(1, wallet.Stages).Draw(t, "stage"))
		fen := wallet.Money(no.ActID%7 + 1) // a repeat has the same content
		err := s.Reserve(t.Context(), no, fen, 30)
		if model[no] || sums[no.Stage]+fen <= 30 {
			require.NoError(t, err)
			if !model[no] {
				model[no] = true
				sums[no.Stage] += fen
			}
		} else {
			require.True(t, errors.Is(err, wallet.ErrOverBudget))
		}
	}
	for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
		spent(t, s, stage, sums[stage])
	}
}
