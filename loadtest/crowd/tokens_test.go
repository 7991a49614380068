package crowd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Clients keep tokens until a page shows their grants as posted, notice when a whole list lacks them, and use them only in
// apps of the same family.
func TestPurses(t *testing.T) {
	h := newClientTokens()
	no := func(rain int32) wallet.OrderNo {
		return wallet.OrderNo{ActID: 1, Scene: "rain", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
	}
	line := func(rain int32, s wallet.TokenStatus) wallet.Line { return wallet.Line{Order: no(rain), Status: s} }
	h.keep(7, tokenCopy{no(1), wallet.DouyinFamily, []byte("one")})
	h.keep(7, tokenCopy{no(2), wallet.ToutiaoFamily, []byte("two")})
	require.Equal(t, [][]byte{[]byte("one")}, h.tokens(7, wallet.DouyinFamily))
	require.Empty(t, h.tokens(8, wallet.DouyinFamily), "another person holds nothing")

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
	h.keep(7, tokenCopy{no(1), wallet.DouyinFamily, []byte("again")})
	require.Equal(t, held, h.bytes, "a repeat returns the same token")
	h.keep(7, tokenCopy{no(1), wallet.ToutiaoFamily, []byte("another app's")})
	require.Len(t, h.tokens(7, wallet.ToutiaoFamily), 2)
	h.dropPosted(7, wallet.Page{Grants: []wallet.Line{line(1, wallet.TokenSuccess)}})
	h.keep(7, tokenCopy{no(1), wallet.DouyinFamily, []byte("one")})
	h.dropPosted(7, wallet.Page{Grants: []wallet.Line{line(1, wallet.TokenProcessing), line(2, wallet.TokenSuccess)}})
	require.Len(t, h.tokens(7, wallet.DouyinFamily), 1, "not posted yet")
	require.Empty(t, h.tokens(7, wallet.ToutiaoFamily))
	require.Equal(t, held/2, h.bytes)
	h.dropPosted(7, wallet.Page{Grants: []wallet.Line{line(1, wallet.TokenSuccess)}})
	require.Empty(t, h.held)
	require.Zero(t, h.bytes)
	require.Zero(t, h.count)

	h.count = maxHeld
	h.keep(7, tokenCopy{no(3), wallet.DouyinFamily, []byte("three")})
	require.Empty(t, h.tokens(7, wallet.DouyinFamily))
	require.EqualValues(t, 1, h.overflow, "above the bound: counted")

	h = newClientTokens()
	for i := range wallet.MaxClientTokens + 3 {
		h.keep(1, tokenCopy{no(int32(i)), wallet.DouyinFamily, []byte{byte(i)}})
	}
	got := h.tokens(1, wallet.DouyinFamily)
	require.Len(t, got, wallet.MaxClientTokens, "a request carries no more")
	require.Equal(t, []byte{3}, got[0], "the newest")
}
