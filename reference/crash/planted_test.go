package crash

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestJudgeFindsWhatIsPlanted plants one fault at a time into the stores of a clean trial: the judge must find each.
func TestJudgeFindsWhatIsPlanted(t *testing.T) {
	for _, c := range []struct {
		why     string
		corrupt func(s *stores, q *auditResult)
		check   string // the check that must fail
	}{
		{"a posting of an acknowledged grant is gone", func(s *stores, _ *auditResult) { s.ledger = &forgedLedger{LedgerReader: s.ledger, times: 0} }, "nothing-lost"},
		{"a grant was posted twice", func(s *stores, _ *auditResult) { s.ledger = &forgedLedger{LedgerReader: s.ledger, times: 2} }, "order-once"},
		{"an account's balance is one fen more than its entries", func(s *stores, _ *auditResult) { s.ledger = richerLedger{s.ledger} }, "zero-sum"},
		{"the bank paid a withdrawal twice", func(s *stores, _ *auditResult) { s.bank = generousBank{s.bank} }, "withdraw-whole"},
		{"the budget records one fen more than was granted", func(s *stores, _ *auditResult) { s.quotas = miscountedQuotas{s.quotas} }, "budget-accuracy"},
		{"a posting is still held", func(s *stores, _ *auditResult) { s.backlog = busyBacklog{s.backlog} }, "nothing-lost"},
		{"one fen stays orphaned after the audit", func(_ *stores, q *auditResult) { q.after.Orphaned++ }, "orphaned"},
		{"one fen stays leased after the audit", func(_ *stores, q *auditResult) { q.after.Leased++ }, "leased"},
		{"more was leased than the budget", func(_ *stores, q *auditResult) {
			q.before.Leased, q.back = q.before.Leased+trialBudget, q.back+trialBudget
		}, "were leased"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel() // a trial mostly waits
			w, s, audits := memoryTrial(t, directly)
			c.corrupt(s, &audits[0])
			v, err := judge(t.Context(), w, s, trialBudget, audits...)
			require.NoError(t, err)
			require.ErrorContains(t, v.faults(), c.check)
		})
	}
	t.Run("a person never gets an outcome", func(t *testing.T) {
		require.ErrorContains(t, verdict{left: 1}.faults(), "1 people")
	})
}

// forgedLedger lists the first grant's entry the given number of times.
type forgedLedger struct {
	wallet.LedgerReader
	times int
}

func (f *forgedLedger) Entries(ctx context.Context, yield func(wallet.Entry) bool) error {
	first := true
	return f.LedgerReader.Entries(ctx, func(e wallet.Entry) bool {
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

// richerLedger adds one fen to the first personal account.
type richerLedger struct{ wallet.LedgerReader }

func (r richerLedger) Balances(ctx context.Context, yield func(wallet.AccountNo, wallet.Money) bool) error {
	first := true
	return r.LedgerReader.Balances(ctx, func(no wallet.AccountNo, m wallet.Money) bool {
		if first && no.Kind == wallet.PersonalAccount {
			first = false
			m++
		}
		return yield(no, m)
	})
}

// generousBank lists each payment twice.
type generousBank struct{ wallet.BankReader }

func (g generousBank) Payments(ctx context.Context, yield func(wallet.WithdrawalNo, wallet.Money) bool) error {
	return g.BankReader.Payments(ctx, func(no wallet.WithdrawalNo, m wallet.Money) bool {
		for range 2 {
			if !yield(no, m) {
				return false
			}
		}
		return true
	})
}

// miscountedQuotas records one fen too much.
type miscountedQuotas struct{ wallet.Quotas }

func (m miscountedQuotas) Quota(ctx context.Context, s wallet.Stage) (wallet.Quota, error) {
	q, err := m.Quotas.Quota(ctx, s)
	q.Reserved++
	return q, err
}

// busyBacklog always holds one posting.
type busyBacklog struct{ wallet.Backlog }

func (busyBacklog) Depth(context.Context) (int64, error) { return 1, nil }
