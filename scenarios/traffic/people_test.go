package traffic

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// A permutation returns each number of its range once, for any range.
func TestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 3_000).Draw(t, "n")
		p := newPermutation(n, rapid.Uint64().Draw(t, "seed"))
		seen := make([]bool, n)
		for i := range n {
			at := p.of(i)
			require.Less(t, at, n)
			require.False(t, seen[at])
			seen[at] = true
		}
	})
}

// A permutation shuffles: people do not win in order of their indexes.
func TestPermutationShuffles(t *testing.T) {
	const n = 10_000
	p, rising, low := newPermutation(n, 1), 0, 0
	for i := uint64(1); i < n; i++ {
		if p.of(i) > p.of(i-1) {
			rising++
		}
		if i < n/10 && p.of(i) < n/2 {
			low++
		}
	}
	require.InDelta(t, n/2, rising, n/50)
	require.InDelta(t, n/20, low, n/200)
}

// People have the scenario's shares, no app twice, and separate numbers.
func TestPeople(t *testing.T) {
	const n = 40_000
	c := NewCrowd(festival(n, 1), 5)
	var held [wallet.Apps + 1]int
	phones, later, keep, douyin := 0, 0, 0, 0
	phoneOf, userOf := map[wallet.Phone]bool{}, [3]map[wallet.UserID]bool{1: {}, 2: {}}
	for i := range int64(n) {
		p := c.Persona(i)
		require.Equal(t, p, c.Persona(i))
		held[p.Held]++
		has := map[wallet.App]bool{}
		for _, a := range p.Apps[:p.Held] {
			require.True(t, a.Valid())
			require.False(t, has[a], "app %v twice", a)
			has[a] = true
		}
		if has[wallet.Douyin] {
			douyin++
		}
		if p.HasPhone {
			phones++
		}
		if p.BindsLater {
			later++
			require.False(t, p.HasPhone)
		}
		if p.KeepsTokens {
			keep++
		}
		for f := wallet.DouyinFamily; f <= wallet.ToutiaoFamily; f++ {
			user := c.Account(i, f)
			require.Positive(t, user)
			require.False(t, userOf[f][user])
			userOf[f][user] = true
		}
		require.NotEqual(t, c.Account(i, wallet.DouyinFamily), c.Account(i, wallet.ToutiaoFamily))
		phone := c.PhoneOf(i)
		require.True(t, phone >= firstPhone && phone < firstPhone+phoneCount && !phoneOf[phone])
		phoneOf[phone] = true
	}
	const slack = n / 100
	require.InDelta(t, n*4/10, held[1], slack)
	require.InDelta(t, n*1/10, held[4], slack)
	require.InDelta(t, n*7/10, phones, slack)
	require.InDelta(t, n*3/20, later, slack)
	require.InDelta(t, n*8/10, keep, slack)
	require.Greater(t, douyin, n*4/10, "the most used app")
}

// People also get an app if the scenario has only one app with a share.
func TestOneAppOnly(t *testing.T) {
	s := festival(100, 1)
	s.People.AppsHeld, s.Apps = []int{1}, [wallet.Apps + 1]int{wallet.FanqieAudio: 1}
	c := NewCrowd(s, 1)
	for i := range int64(100) {
		p := c.Persona(i)
		require.Equal(t, uint8(1), p.Held)
		require.Equal(t, wallet.FanqieAudio, p.Apps[0])
	}
}
