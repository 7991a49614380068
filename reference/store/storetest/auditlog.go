package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// AuditLog tests an adapter of wallet.AuditLog.
func AuditLog(t *testing.T, open func(t *testing.T) wallet.AuditLog) {
	t.Run("actions are listed newest first", func(t *testing.T) { actionsAreListed(t, open(t)) })
	t.Run("details are bounded", func(t *testing.T) { detailsAreBounded(t, open(t)) })
	t.Run("many operators", func(t *testing.T) { manyOperators(t, open(t)) })
}

func action(n int) wallet.Action {
	return wallet.Action{At: eve.Add(time.Duration(n) * time.Second), Operator: "operator-" + string(rune('a'+n)), Role: "finance",
		Method: "ReissueBatch", Detail: `{"batch": "红包"}`, Outcome: "ok"}
}

func actionsAreListed(t *testing.T, l wallet.AuditLog) {
	list := func(before int64, limit int) []wallet.Action {
		got := call(l.Actions(t.Context(), before, limit)).ok(t)
		require.LessOrEqual(t, len(got), limit)
		return got
	}
	require.Empty(t, list(0, 10))
	var want []wallet.Action // newest first
	for i := range 7 {
		a := action(i)
		a.ID = 999 // assigned by the log, whatever the caller sets
		require.NoError(t, l.Append(t.Context(), a))
		require.NoError(t, l.Append(t.Context(), a), "a repeated action is listed twice")
		want = append([]wallet.Action{action(i), action(i)}, want...)
	}
	all := list(0, 100)
	require.Len(t, all, len(want))
	for i := range all {
		require.Positive(t, all[i].ID)
		if i > 0 {
			require.Less(t, all[i].ID, all[i-1].ID)
		}
		want[i].ID = all[i].ID
	}
	require.Equal(t, want, all)
	require.Equal(t, all[:3], list(0, 3))
	require.Equal(t, all[3:6], list(all[2].ID, 3), "and continued from there")
	require.Empty(t, list(all[len(all)-1].ID, 3))
	require.Empty(t, list(0, 0))
	require.NoError(t, l.Append(t.Context(), wallet.Action{}), "no field is required")
	require.Equal(t, all, list(list(0, 1)[0].ID, 100), "recorded actions do not change")
}

func detailsAreBounded(t *testing.T, l wallet.AuditLog) {
	for _, detail := range []string{strings.Repeat("x", wallet.MaxAuditDetail), strings.Repeat("x", wallet.MaxAuditDetail+1), strings.Repeat("红", wallet.MaxAuditDetail)} {
		a := action(1)
		a.Detail = detail
		require.NoError(t, l.Append(t.Context(), a))
		got := call(l.Actions(t.Context(), 0, 1)).ok(t)
		require.LessOrEqual(t, len(got[0].Detail), wallet.MaxAuditDetail)
		require.Greater(t, len(got[0].Detail), wallet.MaxAuditDetail-4, "no more is cut than necessary")
		require.True(t, strings.HasPrefix(detail, got[0].Detail), "characters are not split")
	}
}

func manyOperators(t *testing.T, l wallet.AuditLog) {
	const actions = 20
	together(t, func(t *testing.T, caller int) {
		for range actions {
			require.NoError(t, l.Append(t.Context(), action(caller)))
		}
	})
	all := call(l.Actions(t.Context(), 0, 2*callers*actions)).ok(t)
	require.Len(t, all, callers*actions, "each is listed once")
	by := map[string]int{}
	for i, a := range all {
		by[a.Operator]++
		if i > 0 {
			require.Less(t, a.ID, all[i-1].ID, "no number is assigned twice")
		}
	}
	for caller := range callers {
		require.Equal(t, actions, by[action(caller).Operator])
	}
}
