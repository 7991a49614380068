package crash

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestJudgeFindsWhatIsPlanted spoils the books of a clean village, one thing at a time: a judge that never says no
// proves nothing.
func TestJudgeFindsWhatIsPlanted(t *testing.T) {
	for _, c := range []struct {
		why   string
		spoil func(s *stores, q *audited)
		check string // that says so
	}{
		{"a posting of an acknowledged grant is gone", func(s *stores, _ *audited) { s.ledger = &forged{LedgerBook: s.ledger, times: 0} }, "nothing-lost"},
		{"a grant was posted twice", func(s *stores, _ *audited) { s.ledger = &forged{LedgerBook: s.ledger, times: 2} }, "order-once"},
		{"an account holds a fen more than its entries", func(s *stores, _ *audited) { s.ledger = richer{s.ledger} }, "zero-sum"},
		{"the bank paid a withdrawal twice", func(s *stores, _ *audited) { s.bank = generous{s.bank} }, "withdraw-whole"},
		{"the budget's book counts a fen more than was granted", func(s *stores, _ *audited) { s.quotas = miscounted{s.quotas} }, "budget-accuracy"},
		{"a posting is still held", func(s *stores, _ *audited) { s.backlog = busy{s.backlog} }, "nothing-lost"},
		{"a fen stays stranded after the audit", func(_ *stores, q *audited) { q.after.Stranded++ }, "stranded"},
		{"a fen stays leased after the audit", func(_ *stores, q *audited) { q.after.Leased++ }, "leased"},
		{"more was leased than there is", func(_ *stores, q *audited) {
			q.before.Leased, q.back = q.before.Leased+villageBudget, q.back+villageBudget
		}, "were leased"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel() // A village mostly waits.
			w, s, audits := village(t, directly)
			c.spoil(s, &audits[0])
			v, err := judge(t.Context(), w, s, villageBudget, audits...)
			require.NoError(t, err)
			require.ErrorContains(t, v.faults(), c.check)
		})
	}
	t.Run("somebody waits for an answer for ever", func(t *testing.T) {
		require.ErrorContains(t, verdict{left: 1}.faults(), "1 people")
	})
}

// forged lists the first grant's entry so many times.
type forged struct {
	wallet.LedgerBook
	times int
}

func (f *forged) Entries(ctx context.Context, yield func(wallet.Entry) bool) error {
	first := true
	return f.LedgerBook.Entries(ctx, func(e wallet.Entry) bool {
		if !first || e.Order == (wallet.OrderNo{}) {
			return yield(e)
		}
		first = false
		for range f.times {
			if !yield(e) {
				return false
			}
		}
		return true
	})
}

// richer shows the first person's account a fen richer.
type richer struct{ wallet.LedgerBook }

func (r richer) Balances(ctx context.Context, yield func(wallet.AccountNo, wallet.Money) bool) error {
	first := true
	return r.LedgerBook.Balances(ctx, func(no wallet.AccountNo, m wallet.Money) bool {
		if first && no.Kind == wallet.PersonalAccount {
			first = false
			m++
		}
		return yield(no, m)
	})
}

// generous pays each withdrawal twice.
type generous struct{ wallet.BankBook }

func (g generous) Payments(ctx context.Context, yield func(wallet.WithdrawalNo, wallet.Money) bool) error {
	return g.BankBook.Payments(ctx, func(no wallet.WithdrawalNo, m wallet.Money) bool {
		for range 2 {
			if !yield(no, m) {
				return false
			}
		}
		return true
	})
}

// miscounted has a fen too much on record.
type miscounted struct{ wallet.Quotas }

func (m miscounted) Quota(ctx context.Context, s wallet.Stage) (wallet.Quota, error) {
	q, err := m.Quotas.Quota(ctx, s)
	q.Reserved++
	return q, err
}

// busy holds a posting for ever.
type busy struct{ wallet.Backlog }

func (busy) Depth(context.Context) (int64, error) { return 1, nil }
