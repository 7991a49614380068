package wallet

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestCursorWalksEachEntryOnce reads a list page by page while newer entries arrive above the cursor. No entry that
// existed at the start is skipped or repeated (P1).
func TestCursorWalksEachEntryOnce(t *testing.T) {
	type entry struct {
		opened Instant
		no     OrderNo
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(from Instant, label string) []entry {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
				return entry{from + Instant(rapid.IntRange(0, 5).Draw(t, "opened")), orderNos().Draw(t, "no")}
			}), 0, 12).Draw(t, label)
		}
		list := draw(1, "there")
		slices.SortFunc(list, func(a, b entry) int {
			if (Cursor{a.opened, a.no}).After(b.opened, b.no) {
				return -1
			}
			return 1
		})
		list = slices.Compact(list)
		original := slices.Clone(list)
		walked := []entry{}
		for at := (Cursor{}); ; {
			rest := slices.DeleteFunc(slices.Clone(list), func(e entry) bool { return !at.After(e.opened, e.no) })
			if len(rest) == 0 {
				break
			}
			page := rest[:min(len(rest), rapid.IntRange(1, 4).Draw(t, "limit"))]
			walked = append(walked, page...)
			require.LessOrEqual(t, len(walked), len(original), "an entry is repeated")
			last := page[len(page)-1]
			at = Cursor{last.opened, last.no}
			list = append(draw(10, "newer"), list...)
		}
		require.Equal(t, original, walked)
	})
}

func TestCursorOfOneMoment(t *testing.T) {
	no := OrderNo{ActID: 1, Scene: "rain", Rain: 2, Award: Cash, Stage: Official}
	next := no
	next.Rain++
	at := Cursor{Opened: 5, Order: no}
	require.True(t, Cursor{}.After(Never, no), "from the top every entry comes after")
	require.False(t, at.After(5, no), "the cursor's own entry was already shown")
	require.True(t, at.After(5, next))
	require.False(t, Cursor{Opened: 5, Order: next}.After(5, no))
	require.True(t, at.After(4, no), "older")
	require.False(t, at.After(6, next), "newer")
}

func TestTransferValidates(t *testing.T) {
	mine := AccountNo{PersonalAccount, Official, 1}
	hold := AccountNo{HoldAccount, Official, 1}
	paid := AccountNo{PaidAccount, Official, 1}
	for _, c := range []struct {
		why  string
		t    Transfer
		want error
	}{
		{"from one account to another", Transfer{Legs: []Leg{{hold, -5}, {paid, 5}}}, nil},
		{"from one to two", Transfer{Legs: []Leg{{mine, -5}, {hold, 2}, {paid, 3}}}, nil},
		{"from a pool", Transfer{Legs: []Leg{{hold, 5}}, Pool: []AccountNo{mine}, Take: 5}, nil},
		{"an empty transfer", Transfer{}, ErrInvalid},
		{"one leg", Transfer{Legs: []Leg{{hold, 5}}}, ErrInvalid},
		{"a leg of zero", Transfer{Legs: []Leg{{hold, -5}, {mine, 0}, {paid, 5}}}, ErrInvalid},
		{"more in than out", Transfer{Legs: []Leg{{hold, -5}, {paid, 6}}}, ErrInvalid},
		{"a pool and nothing to take", Transfer{Legs: []Leg{{hold, -5}, {paid, 5}}, Pool: []AccountNo{mine}}, ErrInvalid},
		{"something to take and no pool", Transfer{Legs: []Leg{{hold, 2}, {paid, 3}}, Take: 5}, ErrInvalid},
		{"a pool that receives money", Transfer{Legs: []Leg{{hold, -5}}, Pool: []AccountNo{mine}, Take: -5}, ErrInvalid},
		{"a pool that gives less than the legs take", Transfer{Legs: []Leg{{hold, 5}}, Pool: []AccountNo{mine}, Take: 4}, ErrInvalid},
		{"a pool without a receiving leg", Transfer{Pool: []AccountNo{mine, hold}, Take: 5}, ErrInvalid},
		{"a sum beyond the range", Transfer{Legs: []Leg{{hold, math.MaxInt64}, {paid, math.MaxInt64}, {mine, 2}}}, ErrOverflow},
	} {
		err := c.t.Validate()
		if c.want == nil {
			require.NoError(t, err, c.why)
			continue
		}
		require.ErrorIs(t, err, c.want, c.why)
	}
}

func TestShardOfKeepsAWalletTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.IntRange(1, 64).Draw(t, "shards")
		id := ActID(rapid.Int64().Draw(t, "act id"))
		require.GreaterOrEqual(t, ShardOf(id, shards), 0)
		require.Less(t, ShardOf(id, shards), shards)
	})
	require.NotEqual(t, ShardOf(1, 2), ShardOf(2, 2), "neighbours go to different shards")
}
