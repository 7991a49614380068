package packet_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestEveryStepMayFail interrupts sending, opening and returning at each of their calls in each way. The answer is
// true, and both a repeat and the chore lead to the same end.
func TestEveryStepMayFail(t *testing.T) {
	type act struct {
		name    string
		begin   func(t *testing.T, s *fixture) error
		methods []string
		sender  wallet.Money // afterwards
		guest   wallet.Money
	}
	send := func(t *testing.T, s *fixture) error { _, err := s.Send(t.Context(), sending(0, 1, 60, 1)); return err }
	open := func(t *testing.T, s *fixture) error { _, err := s.Open(t.Context(), opening(1, 0, 1)); return err }
	settle := func(t *testing.T, s *fixture) error { _, err := s.Settle(t.Context(), 10); return err }
	for _, a := range []act{
		{"send", send, []string{"create", "transfer", "advance"}, 40, 0},
		{"open", open, []string{"get", "mark", "transfer", "mark"}, 40, 60},
		{"return", settle, []string{"mark", "transfer", "mark"}, 100, 0},
	} {
		for step, method := range a.methods {
			for kind := down; kind < failures; kind++ {
				for _, byChore := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%d-%s/%d/%v", a.name, step, method, kind, byChore), func(t *testing.T) {
						s := newMemFixture(t)
						s.grant(t, 0, 100)
						if a.name != "send" {
							require.NoError(t, send(t, s))
						}
						if a.name == "return" {
							s.clock.Advance(wallet.PacketLifetime + time.Second)
						}
						calls := 0
						s.faults.next = func(m string) failure {
							if calls++; calls <= step {
								return works
							}
							require.Equal(t, method, m, "the repeats are of one call")
							return kind
						}
						var err error
						alive := survives(func() { err = a.begin(t, s) })
						require.Equal(t, kind < dies, alive)
						s.faults.next = nil
						p, missing := s.packets.Get(t.Context(), opening(1, 0, 1).Packet)
						begun := missing == nil && (a.name == "send" || p.Shares[0].State != wallet.ShareWaiting) // the step is on record
						if code := wallet.CodeOf(err); alive && a.name != "return" && code != wallet.CodeUnknown {
							require.Equal(t, wallet.CodeUnavailable, code)
							require.False(t, begun, "nothing was done")
						}
						s.balances(t)
						s.clock.Advance(2 * time.Minute)
						if byChore && begun {
							done, err := s.Settle(t.Context(), 10)
							require.NoError(t, err)
							require.LessOrEqual(t, done, 1)
						} else {
							require.NoError(t, a.begin(t, s))
						}
						require.Equal(t, a.sender, s.balance(t, 0))
						require.Equal(t, a.guest, s.balance(t, 1))
						require.Equal(t, 100-a.sender-a.guest, s.waiting(t, 0))
						done, err := s.Settle(t.Context(), 10)
						require.NoError(t, err)
						require.Zero(t, done, "no work is left")
						require.Empty(t, s.alarms)
					})
				}
			}
		}
	}
}

// TestNotSentYet: a packet whose money is not moved yet cannot be opened; later it can.
func TestNotSentYet(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100)
	s.faults.next = plan("transfer", lost, lost, lost)
	_, err := s.Send(t.Context(), sending(0, 1, 60, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	done, err := s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Zero(t, done, "it may be in progress")
	s.clock.Advance(2 * time.Minute)
	done, err = s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 1, done)
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.NoError(t, err)
}

// TestSettleGoesOnBehindWhatFails: a packet that cannot be moved does not prevent others from being finished.
func TestSettleGoesOnBehindWhatFails(t *testing.T) {
	s := newMemFixture(t)
	s.grant(t, 0, 100)
	for request := range int64(3) {
		_, err := s.Send(t.Context(), sending(0, request+1, 10, 1, 3))
		require.NoError(t, err)
	}
	s.clock.Advance(wallet.PacketLifetime + time.Second)
	s.faults.next = plan("transfer", down)
	done, err := s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 2, done)
	require.NotZero(t, s.waiting(t, 0))
	s.clock.Advance(2 * time.Minute)
	done, err = s.Settle(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 1, done)
	require.EqualValues(t, 100, s.balance(t, 0))
	s.faults.next = nil
	_, err = s.Settle(t.Context(), 0)
	require.NoError(t, err)
}

// TestStuckPacketsDoNotBarTheWay: more packets than one step takes cannot be moved, and one after them can.
func TestStuckPacketsDoNotBarTheWay(t *testing.T) {
	const limit, stuck = 3, 2*3 + 1
	s := newMemFixture(t)
	for n := range stuck + 1 {
		s.grant(t, n, 10)
		_, err := s.Send(t.Context(), sending(n, 1, 10, 99))
		require.NoError(t, err)
		s.clock.Advance(time.Second)
	}
	s.clock.Advance(wallet.PacketLifetime)
	moved := map[wallet.Account]bool{}
	s.Ledger = barredLedger{s.Ledger, func(tr wallet.Transfer) bool {
		moved[tr.No.Packet.Account] = true
		return tr.No.Packet.Account != account(caller(stuck))
	}}
	done, steps := 0, 0
	for ; done == 0 && steps < 2*stuck; steps++ {
		var err error
		done, err = s.Settle(t.Context(), limit)
		require.NoError(t, err)
	}
	require.Equal(t, 1, done)
	require.Equal(t, stuck/limit+1, steps, "each step continues where the last one ended")
	require.Len(t, moved, stuck+1)
	require.EqualValues(t, 10, s.balance(t, stuck), "returned to its sender")
	require.Zero(t, s.balance(t, 0))

	s.Ledger = s.Ledger.(barredLedger).Ledger
	for range stuck/limit + 1 { // the scan starts again and reaches the stuck ones
		_, err := s.Settle(t.Context(), limit)
		require.NoError(t, err)
	}
	for n := range stuck {
		require.EqualValues(t, 10, s.balance(t, n))
	}
}

// barredLedger returns ErrUnknown for some transfers.
type barredLedger struct {
	wallet.Ledger
	bars func(wallet.Transfer) bool
}

func (l barredLedger) Transfer(ctx context.Context, t wallet.Transfer) error {
	if l.bars(t) {
		return wallet.ErrUnknown
	}
	return l.Ledger.Transfer(ctx, t)
}

// TestBooksThatDisagreeAreSaid: the ledger lacks money that a packet's record requires. No money is created, and an
// alarm is raised.
func TestBooksThatDisagreeAreSaid(t *testing.T) {
	s := newMemFixture(t)
	p := wallet.Packet{No: opening(1, 0, 1).Packet, Owner: s.person(t, 0).ActID, Stage: wallet.Official, Amount: 50, Created: s.clock.Now(),
		Wallets: s.person(t, 0).Wallets(), Shares: []wallet.Share{{For: account(caller(1)), Wallet: s.person(t, 1).ActID, Amount: 50}}, State: wallet.PacketAsked}
	_, _, err := s.packets.Create(t.Context(), p)
	require.NoError(t, err)
	require.NoError(t, s.packets.Advance(t.Context(), p.No, wallet.PacketSent)) // although nothing was moved
	_, err = s.Open(t.Context(), opening(1, 0, 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Equal(t, []string{"packet_move " + wallet.TransferNo{Packet: p.No, Step: wallet.TransferOpen}.String()}, s.alarms)
	require.Empty(t, s.balances(t))
}
