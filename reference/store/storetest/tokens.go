package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// TokenStore is the set of ports of a store of tokens.
type TokenStore interface {
	wallet.Tokens
	wallet.TokenReader
}

func token(no wallet.OrderNo, fen wallet.Money) wallet.Token {
	return wallet.Token{App: wallet.FanqieAudio, Activity: "spring-2022-official", Order: no, Amount: fen, Opened: eve}
}

// Tokens tests an adapter of wallet.Tokens and wallet.TokenReader, together with the backlog that it issues into.
func Tokens(t *testing.T, open func(t *testing.T) (TokenStore, wallet.Backlog)) {
	story := func(name string, run func(*testing.T, TokenStore, wallet.Backlog)) {
		t.Run(name, func(t *testing.T) {
			s, b := open(t)
			run(t, s, b)
		})
	}
	story("issue lists and holds at once", issueListsAndHolds)
	story("mark moves forward only", markMovesForward)
	story("list is of one wallet and stage", listIsOfOneStage)
	story("reader lists by owner", tokensByOwner)
	story("many callers issue once", issueOnce)
	t.Run("model", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s, b := open(t)
			tokensModel(rt, s, b)
		})
	})
}

func depth(t testable, b wallet.Backlog, want int) {
	t.Helper()
	call(b.Depth(t.Context())).returns(t, int64(want), "depth of the backlog")
}

func list(t testable, s wallet.Tokens, id wallet.ActID, stage wallet.Stage, want ...wallet.Token) {
	t.Helper()
	got := call(s.List(t.Context(), id, stage)).ok(t)
	if len(want) == 0 {
		require.Empty(t, got)
		return
	}
	require.Equal(t, want, got)
}

func issueListsAndHolds(t *testing.T, s TokenStore, b wallet.Backlog) {
	a := token(number(3, 1), 88)
	require.NoError(t, s.Issue(t.Context(), a))
	list(t, s, 3, wallet.Official, a)
	depth(t, b, 1)

	require.NoError(t, s.Issue(t.Context(), a))
	list(t, s, 3, wallet.Official, a)
	depth(t, b, 1)

	require.NoError(t, s.Mark(t.Context(), []wallet.OrderNo{a.Order}, wallet.TokenSuccess))
	require.NoError(t, s.Issue(t.Context(), a))
	list(t, s, 3, wallet.Official)
	depth(t, b, 1)

	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		each := token(number(4, int32(app)), wallet.Money(app))
		each.App, each.Opened = app, eve.Add(time.Duration(app)*time.Microsecond)
		require.NoError(t, s.Issue(t.Context(), each))
	}
	got := call(s.List(t.Context(), 4, wallet.Official)).ok(t)
	require.Len(t, got, wallet.Apps)
	for i, each := range got {
		require.Equal(t, wallet.App(i+1), each.App)
		require.Equal(t, eve+wallet.Instant(i+1), each.Opened)
	}
	depth(t, b, 1+wallet.Apps)
}

func markMovesForward(t *testing.T, s TokenStore, _ wallet.Backlog) {
	all := []wallet.TokenStatus{wallet.TokenIssued, wallet.TokenProcessing, wallet.TokenSuccess}
	rain := int32(0)
	for _, from := range all {
		for _, to := range all {
			rain++
			a := token(number(1, rain), 5)
			require.NoError(t, s.Issue(t.Context(), a))
			require.NoError(t, s.Mark(t.Context(), []wallet.OrderNo{a.Order}, from))
			require.NoError(t, s.Mark(t.Context(), []wallet.OrderNo{number(2, 1), a.Order, number(1, 99)}, to), "unlisted numbers are ignored")
			require.NoError(t, s.Mark(t.Context(), []wallet.OrderNo{a.Order}, to))
			got := call(s.List(t.Context(), 1, wallet.Official)).ok(t)
			i := slices.IndexFunc(got, func(l wallet.Token) bool { return l.Order == a.Order })
			if max(from, to) == wallet.TokenSuccess {
				require.Negative(t, i, "a posted token is no longer listed")
				continue
			}
			a.Status = max(from, to)
			require.Equal(t, a, got[i])
		}
	}
	list(t, s, 2, wallet.Official)
}

func listIsOfOneStage(t *testing.T, s TokenStore, _ wallet.Backlog) {
	var want []wallet.Token
	for rain := int32(11); rain > 8; rain-- {
		for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
			for id := wallet.ActID(1); id < 3; id++ {
				a := token(number(id, rain), wallet.Money(rain))
				a.Order.Stage = stage
				require.NoError(t, s.Issue(t.Context(), a))
				if id == 2 && stage == wallet.ExternalDrill {
					want = append(want, a)
				}
			}
		}
	}
	slices.Reverse(want)
	list(t, s, 2, wallet.ExternalDrill, want...)
	list(t, s, 9, wallet.ExternalDrill)
}

func tokensByOwner(t *testing.T, s TokenStore, _ wallet.Backlog) {
	want := map[wallet.OrderNo]wallet.Token{}
	for i := range 200 {
		a := token(number(wallet.ActID(i*37%50+1), int32(i)), wallet.Money(i+1))
		require.NoError(t, s.Issue(t.Context(), a))
		want[a.Order] = a
	}
	checkReader(t, want, func(a wallet.Token) wallet.OrderNo { return a.Order },
		func(last, next wallet.Token) bool { return last.Order.ActID <= next.Order.ActID }, s.Tokens)
}

func issueOnce(t *testing.T, s TokenStore, b wallet.Backlog) {
	const people = 100
	together(t, func(t *testing.T, _ int) {
		for i := range people {
			a := token(number(wallet.ActID(i+1), 1), 1)
			require.NoError(t, s.Issue(t.Context(), a))
			require.NoError(t, s.Mark(t.Context(), []wallet.OrderNo{a.Order}, wallet.TokenProcessing))
		}
	})
	depth(t, b, people)
	for i := range people {
		a := token(number(wallet.ActID(i+1), 1), 1)
		a.Status = wallet.TokenProcessing
		list(t, s, a.Order.ActID, wallet.Official, a)
	}
}

// tokensModel compares the store with a map over random sequences of calls on few numbers.
func tokensModel(t *rapid.T, s TokenStore, b wallet.Backlog) {
	model := map[wallet.OrderNo]wallet.Token{}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		no := number(wallet.ActID(rapid.IntRange(1, 3).Draw(t, "owner")), int32(rapid.IntRange(0, 2).Draw(t, "rain")))
		if rapid.Bool().Draw(t, "issue") {
			a := token(no, wallet.Money(rapid.Int64Range(1, 9).Draw(t, "fen")))
			require.NoError(t, s.Issue(t.Context(), a))
			if _, known := model[no]; !known {
				model[no] = a
			}
			continue
		}
		to := rapid.SampledFrom([]wallet.TokenStatus{wallet.TokenIssued, wallet.TokenProcessing, wallet.TokenSuccess}).Draw(t, "status")
		require.NoError(t, s.Mark(t.Context(), []wallet.OrderNo{no}, to))
		if a, known := model[no]; known {
			a.Status = max(a.Status, to)
			model[no] = a
		}
	}
	depth(t, b, len(model))
	for id := wallet.ActID(1); id <= 3; id++ {
		var want []wallet.Token
		for rain := range int32(3) {
			if a, known := model[number(id, rain)]; known && a.Status != wallet.TokenSuccess {
				want = append(want, a)
			}
		}
		list(t, s, id, wallet.Official, want...)
	}
}
