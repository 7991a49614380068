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

// maxSums bounds the writers that Agree holds in memory for each store: the source's 8,000 instances, each started again
// a hundred times.
const maxSums = 800_000

// Central is one central store, with its book.
type Central interface {
	wallet.Totals
	wallet.TotalsBook
}

// Twofold is a central store that is kept twice (R4): every report goes to both, reads come from one of them, and Agree
// gives each what only the other has. Because a report is a cumulative sum, none of this can count anything twice: a store
// that was away, or has lost everything, is told again what it lacks and nothing else.
//
// Reads come from the primary until an operator turns wallet.SwitchTotalsBackup on. A read that the chosen store does
// not answer is put to the other one, so that a store's death is noticed by the switch's operator and not by readers.
type Twofold struct {
	primary, backup Central
	onBackup        atomic.Bool
}

var _ Central = (*Twofold)(nil)

// NewTwofold returns a store that reads from the primary.
func NewTwofold(primary, backup Central) *Twofold { return &Twofold{primary: primary, backup: backup} }

// ReadBackup moves reads to the backup, or back to the primary. A runner calls it with the switch's state.
func (d *Twofold) ReadBackup(on bool) { d.onBackup.Store(on) }

// chosen returns the store that reads come from, and the other one.
func (d *Twofold) chosen() (first, second Central) {
	if d.onBackup.Load() {
		return d.backup, d.primary
	}
	return d.primary, d.backup
}

// Report implements wallet.Totals: at both stores, whatever becomes of either. The errors are the stores'; after any of
// them the report is to be made again, which harms neither.
func (d *Twofold) Report(ctx context.Context, s wallet.Stage, writer string, sum wallet.Money) error {
	return both(d.primary.Report(ctx, s, writer, sum), d.backup.Report(ctx, s, writer, sum))
}

// Total implements wallet.Totals. The error is both stores'.
func (d *Twofold) Total(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
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

// Sums implements wallet.TotalsBook: what both stores have on record, of each writer the larger sum. The error is of
// either: half a book is none.
func (d *Twofold) Sums(ctx context.Context, s wallet.Stage, yield func(string, wallet.Money) bool) error {
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

// Agree makes the two stores agree: each is told the sums that the other has and it lacks. It returns how many each was
// told. Idempotent, and harmless beside reports and beside another Agree. A runner calls it now and then, and always
// before Repair: a store that came back empty lacks what dead writers had reported, and Repair must not take that for lost.
// The errors are the stores'; what was told is told.
func (d *Twofold) Agree(ctx context.Context, s wallet.Stage) (primary, backup int, err error) {
	here, err := sumsOf(ctx, d.primary, s)
	if err != nil {
		return 0, 0, fmt.Errorf("running total: primary: %w", err)
	}
	there, err := sumsOf(ctx, d.backup, s)
	if err != nil {
		return 0, 0, fmt.Errorf("running total: backup: %w", err)
	}
	if primary, err = tell(ctx, d.primary, s, here, there); err != nil {
		return primary, 0, fmt.Errorf("running total: primary: %w", err)
	}
	if backup, err = tell(ctx, d.backup, s, there, here); err != nil {
		return primary, backup, fmt.Errorf("running total: backup: %w", err)
	}
	return primary, backup, nil
}

// sumsOf reads a store's book.
func sumsOf(ctx context.Context, c Central, s wallet.Stage) (map[string]wallet.Money, error) {
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

// tell reports to a store what it has less of, in order of names, and returns how many sums that were.
func tell(ctx context.Context, to Central, s wallet.Stage, has, other map[string]wallet.Money) (told int, err error) {
	for _, writer := range slices.Sorted(maps.Keys(other)) {
		if other[writer] <= has[writer] {
			continue
		}
		if err := to.Report(ctx, s, writer, other[writer]); err != nil {
			return told, err
		}
		told++
	}
	return told, nil
}

// both joins what two stores answered.
func both(primary, backup error) error {
	if primary != nil {
		primary = fmt.Errorf("primary: %w", primary)
	}
	if backup != nil {
		backup = fmt.Errorf("backup: %w", backup)
	}
	return errors.Join(primary, backup)
}
