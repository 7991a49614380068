package wallet

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPacketsAndSharesMoveForward fixes the transitions: a state is never repeated, and nothing follows a final state.
func TestPacketsAndSharesMoveForward(t *testing.T) {
	packets := map[PacketState][]PacketState{PacketAsked: {PacketRefused, PacketSent}, PacketSent: {PacketClosed}}
	for s := PacketState(0); s <= PacketClosed+1; s++ {
		for to := PacketState(0); to <= PacketClosed+1; to++ {
			require.Equal(t, slices.Contains(packets[s], to), s.Follows(to), "packet %d → %d", s, to)
		}
	}
	shares := map[ShareState][]ShareState{ShareWaiting: {ShareOpening, ShareReturning}, ShareOpening: {ShareOpened}, ShareReturning: {ShareReturned}}
	for s := ShareState(0); s <= ShareReturned+1; s++ {
		for to := ShareState(0); to <= ShareReturned+1; to++ {
			require.Equal(t, slices.Contains(shares[s], to), s.Follows(to), "share %d → %d", s, to)
		}
		require.Equal(t, s == ShareOpened || s == ShareReturned, s.Final())
	}
}

// TestMoveNumbers: each step of each withdrawal and packet has one number, which can be rebuilt from its parts.
func TestMoveNumbers(t *testing.T) {
	account := Account{DouyinFamily, 7}
	seen := map[TransferNo]bool{}
	names := map[string]bool{}
	for step := TransferHold; step <= TransferReturn; step++ {
		for _, request := range []int64{1, 2} {
			for share := uint8(0); share < MaxShares; share++ {
				no := TransferNoOf(account, request, step, share)
				if share > 0 && step != TransferOpen && step != TransferReturn {
					require.ErrorIs(t, no.Validate(), ErrInvalid, "only shares are opened or returned")
					continue
				}
				require.NoError(t, no.Validate())
				require.Equal(t, step >= TransferSend, no.OfPacket())
				a, r := no.Key()
				require.Equal(t, no, TransferNoOf(a, r, no.Step, no.Share))
				require.False(t, seen[no] || names[no.String()], "%s", no)
				seen[no], names[no.String()] = true, true
			}
		}
	}
	require.Len(t, seen, 2*(3+2*MaxShares))
	require.Equal(t, "p_1_7_2 step 4 share 3", TransferNoOf(account, 2, TransferOpen, 3).String())
	require.Equal(t, "w_1_7_2 step 1", TransferNoOf(account, 2, TransferHold, 0).String())
}

// TestOnlyNobodysMoneyMayOwe fixes, for all ledgers, which account kinds may have a negative balance.
func TestOnlyNobodysMoneyMayOwe(t *testing.T) {
	for k := CostAccount; k <= PacketAccount; k++ {
		require.Equal(t, k == CostAccount || k == PaidAccount || k == TransitAccount, k.MayBeNegative(), "account kind %d", k)
	}
}
