package cluster

import (
	"context"
	"fmt"
	"hash/fnv"

	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// bank pays each withdrawal once, and says no for good to a share of them: which, follows from their numbers alone, so that
// a repeat is answered as the first time, and no random stream is drawn from.
type bank struct {
	*mem.Bank
	declined scenarios.Ratio
	said     map[wallet.WithdrawalNo]bool // to which it has said no; as many as withdrawals at most
}

var _ wallet.Bank = (*bank)(nil)

func newBank(declined scenarios.Ratio) *bank {
	return &bank{mem.NewBank(), declined, map[wallet.WithdrawalNo]bool{}}
}

// Pay implements wallet.Bank.
func (b *bank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	if !b.declines(no) {
		return b.Bank.Pay(ctx, no, amount)
	}
	b.said[no] = true
	return fmt.Errorf("%w: payout %s", wallet.ErrDeclined, no)
}

// declines says whether a number is one of those that it says no to.
func (b *bank) declines(no wallet.WithdrawalNo) bool {
	if b.declined.Num <= 0 {
		return false
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(no.String())) // it never fails
	return int64(h.Sum64()%uint64(b.declined.Den)) < b.declined.Num
}

// Refused says whether it has said no to a withdrawal.
func (b *bank) Refused(no wallet.WithdrawalNo) bool { return b.said[no] }

// WithdrawControl returns how a scenario controls withdrawing, for the oracle (B7).
func WithdrawControl(s *scenarios.Scenario) *oracle.Control {
	c := &oracle.Control{Limit: wallet.DayLimit{Fen: s.Withdraw.PerDay, Times: s.Withdraw.Times}, Declines: s.Withdraw.Declined.Num > 0}
	for _, f := range s.Faults {
		if f.Kind == scenarios.FaultSkew {
			c.Clocks = max(c.Clocks, f.Skew)
		}
	}
	return c
}
