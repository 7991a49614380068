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

// bank pays each withdrawal once and permanently declines a share of them. Only the withdrawal's number decides which, so a
// repeat gets the first answer and no random stream is used.
type bank struct {
	*mem.Bank
	declined scenarios.Ratio
	refused  map[wallet.WithdrawalNo]bool // the declined ones; bounded by the number of withdrawals
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
	b.refused[no] = true
	return fmt.Errorf("%w: payout %s", wallet.ErrDeclined, no)
}

// declines reports whether the bank declines the withdrawal of this number.
func (b *bank) declines(no wallet.WithdrawalNo) bool {
	if b.declined.Num <= 0 {
		return false
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(no.String())) // a hash never fails
	return int64(h.Sum64()%uint64(b.declined.Den)) < b.declined.Num
}

// Refused reports whether the bank has declined a withdrawal.
func (b *bank) Refused(no wallet.WithdrawalNo) bool { return b.refused[no] }

// WithdrawControl returns a scenario's limits on withdrawing, for the oracle (B7).
func WithdrawControl(s *scenarios.Scenario) *oracle.Control {
	c := &oracle.Control{Limit: wallet.DayLimit{Fen: s.Withdraw.PerDay, Times: s.Withdraw.Times}, Declines: s.Withdraw.Declined.Num > 0}
	for _, f := range s.Faults {
		if f.Kind == scenarios.FaultSkew {
			c.Clocks = max(c.Clocks, f.Skew)
		}
	}
	return c
}
