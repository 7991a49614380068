package storetest

import (
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// modelBudget is the budget of the model, in fen: a few leases use it up.
const modelBudget = 60

type modelBlock struct {
	holder           string
	leased, reserved wallet.Money
	ended, closed    bool
}

// leaseModel is a wallet.Quotas as plain maps.
type leaseModel struct {
	blocks  map[wallet.BlockID]*modelBlock
	records map[wallet.OrderNo]wallet.Reservation
}

// quotaModel compares the store with plain maps over random sequences of calls. It leases only what is needed, so that
// the shrinking of leases has no effect.
func quotaModel(t *rapid.T, q wallet.Quotas) {
	m := leaseModel{map[wallet.BlockID]*modelBlock{}, map[wallet.OrderNo]wallet.Reservation{}}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		holder := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "holder")
		compare := true
		switch rapid.SampledFrom([]string{"lease", "lease", "record", "record", "record", "orphan", "audit"}).Draw(t, "step") {
		case "lease":
			compare = m.lease(t, q, holder)
		case "record":
			compare = m.record(t, q)
		case "orphan":
			require.NoError(t, q.Orphan(t.Context(), holder))
			for _, b := range m.blocks {
				b.ended = b.ended || b.holder == holder
			}
		case "audit":
			want := m.quota().Orphaned
			call(q.Reclaim(t.Context(), wallet.Official)).returns(t, want)
			for _, b := range m.blocks {
				b.closed = b.ended
			}
		}
		if compare {
			quota(t, q, m.quota())
		}
	}
}

// quota returns the state that the store must report.
func (m leaseModel) quota() (s wallet.Quota) {
	for _, b := range m.blocks {
		s.Reserved += b.reserved
		if b.closed {
			s.Leased += b.reserved
			continue
		}
		s.Leased += b.leased
		if b.ended {
			s.Orphaned += b.leased - b.reserved
		}
	}
	return s
}

// lease leases an amount for a holder. It returns false if the budget does not allow it.
func (m leaseModel) lease(t *rapid.T, q wallet.Quotas, holder string) bool {
	fen := wallet.Money(rapid.IntRange(1, 20).Draw(t, "fen"))
	fits := m.quota().Leased+fen <= modelBudget
	got, err := q.Lease(t.Context(), holder, wallet.Official, fen, fen, modelBudget)
	if !fits {
		require.ErrorIs(t, err, wallet.ErrOverBudget)
		return false
	}
	require.NoError(t, err)
	if m.blocks[got.ID] == nil {
		m.blocks[got.ID] = &modelBlock{holder: holder}
	}
	b := m.blocks[got.ID]
	b.leased += fen
	require.Equal(t, holder, b.holder)
	require.False(t, b.ended)
	require.Equal(t, b.leased, got.Amount)
	return true
}

// record records a reservation of one fen, on any block or on none. It returns false if there is nothing to call.
func (m leaseModel) record(t *rapid.T, q wallet.Quotas) bool {
	if len(m.blocks) == 0 {
		return false
	}
	id := m.drawBlock(t)
	r := wallet.Reservation{Order: number(wallet.ActID(rapid.IntRange(1, 12).Draw(t, "owner")), 1), Amount: 1, Block: id}
	old, known := m.records[r.Order]
	if b := m.blocks[id]; !known && b != nil && !b.ended && b.leased == b.reserved {
		return false // the rules never record more than is leased
	}
	got := write(q.Record(t.Context(), r))
	switch {
	case known:
		got.keeps(t, old)
	case id != 0 && m.blocks[id].ended:
		got.fails(t, wallet.ErrStale)
	default:
		got.recorded(t, true)
		m.records[r.Order] = r
		if id != 0 {
			m.blocks[id].reserved++
		}
	}
	return true
}

// drawBlock returns one of the blocks, or 0.
func (m leaseModel) drawBlock(t *rapid.T) wallet.BlockID {
	n := rapid.IntRange(0, len(m.blocks)).Draw(t, "block")
	if n == 0 {
		return 0
	}
	ids := make([]wallet.BlockID, 0, len(m.blocks))
	for id := range m.blocks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids[n-1]
}
