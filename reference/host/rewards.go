package host

import (
	"context"

	"hongbao/reference/wallet"
)

// rewardsLease is the lease of driving rewards that are not cash.
const rewardsLease = "rewards"

// rewards drives rewards that are not settled, and shows how their stock stands.
func (h *Host) rewards(ctx context.Context) {
	if !h.alone(ctx, rewardsLease, 5*h.Tick) {
		return
	}
	if h.Stock != nil {
		h.warn("cannot show the stock", h.Stock.Publish(ctx))
	}
	h.finish(ctx, "cannot settle rewards", h.Worker.SettleRewards)
}

// refreshStock reads how the stock stands.
func (h *Host) refreshStock(ctx context.Context) {
	if h.Stock != nil {
		err := h.Stock.Refresh(ctx)
		h.warn("cannot read the stock", err)
		h.Degrade.Watch(wallet.SwitchSkipStockRead, "stock", err) // coupons are taken without looking meanwhile (D1)
	}
}

// stockChores returns stock that this instance has leased and does not use, and strands that of instances that died.
func (h *Host) stockChores(ctx context.Context) {
	if h.Stock == nil {
		return
	}
	h.warn("cannot tidy the stock", h.Stock.Tidy(ctx))
	h.warn("cannot strand stock", h.strandDead(ctx, h.Stock, &h.absentStock))
}

// auditStock gives back stranded stock.
func (h *Host) auditStock(ctx context.Context) {
	if h.Stock == nil {
		return
	}
	back, err := h.Stock.Audit(ctx)
	h.warn("cannot audit the stock", err)
	if back > 0 {
		h.Log.Info("stranded stock came back", "coupons", back)
	}
}

// retireStock gives back the stock that this instance has leased, when it stops.
func (h *Host) retireStock(ctx context.Context) error {
	if h.Stock == nil {
		return nil
	}
	_, err := h.Stock.Retire(ctx, h.Instance)
	return err
}
