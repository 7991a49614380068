package runningtotal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// maxSums bounds the writers of each store that Synchronize loads into memory: the source's 8,000 instances, each
// restarted a hundred times.
const maxSums = 800_000

// CentralStore is one central store that can list its sums.
type CentralStore interface {
	wallet.Totals
	wallet.TotalsReader
}

// Replicated is a central store on two stores (R4): every report goes to both, reads come from one, and Synchronize
// gives each store what only the other has. A report is a cumulative sum, so nothing is counted twice: a store that was
// down, or has lost everything, gets only the sums that it lacks.
//
// Reads come from the primary until an operator turns on wallet.SwitchTotalsBackup. If the selected store does not
// answer a read, the other one is read, so a failed store does not affect readers.
type Replicated struct {
	primary, backup CentralStore
	onBackup        atomic.Bool
}

var _ CentralStore = (*Replicated)(nil)

// NewReplicated returns a store that reads from the primary.
func NewReplicated(primary, backup CentralStore) *Replicated {
	return &Replicated{primary: primary, backup: backup}
}

// UseBackup selects the store for reads: the backup if on, otherwise the primary. A runner calls it with the switch's
// state.
func (d *Replicated) UseBackup(on bool) { d.onBackup.Store(on) }

// chosen returns the store selected for reads, and the other one.
func (d *Replicated) chosen() (first, second CentralStore) {
	if d.onBackup.Load() {
		return d.backup, d.primary
	}
	return d.primary, d.backup
}

// Report implements wallet.Totals. It reports to both stores, even if one fails. Errors are those of the stores; after
// any error repeat the report, which harms neither.
func (d *Replicated) Report(ctx context.Context, s wallet.Stage, writer string, sum wallet.Money) error {
	return both(d.primary.Report(ctx, s, writer, sum), d.backup.Report(ctx, s, writer, sum))
}

// Total implements wallet.Totals. It fails only if both stores fail; the error has both causes.
func (d *Replicated) Total(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	first, second := d.chosen()
	total, err := first.Total(ctx, s)
	if err == nil {
		return total, nil
	}
	total, other := second.Total(ctx, s)
	if other == nil {
		return total, nil
	}
	return 0, errors.Join(err, other)
}

// Sums implements wallet.TotalsReader: for each writer the larger of the two stores' sums. It fails if either store
// fails, because the sums of one store are incomplete.
func (d *Replicated) Sums(ctx context.Context, s wallet.Stage, yield func(string, wallet.Money) bool) error {
	all, err := sumsOf(ctx, d.primary, s)
	if err != nil {
		return fmt.Errorf("running total: primary: %w", err)
	}
	there, err := sumsOf(ctx, d.backup, s)
	if err != nil {
		return fmt.Errorf("running total: backup: %w", err)
	}
	for writer, sum := range there {
		all[writer] = max(all[writer], sum)
	}
	for _, writer := range slices.Sorted(maps.Keys(all)) {
		if !yield(writer, all[writer]) {
			return nil
		}
	}
	return nil
}

// Synchronize reports to each store the sums that the other has and it lacks, and returns the number of sums reported
// to each. Idempotent, and safe to run with concurrent reports or another Synchronize. A runner calls it from time to
// time, and always before Repair: a store that lost its data lacks the sums of dead writers, and Repair must not take
// those for lost. Errors are those of the stores; the sums reported before an error stay.
func (d *Replicated) Synchronize(ctx context.Context, s wallet.Stage) (primary, backup int, err error) {
	here, err := sumsOf(ctx, d.primary, s)
	if err != nil {
		return 0, 0, fmt.Errorf("running total: primary: %w", err)
	}
	there, err := sumsOf(ctx, d.backup, s)
	if err != nil {
		return 0, 0, fmt.Errorf("running total: backup: %w", err)
	}
	if primary, err = reportMissing(ctx, d.primary, s, here, there); err != nil {
		return primary, 0, fmt.Errorf("running total: primary: %w", err)
	}
	if backup, err = reportMissing(ctx, d.backup, s, there, here); err != nil {
		return primary, backup, fmt.Errorf("running total: backup: %w", err)
	}
	return primary, backup, nil
}

// sumsOf reads all sums of a store.
func sumsOf(ctx context.Context, c CentralStore, s wallet.Stage) (map[string]wallet.Money, error) {
	sums := map[string]wallet.Money{}
	err := c.Sums(ctx, s, func(writer string, sum wallet.Money) bool {
		sums[writer] = max(sums[writer], sum)
		return len(sums) <= maxSums
	})
	if err == nil && len(sums) > maxSums {
		err = fmt.Errorf("more than %d writers: %w", maxSums, wallet.ErrOverloaded)
	}
	return sums, err
}

// reportMissing reports to a store the sums of which it has less, by ascending writer name, and returns their number.
func reportMissing(ctx context.Context, to CentralStore, s wallet.Stage, has, other map[string]wallet.Money) (reported int, err error) {
	for _, writer := range slices.Sorted(maps.Keys(other)) {
		if other[writer] <= has[writer] {
			continue
		}
		if err := to.Report(ctx, s, writer, other[writer]); err != nil {
			return reported, err
		}
		reported++
	}
	return reported, nil
}

// both joins the errors of two stores.
func both(primary, backup error) error {
	if primary != nil {
		primary = fmt.Errorf("primary: %w", primary)
	}
	if backup != nil {
		backup = fmt.Errorf("backup: %w", backup)
	}
	return errors.Join(primary, backup)
}
