package stock

import (
	"context"
	"errors"
	"slices"

	"hongbao/reference/quota"
	"hongbao/reference/wallet"
)

// The chores of leased stock. One instance runs them every interval; if two run them at the same time, no harm is done.

// retireStock ends all blocks of a holder that grants no more (this instance when it stops, or one whose instance lease has
// expired) and returns their unissued coupons to the stocks. Its result is the number of returned coupons. Idempotent:
// after an error, repeat it.
func retireStock(ctx context.Context, leases wallet.StockLeases, templates []wallet.RewardID, holder string) (int64, error) {
	return addUp(leases, templates, func(b wallet.Quotas) (wallet.Money, error) { return quota.Retire(ctx, b, holder) })
}

// addUp calls do with the leases of each template until one fails, and returns the sum of the coupons.
func addUp(leases wallet.StockLeases, templates []wallet.RewardID, do func(wallet.Quotas) (wallet.Money, error)) (int64, error) {
	total := int64(0)
	for _, t := range templates {
		b, err := leases.Of(t)
		if err != nil {
			return total, err
		}
		n, err := do(b)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// OrphanExpired orphans the blocks of holders that are not in living: they can issue nothing more, and nobody else can
// use their rest before Reclaim. It returns those holders. Idempotent: after an error, repeat it.
func OrphanExpired(ctx context.Context, leases wallet.StockLeases, templates []wallet.RewardID, living []string) ([]string, error) {
	var gone []string
	for _, t := range templates {
		b, err := leases.Of(t)
		if err != nil {
			return gone, err
		}
		holders, err := b.Holders(ctx)
		if err != nil {
			return gone, err
		}
		for _, h := range holders {
			if slices.Contains(living, h) {
				continue
			}
			if err := wallet.Repeat(func() error { return b.Orphan(ctx, h) }); err != nil {
				return gone, err
			}
			gone = append(gone, h)
		}
	}
	slices.Sort(gone)
	return slices.Compact(gone), nil
}

// Reclaim sums what orphaned blocks have issued and returns their rests to the templates' stocks. Its result is the
// number of returned coupons. Idempotent: after an error, repeat it.
func Reclaim(ctx context.Context, leases wallet.StockLeases, templates []wallet.RewardID) (int64, error) {
	return addUp(leases, templates, func(b wallet.Quotas) (wallet.Money, error) { return quota.Reclaim(ctx, b) })
}

// Publish reports to the mirror the number of coupons issued of each template in its stage, by the records of leases.
// One instance calls it every interval; if two do, no harm is done. After an error, the next call reports everything.
func Publish(ctx context.Context, leases wallet.StockLeases, mirror wallet.StockMirror, templates []wallet.Template) error {
	var failed error
	for _, t := range templates {
		b, err := leases.Of(t.Reward)
		var now wallet.Quota
		if err == nil {
			now, err = b.Quota(ctx, t.Stage)
		}
		if err == nil {
			err = mirror.Report(ctx, t, int64(now.Reserved))
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
