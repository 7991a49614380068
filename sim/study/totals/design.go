package totals

import (
	"context"

	"hongbao/reference/wallet"
)

// design is one way to keep the running total. flush, refresh, agree and repair may wait; the others may not.
type design interface {
	writers
	readers
	stores
}

// writers are the instances that count grants.
type writers interface {
	// add counts one grant, at the moment it is made.
	add(g grant)
	// flush is a writer's task, once an interval.
	flush(ctx context.Context, writer int)
	// crash takes with it all that a writer holds in memory. What comes back starts with nothing.
	crash(writer int)
}

// readers are the instances that show the total.
type readers interface {
	// refresh is a reader's task, once an interval. It says whether the store has answered.
	refresh(ctx context.Context, reader int) bool
	// ready says whether a reader may let people in, and shown what it shows them.
	ready(reader int) bool
	shown(reader int) (wallet.Money, bool)
}

// stores are the stores of the total, and the tasks that restore it.
type stores interface {
	// primaryLost empties the primary store.
	primaryLost()
	// readBackup moves reads to the backup, where there is one, or back.
	readBackup(on bool)
	// agree is the task that makes primary and backup agree, where there are two.
	agree(ctx context.Context)
	// repair restores what crashed writers took with them, where that can be had, from what is on record as granted. It
	// says whether the design can.
	repair(ctx context.Context, granted wallet.Money) bool
	// agreed says whether the two stores hold the same; true where there is one.
	agreed() bool
	// servers returns what Redis had to bear.
	servers() []*server
}
