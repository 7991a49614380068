package crowd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Clients keep tokens until their money is seen to be posted, miss them on a page that shows the whole list, and show
// them to their own family's apps alone.
func TestPurses(t *testing.T) {
	h := newPurses()
	no := func(rain int32) wallet.OrderNo {
		return wallet.OrderNo{ActID: 1, Scene: "rain", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
	}
	line := func(rain int32, s wallet.TokenStatus) wallet.Line { return wallet.Line{Order: no(rain), Status: s} }
	h.keep(7, promise{no(1), wallet.DouyinFamily, []byte("one")})
	h.keep(7, promise{no(2), wallet.ToutiaoFamily, []byte("two")})
	require.Equal(t, [][]byte{[]byte("one")}, h.tokens(7, wallet.DouyinFamily))
	require.Empty(t, h.tokens(8, wallet.DouyinFamily), "somebody else holds nothing")

	for _, c := range []struct {
		why  string
		page wallet.Page
		want bool
	}{
		{"not there", wallet.Page{Stage: wallet.Official}, true},
		{"there", wallet.Page{Stage: wallet.Official, Grants: []wallet.Line{line(1, wallet.TokenIssued)}}, false},
		{"perhaps further down", wallet.Page{Stage: wallet.Official, Next: wallet.Cursor{Opened: 1}}, false},
		{"another stage's page", wallet.Page{Stage: wallet.ExternalDrill}, false},
	} {
		require.Equal(t, c.want, h.lacks(7, wallet.DouyinFamily, c.page), c.why)
	}
	held := h.bytes
	h.keep(7, promise{no(1), wallet.DouyinFamily, []byte("again")})
	require.Equal(t, held, h.bytes, "a repeat's promise is the same one")
	h.keep(7, promise{no(1), wallet.ToutiaoFamily, []byte("another app's")})
	require.Len(t, h.tokens(7, wallet.ToutiaoFamily), 2)
	h.letGo(7, wallet.Page{Grants: []wallet.Line{line(1, wallet.TokenSuccess)}})
	h.keep(7, promise{no(1), wallet.DouyinFamily, []byte("one")})
	h.letGo(7, wallet.Page{Grants: []wallet.Line{line(1, wallet.TokenProcessing), line(2, wallet.TokenSuccess)}})
	require.Len(t, h.tokens(7, wallet.DouyinFamily), 1, "not posted yet")
	require.Empty(t, h.tokens(7, wallet.ToutiaoFamily))
	require.Equal(t, held/2, h.bytes)
	h.letGo(7, wallet.Page{Grants: []wallet.Line{line(1, wallet.TokenSuccess)}})
	require.Empty(t, h.held)
	require.Zero(t, h.bytes)
	require.Zero(t, h.count)

	h.count = maxHeld
	h.keep(7, promise{no(3), wallet.DouyinFamily, []byte("three")})
	require.Empty(t, h.tokens(7, wallet.DouyinFamily))
	require.EqualValues(t, 1, h.overflow, "no room: counted")

	h = newPurses()
	for i := range wallet.MaxClientTokens + 3 {
		h.keep(1, promise{no(int32(i)), wallet.DouyinFamily, []byte{byte(i)}})
	}
	got := h.tokens(1, wallet.DouyinFamily)
	require.Len(t, got, wallet.MaxClientTokens, "a request carries no more")
	require.Equal(t, []byte{3}, got[0], "the newest")
}
