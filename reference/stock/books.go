package stock

import (
	"context"
	"errors"
	"slices"

	"hongbao/reference/quota"
	"hongbao/reference/wallet"
)

// The chores of the book: one instance does them every interval, and that two do them does no harm.

// Retire ends all blocks of a holder that grants no more, be it this instance when it stops or one whose lease has
// expired, and gives what they have not issued back to the templates' stocks. It returns how many coupons that was.
// After an error, repeat it.
func Retire(ctx context.Context, book wallet.StockBook, templates []wallet.RewardID, holder string) (int64, error) {
	total := int64(0)
	for _, t := range templates {
		b, err := book.Of(t)
		if err != nil {
			return total, err
		}
		back, err := retire(ctx, b, holder)
		total += back
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func retire(ctx context.Context, book wallet.QuotaHolders, holder string) (int64, error) {
	back, err := quota.Retire(ctx, book, holder)
	return int64(back), err
}

// Expire strands what is leased to holders that are not among the living: from then on they can issue nothing from it,
// and nobody else can before an audit. It returns the holders that have expired. After an error, repeat it.
func Expire(ctx context.Context, book wallet.StockBook, templates []wallet.RewardID, living []string) ([]string, error) {
	var gone []string
	for _, t := range templates {
		b, err := book.Of(t)
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
			if err := wallet.Repeat(func() error { return b.Strand(ctx, h) }); err != nil {
				return gone, err
			}
			gone = append(gone, h)
		}
	}
	slices.Sort(gone)
	return slices.Compact(gone), nil
}

// Audit counts what stranded blocks have issued and gives their rests back to the templates' stocks. It returns how many
// coupons came back. After an error, repeat it.
func Audit(ctx context.Context, book wallet.StockBook, templates []wallet.RewardID) (int64, error) {
	total := int64(0)
	for _, t := range templates {
		b, err := book.Of(t)
		if err != nil {
			return total, err
		}
		for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
			var back wallet.Money
			if err := wallet.Repeat(func() (err error) { back, err = b.Audit(ctx, stage); return err }); err != nil {
				return total, err
			}
			total += int64(back)
		}
	}
	return total, nil
}

// Publish reports to the mirror what the book says is issued of each template in a stage. One instance does it every
// interval; that two do it does no harm. After an error, the next call reports it all.
func Publish(ctx context.Context, book wallet.StockBook, mirror wallet.StockMirror, templates []wallet.Template) error {
	var failed error
	for _, t := range templates {
		b, err := book.Of(t.Reward)
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
