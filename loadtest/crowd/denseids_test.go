package crowd

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// farOff is a wallet service with large wallet numbers over the whole range.
type farOff struct{ wallet.Service }

// stride is odd, so that numbers stay different, and large.
const stride = 0x1e3779b97f4a7c15 >> 20

func far(id wallet.ActID) wallet.ActID {
	if id == 0 {
		return 0
	}
	return plainID + id*stride
}

func near(id wallet.ActID) wallet.ActID {
	if id == 0 {
		return 0
	}
	return (id - plainID) / stride
}

func (f farOff) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	reply, err := f.Service.Grant(ctx, r)
	reply.Order.ActID = far(reply.Order.ActID)
	return reply, err
}

func (f farOff) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	r.After.Order.ActID = near(r.After.Order.ActID)
	page, err := f.Service.Page(ctx, r)
	for i := range page.Grants {
		page.Grants[i].Order.ActID = far(page.Grants[i].Order.ActID)
	}
	page.Next.Order.ActID = far(page.Next.Order.ActID)
	return page, err
}

func (f farOff) Bind(ctx context.Context, c wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	who, err := f.Service.Bind(ctx, c, p)
	who.ActID = far(who.ActID)
	for i := range who.Former {
		who.Former[i] = far(who.Former[i])
	}
	return who, err
}

// A wallet with large, scattered numbers is judged like any other, and costs no extra memory.
func TestWalletsOfAnyNumber(t *testing.T) {
	t.Parallel()
	s := festival(t, quick)
	s.People.After.KeepTokens.Num = 0 // tokens are sealed for the wallet's own numbers
	run, a := rig{scenario: s, service: func(w wallet.Service) wallet.Service { return farOff{w} }}.play(t)
	for _, c := range a.Checks {
		require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
	require.NotEmpty(t, run.events.ids.of)
	require.Less(t, run.Bytes(), int64(2<<20))
}

// Numbers stay distinct and dense; small and invalid numbers stay unchanged.
func TestNumbersAreDense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n denseIDs
		seen := map[wallet.ActID]wallet.ActID{}
		for range rapid.IntRange(1, 50).Draw(t, "wallets") {
			id := wallet.ActID(rapid.OneOf(rapid.Int64Range(-5, 50), rapid.Int64Range(plainID-5, plainID+5), rapid.Int64Range(math.MaxInt64-20, math.MaxInt64)).Draw(t, "id"))
			got := n.id(id)
			require.Equal(t, got, n.id(id))
			require.LessOrEqual(t, got, wallet.ActID(plainID+50))
			if id <= plainID {
				require.Equal(t, id, got)
			}
			if was, taken := seen[got]; taken {
				require.Equal(t, was, id)
			}
			seen[got] = id
		}
	})
}

// The client's requests and answers are not changed: only the oracle sees other numbers.
func TestNumbersChangeNoAnswer(t *testing.T) {
	var n denseIDs
	big := wallet.OrderNo{ActID: math.MaxInt64, Scene: "rain"}
	page := wallet.Page{Grants: []wallet.Line{{Order: big}}, Next: wallet.Cursor{Order: big}}
	seen := n.page(page)
	require.EqualValues(t, plainID+1, seen.Grants[0].Order.ActID)
	require.EqualValues(t, plainID+1, seen.Next.Order.ActID)
	require.Equal(t, big, page.Grants[0].Order)
	who := wallet.Person{ActID: math.MaxInt64 - 1, Former: []wallet.ActID{math.MaxInt64, 3}}
	require.Equal(t, wallet.Person{ActID: plainID + 2, Former: []wallet.ActID{plainID + 1, 3}}, n.person(who))
	require.EqualValues(t, math.MaxInt64, who.Former[0])
	require.EqualValues(t, plainID+1, n.request(wallet.PageRequest{After: wallet.Cursor{Order: big}}).After.Order.ActID)
}
