package host

import (
	"context"
	"errors"
	"slices"
	"time"

	"hongbao/reference/quota"
	"hongbao/reference/runningtotal"
	"hongbao/reference/wallet"
)

// Bounds of the chores.
const (
	maxSteps     = 1000 // bounded steps of one round
	deadAfter    = 3    // rounds that a budget holder must be missing before its blocks are orphaned
	settleAtOnce = 500  // reservations of unknown outcome that one round settles
)

// Leases for work that one instance at a time should do.
const (
	choresLease = "chores"
	auditLease  = "audit"
	repairLease = "repair"
)

// refresh updates the running total, this instance's part of it, the switches, the settings and the view of the stock.
func (h *Host) refresh(ctx context.Context) {
	h.warn("cannot flush the running total", h.Writer.Flush(ctx))
	h.warn("cannot read the running total", h.Reader.Refresh(ctx))
	h.configure(ctx)
	h.refreshStock(ctx)
}

// configure applies the config centre's state. If it cannot be read the last state stays (D1).
func (h *Host) configure(ctx context.Context) {
	if h.Centre != nil {
		err := h.Centre.Refresh(ctx)
		h.warn("cannot read the config centre", err)
		h.Degrade.Watch(wallet.SwitchLocalConfig, "config centre", err)
		h.warn("cannot save the configuration", h.Centre.Save())
		h.Degrade.Apply(h.Centre.Last().On)
	}
	h.Worker.DistrustTokens(h.Degrade.On(wallet.SwitchDistrustTokens))
	if h.ReadBackup != nil {
		h.ReadBackup(h.Degrade.On(wallet.SwitchTotalsBackup))
	}
}

// chores settles stuck operations and orphans the budget of dead instances.
func (h *Host) chores(ctx context.Context) {
	if h.shouldRun(ctx, choresLease, 3*h.Chores) {
		h.compensate(ctx)
		h.finish(ctx, "cannot settle withdrawals", h.Worker.SettleWithdrawals)
		h.finish(ctx, "cannot settle packets", h.Worker.SettlePackets)
	}
	if h.Budgets != nil {
		_, err := h.Budgets.Settle(ctx, settleAtOnce)
		h.warn("cannot settle reservations", err)
	}
	if h.Quotas != nil {
		h.warn("cannot orphan budget of dead instances", h.orphanDead(ctx, h.Quotas, &h.absent))
	}
	h.stockChores(ctx)
}

// repair restores the contributions of dead instances to the running total.
func (h *Host) repair(ctx context.Context) {
	if h.Repair != nil && h.shouldRun(ctx, repairLease, 2*runningtotal.MinRepairInterval) {
		h.warn("cannot repair the running total", h.Repair(ctx))
	}
}

// shouldRun reports whether this instance should do the work. If the lock is unreachable, or turned off, it should.
func (h *Host) shouldRun(ctx context.Context, lease string, ttl time.Duration) bool {
	if h.Degrade.ByOperator(wallet.SwitchSkipLocks) {
		return true
	}
	mine, err := h.Leases.Hold(ctx, lease, h.Instance, ttl)
	h.Degrade.Watch(wallet.SwitchSkipLocks, "lease "+lease, err)
	return mine || err != nil
}

// compensate processes the stuck orders once. Failed ones are tried again in the next round.
func (h *Host) compensate(ctx context.Context) {
	if h.Waiting != nil && h.Waiting(ctx) {
		return
	}
	cursor := wallet.ScanCursor(0)
	for range maxSteps {
		var err error
		if _, cursor, err = h.Worker.Compensate(ctx, cursor); err != nil {
			h.warn("cannot compensate", err)
		}
		if cursor == 0 || ctx.Err() != nil {
			return
		}
	}
}

// finish repeats a bounded step while it completes something.
func (h *Host) finish(ctx context.Context, failed string, step func(context.Context) (int, error)) {
	for range maxSteps {
		n, err := step(ctx)
		h.warn(failed, err)
		if n == 0 || err != nil || ctx.Err() != nil {
			return
		}
	}
}

// leaseStore leases blocks to instances: of budgets or of stock.
type leaseStore interface {
	// Holders returns the holders of open blocks.
	Holders(ctx context.Context) ([]string, error)
	// Orphan ends the open blocks of a holder. Idempotent.
	Orphan(ctx context.Context, holder string) error
}

// orphanDead orphans the blocks of holders that have been missing from the members for deadAfter rounds; absent counts
// those rounds by holder. A holder that is still running loses only the block: its next reservation is refused by the
// ledger database, and it leases another block. If no member is known, no holder counts as missing.
func (h *Host) orphanDead(ctx context.Context, store leaseStore, absent *map[string]int) error {
	members := h.Members()
	if len(members) == 0 {
		return nil
	}
	holders, err := store.Holders(ctx)
	if err != nil {
		return err
	}
	missing := map[string]int{}
	var failed error
	for _, holder := range holders {
		if holder == h.Instance || slices.Contains(members, holder) {
			continue
		}
		if missing[holder] = (*absent)[holder] + 1; missing[holder] >= deadAfter {
			failed = errors.Join(failed, store.Orphan(ctx, holder))
		}
	}
	*absent = missing
	return failed
}

// audit returns orphaned budget and reconciles.
func (h *Host) audit(ctx context.Context) {
	if !h.shouldRun(ctx, auditLease, h.Audit/2) {
		return
	}
	h.warn("cannot audit the budgets", h.auditBudgets(ctx))
	h.auditStock(ctx)
	if h.Reconcile != nil {
		h.warn("cannot reconcile", h.Reconcile(ctx))
	}
}

// Retire returns the budget of a holder that grants no more: this instance when it stops, or an earlier process
// run of it.
func (h *Host) Retire(ctx context.Context, holder string) error {
	back, err := quota.Retire(ctx, h.Quotas, holder)
	h.logReturned("all", back)
	return err
}

// auditBudgets counts what orphaned blocks have granted, in every stage, and returns the rest to the budget.
func (h *Host) auditBudgets(ctx context.Context) error {
	if h.Quotas == nil {
		return nil
	}
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		back, err := h.Quotas.Reclaim(ctx, s)
		if err != nil {
			return err
		}
		h.logReturned(s.String(), back)
	}
	return nil
}

// logReturned logs budget that was returned.
func (h *Host) logReturned(stage string, fen wallet.Money) {
	if fen > 0 {
		h.Log.Info("orphaned budget returned", "stage", stage, "fen", int64(fen))
	}
}
