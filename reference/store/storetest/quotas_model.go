package storetest

import (
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

type modelBlock struct {
	holder           string
	leased, reserved wallet.Money
	ended, closed    bool
}

// quotaModel compares the book with plain maps over any sequence of calls. It leases only what is needed, so that how
// leases shrink does not matter.
func quotaModel(t *rapid.T, q wallet.Quotas) {
	blocks := map[wallet.BlockID]*modelBlock{}
	records := map[wallet.OrderNo]wallet.Reservation{}
	const budget = 60
	stand := func() (s wallet.Quota) {
		for _, b := range blocks {
			s.Reserved += b.reserved
			if b.closed {
				s.Leased += b.reserved
				continue
			}
			s.Leased += b.leased
			if b.ended {
				s.Stranded += b.leased - b.reserved
			}
		}
		return s
	}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		holder := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "holder")
		switch rapid.SampledFrom([]string{"lease", "lease", "record", "record", "record", "strand", "audit"}).Draw(t, "step") {
		case "lease":
			fen := wallet.Money(rapid.IntRange(1, 20).Draw(t, "fen"))
			fits := stand().Leased+fen <= budget
			got, err := q.Lease(t.Context(), holder, wallet.Official, fen, fen, budget)
			if !fits {
				require.ErrorIs(t, err, wallet.ErrOverBudget)
				continue
			}
			require.NoError(t, err)
			if blocks[got.ID] == nil {
				blocks[got.ID] = &modelBlock{holder: holder}
			}
			b := blocks[got.ID]
			b.leased += fen
			require.Equal(t, holder, b.holder)
			require.False(t, b.ended)
			require.Equal(t, b.leased, got.Amount)
		case "record":
			if len(blocks) == 0 {
				continue
			}
			id := wallet.BlockID(0)
			if n := rapid.IntRange(0, len(blocks)).Draw(t, "block"); n > 0 {
				ids := make([]wallet.BlockID, 0, len(blocks))
				for id := range blocks {
					ids = append(ids, id)
				}
				slices.Sort(ids)
				id = ids[n-1]
			}
			r := wallet.Reservation{Order: number(wallet.ActID(rapid.IntRange(1, 12).Draw(t, "owner")), 1), Amount: 1, Block: id}
			old, known := records[r.Order]
			if b := blocks[id]; !known && b != nil && !b.ended && b.leased == b.reserved {
				continue // the rules never record more than is leased
			}
			got, isNew, err := q.Record(t.Context(), r)
			switch {
			case known:
				require.NoError(t, err)
				require.False(t, isNew)
				require.Equal(t, old, got)
			case id != 0 && blocks[id].ended:
				require.ErrorIs(t, err, wallet.ErrStale)
			default:
				require.NoError(t, err)
				require.True(t, isNew)
				records[r.Order] = r
				if id != 0 {
					blocks[id].reserved++
				}
			}
		case "strand":
			require.NoError(t, q.Strand(t.Context(), holder))
			for _, b := range blocks {
				b.ended = b.ended || b.holder == holder
			}
		case "audit":
			want := stand().Stranded
			got, err := q.Audit(t.Context(), wallet.Official)
			require.NoError(t, err)
			require.Equal(t, want, got)
			for _, b := range blocks {
				b.closed = b.ended
			}
		}
		quota(t, q, stand())
	}
}
