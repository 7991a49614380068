// Package stock holds the rules of coupon stock (C1–C5): three ways to count coupons, and the policy applied before one
// is taken. SingleKey is the source's counter. SplitKey divides a template among counters that remember their orders.
// Leased counts by blocks that a durable store leases to instances. Policy uses any of them: below a threshold of the
// coupons left it grants another coupon or a greeting (C2).
//
// Units: coupons; shares are ratios of whole numbers. An unknown outcome stays unknown.
//
// The package must not wait, start goroutines or hold a lock over a call of a port: it runs in virtual time too.
package stock

import (
	"fmt"

	"hongbao/reference/wallet"
)

// checkTake returns ErrInvalid for a request that no strategy can count.
func checkTake(no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := no.Validate(); err != nil {
		return err
	}
	if total < 0 || total > wallet.MaxStock {
		return fmt.Errorf("%w: stock: a total of %d coupons", wallet.ErrInvalid, total)
	}
	return wallet.Template{Reward: t, Stage: no.Stage}.Validate()
}
