package redis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

func drawOrderNo(t *rapid.T) wallet.OrderNo {
	return wallet.OrderNo{
		ActID: wallet.ActID(rapid.Int64Range(1, math.MaxInt64).Draw(t, "act id")),
		Scene: wallet.SceneID(rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "scene")),
		Rain:  rapid.Int32Range(0, math.MaxInt32).Draw(t, "rain"),
		Award: wallet.AwardType(rapid.IntRange(1, 13).Draw(t, "award")),
		Stage: wallet.Stage(rapid.IntRange(1, wallet.Stages).Draw(t, "stage")),
	}
}

// TestKeptAsWritten: stored values are read back exactly as written.
func TestKeptAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		no := drawOrderNo(t)
		amount := wallet.Money(rapid.Int64().Draw(t, "amount"))
		opened := wallet.Instant(rapid.Int64().Draw(t, "opened"))

		c := wallet.Credit{Order: no, Amount: amount, Opened: opened}
		gotCredit, err := parseCredit(creditText(c))
		require.NoError(t, err)
		require.Equal(t, c, gotCredit)

		a := wallet.Token{App: wallet.App(rapid.IntRange(1, wallet.Apps).Draw(t, "app")), Order: no, Amount: amount, Opened: opened,
			Activity: wallet.ActivityID(rapid.String().Draw(t, "activity"))} // including spaces
		gotToken, err := parseToken(no.String(), tokenText(a))
		require.NoError(t, err)
		require.Equal(t, a, gotToken)

		o := wallet.Order{No: no, Amount: amount, Opened: opened, Created: wallet.Instant(rapid.Int64().Draw(t, "created")),
			State: wallet.OrderState(rapid.IntRange(0, int(wallet.OrderMoved)).Draw(t, "state"))}
		gotOrder, err := parseOrder(no.String(), orderText(o))
		require.NoError(t, err)
		require.Equal(t, o, gotOrder)
	})
}

// TestHandles: each handle stands for one entry, and handles ascend as the entries do.
func TestHandles(t *testing.T) {
	last := uint64(0)
	for _, id := range []string{"0-1", "1-0", "1-4194303", "2-0", "1643630400000-0", "1643630400000-1", "4398046511103-4194303"} {
		h, err := handle(id)
		require.NoError(t, err, id)
		require.Greater(t, h, last, id)
		require.Equal(t, id, entryID(h))
		last = h
	}
	for _, id := range []string{"", "-", "1", "1-", "-1", "1-x", "1-4194304", "4398046511104-0", "1--1", "1-1-1"} {
		_, err := handle(id)
		require.Error(t, err, id)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("7_rain-cash_1_1_3", "1 188 1643630400000000 spring-2022-official")
	f.Add("7_rain-cash_1_1_3 188 5", "0 1 2 3")
	f.Fuzz(func(t *testing.T, no, stored string) {
		if c, err := parseCredit(stored); err == nil {
			again, err := parseCredit(creditText(c))
			require.NoError(t, err)
			require.Equal(t, c, again)
		}
		if a, err := parseToken(no, stored); err == nil {
			again, err := parseToken(no, tokenText(a))
			require.NoError(t, err)
			require.Equal(t, a, again)
		}
		if o, err := parseOrder(no, stored); err == nil {
			again, err := parseOrder(no, orderText(o))
			require.NoError(t, err)
			require.Equal(t, o, again)
		}
		_, _ = handle(stored)
		_, _ = parseList(stored)
	})
}
