package fake_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/downstream/fake"
	"hongbao/reference/wallet"
)

var (
	secret   = []byte("a secret of the tests, not short")
	festival = wallet.InstantOf(time.Date(2022, 1, 31, 20, 0, 0, 0, time.UTC))
)

func order(n int, award wallet.AwardType) wallet.OrderNo {
	return wallet.OrderNo{ActID: wallet.ActID(n), Scene: "rain", Rain: 1, Award: award, Stage: wallet.Official}
}

// subsidy returns a request for one subsidy, under a key.
func subsidy(n int, key string) fake.Request {
	body := fmt.Sprintf(`{"order":%q,"user":{"family":1,"id":5},"template":"red"}`, order(n, wallet.VideoSubsidy))
	return fake.Request{Method: http.MethodPost, Path: "/subsidies", Header: map[string]string{"Idempotency-Key": key}, Body: []byte(body)}
}

// TestCarelessCallers: the stand-ins do not protect a caller from its own errors, because they exist to expose them.
func TestCarelessCallers(t *testing.T) {
	s, err := fake.New(wallet.VideoSubsidy, secret, fake.Behaviour{})
	require.NoError(t, err)
	for _, key := range []string{"a", "a", "b"} {
		require.Less(t, s.Handle(festival, subsidy(1, key)).Status, 300)
	}
	e := s.Of(festival, order(1, wallet.VideoSubsidy))
	require.Equal(t, 2, e.Issued, "two keys give two subsidies")
	require.Equal(t, http.StatusConflict, s.Handle(festival, subsidy(2, "a")).Status, "a key belongs to one order")

	p, err := fake.New(wallet.AvatarPendant, secret, fake.Behaviour{Forgetful: true})
	require.NoError(t, err)
	body := fmt.Sprintf(`{"request_id":"r","order":%q,"family":"dy","user":"5","pendant":"tiger"}`, order(1, wallet.AvatarPendant))
	for range 2 {
		require.Equal(t, http.StatusOK, p.Handle(festival, fake.Request{Method: http.MethodPost, Path: "/grants", Body: []byte(body)}).Status)
	}
	require.Equal(t, 2, p.Of(festival, order(1, wallet.AvatarPendant)).Issued)
}

// TestBooks: the records are listed in order of their numbers, without orders that were only queried.
func TestBooks(t *testing.T) {
	s, err := fake.New(wallet.VideoSubsidy, secret, fake.Behaviour{Validity: time.Hour})
	require.NoError(t, err)
	for _, n := range []int{3, 1, 2} {
		s.Handle(festival, subsidy(n, fmt.Sprint(n)))
	}
	s.Handle(festival, fake.Request{Method: http.MethodGet, Path: "/subsidies/" + order(9, wallet.VideoSubsidy).String()})
	require.Equal(t, fake.Entry{}, s.Of(festival, order(9, wallet.VideoSubsidy)))
	var acts []wallet.ActID
	for e := range s.Entries(festival.Add(2 * time.Hour)) {
		acts = append(acts, e.Order.ActID)
		require.Equal(t, 1, e.Issued, "an expired coupon was issued nevertheless")
	}
	require.Equal(t, []wallet.ActID{1, 2, 3}, acts)
	for range s.Entries(festival) {
		break
	}
}

// TestDeclineShare: about the configured share is declined, always the same orders.
func TestDeclineShare(t *testing.T) {
	first := map[int]bool{}
	for round := range 2 {
		s, err := fake.New(wallet.VideoSubsidy, secret, fake.Behaviour{DeclineNum: 1, DeclineDen: 4})
		require.NoError(t, err)
		declined := 0
		for n := range 400 {
			no := s.Handle(festival, subsidy(n+1, fmt.Sprint(n))).Status == http.StatusUnprocessableEntity
			if no {
				declined++
			}
			if round == 0 {
				first[n] = no
			}
			require.Equal(t, first[n], no)
		}
		require.InDelta(t, 100, declined, 40)
	}
}

// TestNew: there is a system for each reward type except cash.
func TestNew(t *testing.T) {
	require.Len(t, fake.NewAll(secret, fake.Behaviour{}), 12)
	for a := wallet.VideoSubsidy; a <= wallet.AvatarPendant; a++ {
		s, err := fake.New(a, secret, fake.Behaviour{})
		require.NoError(t, err)
		require.Equal(t, a, s.Award())
	}
	_, err := fake.New(wallet.Cash, secret, fake.Behaviour{})
	require.ErrorIs(t, err, wallet.ErrInvalid)
}
