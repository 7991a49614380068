// Package stock holds the rules of coupon stock (C1–C5): three ways to count coupons, and what an upstream does before it
// asks for one. Single is the source's counter. Split divides a template among counters that remember their orders.
// Lease counts by blocks that a durable book leases to instances. Desk stands before any of them: below a threshold of
// what is left it grants another coupon or a greeting (C2).
//
// Units: coupons; shares are ratios of whole numbers. An unknown outcome stays unknown.
//
// The package must not wait, start goroutines or hold a lock over a call of a port: it runs in virtual time too.
package stock

import (
	"fmt"

	"hongbao/reference/wallet"
)

// checkTake returns ErrInvalid for what no strategy counts.
func checkTake(no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := no.Validate(); err != nil {
		return err
	}
	if total < 0 || total > wallet.MaxStock {
		return fmt.Errorf("%w: a stock of %d coupons", wallet.ErrInvalid, total)
	}
	return wallet.Template{Reward: t, Stage: no.Stage}.Validate()
}
