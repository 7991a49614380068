package host

import (
	"context"

	"hongbao/reference/wallet"
)

// rewardsLease is the lease for settling rewards other than cash.
const rewardsLease = "rewards"

// rewards settles open rewards, and publishes the state of their stock.
func (h *Host) rewards(ctx context.Context) {
	if !h.shouldRun(ctx, rewardsLease, 5*h.Tick) {
		return
	}
	if h.Stock != nil {
		h.warn("cannot publish the stock", h.Stock.Publish(ctx))
	}
	h.finish(ctx, "cannot settle rewards", h.Worker.SettleRewards)
}

// refreshStock reads the state of the stock.
func (h *Host) refreshStock(ctx context.Context) {
	if h.Stock != nil {
		err := h.Stock.Refresh(ctx)
		h.warn("cannot read the stock", err)
		h.Degrade.Watch(wallet.SwitchSkipStockRead, "stock", err) // coupons are taken without a check meanwhile (D1)
	}
}

// stockChores returns unused leased stock of this instance, and orphans that of dead instances.
func (h *Host) stockChores(ctx context.Context) {
	if h.Stock == nil {
		return
	}
	h.warn("cannot return unused stock", h.Stock.ReturnUnused(ctx))
	h.warn("cannot orphan stock of dead instances", h.orphanDead(ctx, h.Stock, &h.absentStock))
}

// auditStock returns orphaned stock.
func (h *Host) auditStock(ctx context.Context) {
	if h.Stock == nil {
		return
	}
	back, err := h.Stock.Reclaim(ctx)
	h.warn("cannot audit the stock", err)
	if back > 0 {
		h.Log.Info("orphaned stock returned", "coupons", back)
	}
}

// retireStock returns this instance's leased stock, when it stops.
func (h *Host) retireStock(ctx context.Context) error {
	if h.Stock == nil {
		return nil
	}
	_, err := h.Stock.Retire(ctx, h.Instance)
	return err
}
