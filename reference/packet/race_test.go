package packet_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/packet"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// TestOpeningAgainstReturning: at the end of a packet's day its recipients open their shares, twice each, at an
// instance whose clock is slow, while the chores of two other instances return them. Every share goes one way, and
// every answer is true.
func TestOpeningAgainstReturning(t *testing.T) {
	const guests, rounds = 8, 20
	opened, back := 0, 0
	for range rounds {
		s := newMemFixture(t)
		s.grant(t, 0, 1000)
		var to []int
		for n := range guests {
			to = append(to, n+1)
			s.person(t, n+1)
		}
		p, err := s.Send(t.Context(), sending(0, 1, 1000, to...))
		require.NoError(t, err)
		s.clock.Advance(wallet.PacketLifetime - time.Second) // a slow clock
		ahead := storetest.NewClock()
		ahead.Advance(wallet.PacketLifetime + time.Second)
		other := &packet.Service{People: s.People, Index: s.Index, Packets: s.Packets, Ledger: s.Ledger, Clock: ahead, Alarm: s.Alarm,
			PostUnposted: s.PostUnposted, Switched: s.Switched}

		var all sync.WaitGroup
		var answered [guests]atomic.Int64 // the amount in each recipient's answers
		for n := range guests {
			for range 2 {
				all.Go(func() {
					share, err := s.Open(context.Background(), opening(n+1, 0, 1))
					switch {
					case err == nil:
						answered[n].Store(int64(share.Amount))
					case !errors.Is(err, wallet.ErrExpired):
						t.Error(err)
					}
				})
			}
		}
		for range 2 {
			all.Go(func() {
				if _, err := other.Settle(context.Background(), 10); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		_, err = other.Settle(t.Context(), 10)
		require.NoError(t, err)

		p, err = s.packets.Get(t.Context(), p.No)
		require.NoError(t, err)
		require.Equal(t, wallet.PacketClosed, p.State)
		require.Zero(t, s.waiting(t, 0))
		returned := wallet.Money(0)
		for n, share := range p.Shares {
			has := s.balance(t, n+1)
			require.EqualValues(t, answered[n].Load(), has, "guest %d", n)
			if share.State == wallet.ShareReturned {
				returned += share.Amount
				require.Zero(t, has)
				back++
			} else {
				require.Equal(t, share.Amount, has)
				opened++
			}
		}
		require.Equal(t, returned, s.balance(t, 0))
		require.Empty(t, s.alarms)
	}
	t.Logf("%d shares were opened, %d went back", opened, back)
	require.Equal(t, guests*rounds, opened+back)
}

// TestSendingOverAgain: many concurrent attempts of one request, and of other requests for the same money.
func TestSendingOverAgain(t *testing.T) {
	s := newMemFixture(t)
	s.PostUnposted = func(context.Context, wallet.PageRequest) error { return nil }
	s.grant(t, 0, 250)
	var all sync.WaitGroup
	var sent [4]atomic.Int32
	for i := range 16 {
		all.Go(func() {
			p, err := s.Send(context.Background(), sending(0, int64(i%4+1), 100, 1))
			if err != nil {
				t.Error(err)
			} else if p.State == wallet.PacketSent {
				sent[i%4].Add(1)
			}
		})
	}
	all.Wait()
	made := 0
	for i := range sent {
		n := sent[i].Load()
		require.True(t, n == 0 || n == 4, "all attempts get the same answer; %d of 4 say that it is sent", n)
		made += int(n / 4)
	}
	require.Equal(t, 2, made, "there is money for two of the four")
	require.EqualValues(t, 200, s.waiting(t, 0))
	require.EqualValues(t, 50, s.balance(t, 0))
}
