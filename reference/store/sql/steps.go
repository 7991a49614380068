package sqlstore

import "context"

// step is a job that one function does on shard 0, and its result.
type step[V any] struct {
	run stepFunc[V]
	got V
}

// stepFunc does a step. refused concerns only this step, which has written nothing; broken ends the transaction.
type stepFunc[V any] func(ctx context.Context, t *txn) (got V, refused, broken error)

// doStep submits a step that writes the given number of rows, as a job of kind k, whose apply is applySteps.
func doStep[V any](ctx context.Context, db *DB, k *kind, rows int, run stepFunc[V]) (got V, err error) {
	j := &step[V]{run: run}
	if err := db.shards[0].do(ctx, k, min(rows, maxRows), j); err != nil {
		return got, err // the committer still owns j
	}
	return j.got, nil
}

// applySteps does the steps of all jobs, one after another.
func applySteps[V any](ctx context.Context, t *txn, jobs []*job) error {
	for _, j := range jobs {
		in := j.in.(*step[V])
		var broken error
		if in.got, j.err, broken = in.run(ctx, t); broken != nil {
			return broken
		}
	}
	return nil
}
