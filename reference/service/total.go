package service

import (
	"context"
	"errors"

	"hongbao/reference/runningtotal"
	"hongbao/reference/wallet"
)

// repairTotal returns the chore that restores to the running total what instances had not reported when they died (R5).
func (w *Wallet) repairTotal(r *runningtotal.Repairer) func(context.Context) error {
	return func(ctx context.Context) error {
		paid, err := runningtotal.PostedSums(ctx, w.Ledger)
		if err != nil {
			return err
		}
		for _, s := range w.Stages() {
			if e := w.synchronizeTotal(ctx, s); e != nil {
				err = errors.Join(err, e)
				continue // what a store lacks would be taken for lost
			}
			back, e := r.Repair(ctx, s, paid[s])
			if back > 0 {
				w.Log.Info("the running total was repaired", "stage", s.String(), "fen", int64(back))
			}
			err = errors.Join(err, e)
		}
		return err
	}
}

// synchronizeTotal makes the two stores of the running total agree (R4). It does nothing if there is one.
func (w *Wallet) synchronizeTotal(ctx context.Context, s wallet.Stage) error {
	if w.mirror == nil {
		return nil
	}
	primary, backup, err := w.mirror.Synchronize(ctx, s)
	if primary+backup > 0 {
		w.Log.Info("the stores of the running total were synchronized", "stage", s.String(), "told_primary", primary, "told_backup", backup)
	}
	return err
}
