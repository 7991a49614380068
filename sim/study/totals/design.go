package totals

import (
	"context"

	"hongbao/reference/wallet"
)

// design is one way to keep the running total. flush, refresh, synchronize and repair may wait; the other methods must not.
type design interface {
	writers
	readers
	stores
}

// writers are the instances that count grants.
type writers interface {
	// add counts one grant at the moment of the grant.
	add(g grant)
	// flush is a writer's task, once per interval.
	flush(ctx context.Context, writer int)
	// crash clears the memory of a writer and restarts it empty.
	crash(writer int)
}

// readers are the instances that show the total.
type readers interface {
	// refresh is a reader's task, once per interval. It reports whether the store answered.
	refresh(ctx context.Context, reader int) bool
	// ready reports whether a reader may answer people.
	ready(reader int) bool
	// shown returns the value that a reader shows; false: it has no value.
	shown(reader int) (wallet.Money, bool)
}

// stores are the stores of the total, and the tasks that restore it.
type stores interface {
	// primaryLost empties the primary store.
	primaryLost()
	// readBackup makes readers use the backup, or the primary again. Without a backup it does nothing.
	readBackup(on bool)
	// synchronize makes primary and backup equal. Without a backup it does nothing.
	synchronize(ctx context.Context)
	// repair restores the sums that crashed writers lost, from the recorded grants. It reports whether the design can do this.
	repair(ctx context.Context, granted wallet.Money) bool
	// agreed reports whether the two stores are equal; it is true without a backup.
	agreed() bool
	// servers returns the Redis servers with their counts of calls.
	servers() []*server
}
