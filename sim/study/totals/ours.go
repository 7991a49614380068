package totals

import (
	"context"
	"strconv"

	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// ours is the service's own code (R4, R5) on two stores in memory: cumulative sums, written to both.
type ours struct {
	stores       [2]*redisTotals
	replicated   *runningtotal.Replicated
	writers      []*runningtotal.Writer
	readers      []*runningtotal.Reader
	repairer     *runningtotal.Repairer
	incarnations int // process runs of all writers so far; part of a writer's name
}

// stage is the stage of the compared total.
const stage = wallet.Official

func newOurs(w *world.World, r *scenarios.RunningTotal) (*ours, error) {
	o := &ours{writers: make([]*runningtotal.Writer, r.Writers), readers: make([]*runningtotal.Reader, r.Readers)}
	for i, name := range storeNames() {
		o.stores[i] = &redisTotals{server: newServer(w, name, r, 1), totals: mem.NewTotals()}
		if err := o.stores[i].totals.Report(context.Background(), stage, "earlier rounds", r.Before); err != nil {
			return nil, err
		}
	}
	o.replicated = runningtotal.NewReplicated(o.stores[0], o.stores[1])
	o.repairer = runningtotal.NewRepairer("repair", o.replicated)
	for i := range o.writers {
		o.crash(i)
	}
	for i := range o.readers {
		reader, err := runningtotal.NewReader(o.replicated, stage)
		if err != nil {
			return nil, err
		}
		o.readers[i] = reader
	}
	return o, nil
}

func (o *ours) add(g grant) {
	if err := o.writers[g.writer].Add(stage, g.fen); err != nil {
		panic("totals: the grant cannot be counted: " + err.Error())
	}
}

func (o *ours) flush(ctx context.Context, writer int) { _ = o.writers[writer].Flush(ctx) }

// crash starts the next process run of the writer, with a new name.
func (o *ours) crash(writer int) {
	o.incarnations++
	o.writers[writer] = runningtotal.NewWriter("life "+strconv.Itoa(o.incarnations), o.replicated)
}

func (o *ours) refresh(ctx context.Context, reader int) bool {
	return o.readers[reader].Refresh(ctx) == nil
}

func (o *ours) ready(reader int) bool                 { return o.readers[reader].Ready() }
func (o *ours) shown(reader int) (wallet.Money, bool) { return o.readers[reader].Total(stage) }
func (o *ours) primaryLost()                          { o.stores[0].totals = mem.NewTotals() }
func (o *ours) readBackup(on bool)                    { o.replicated.UseBackup(on) }

func (o *ours) synchronize(ctx context.Context) { _, _, _ = o.replicated.Synchronize(ctx, stage) }

// repair is the service's chore. The stores are synchronized first; otherwise sums that a store lost would be treated as lost by
// writers.
func (o *ours) repair(ctx context.Context, granted wallet.Money) bool {
	if _, _, err := o.replicated.Synchronize(ctx, stage); err == nil {
		_, _ = o.repairer.Repair(ctx, stage, granted)
	}
	return true
}

func (o *ours) agreed() bool {
	var sums [2]map[string]wallet.Money
	for i, s := range o.stores {
		sums[i] = map[string]wallet.Money{}
		_ = s.totals.Sums(context.Background(), stage, func(writer string, sum wallet.Money) bool {
			sums[i][writer] = sum
			return true
		})
	}
	for writer, sum := range sums[0] {
		if sums[1][writer] != sum {
			return false
		}
	}
	return len(sums[0]) == len(sums[1])
}

func (o *ours) servers() []*server { return []*server{o.stores[0].server, o.stores[1].server} }

// redisTotals is a central store on a simulated Redis: each call waits in the queue of its key, and may fail.
type redisTotals struct {
	*server
	totals *mem.Totals
}

var _ runningtotal.CentralStore = (*redisTotals)(nil)

// Report implements wallet.Totals.
func (s *redisTotals) Report(ctx context.Context, st wallet.Stage, writer string, sum wallet.Money) error {
	return s.incr(0, func() error { return s.totals.Report(ctx, st, writer, sum) })
}

// Total implements wallet.Totals.
func (s *redisTotals) Total(ctx context.Context, st wallet.Stage) (total wallet.Money, err error) {
	err = s.get(0, func() (err error) {
		total, err = s.totals.Total(ctx, st)
		return err
	})
	return total, err
}

// Sums implements wallet.TotalsReader.
func (s *redisTotals) Sums(ctx context.Context, st wallet.Stage, yield func(string, wallet.Money) bool) error {
	return s.get(0, func() error { return s.totals.Sums(ctx, st, yield) })
}
