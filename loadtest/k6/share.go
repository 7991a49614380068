package k6

import (
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"

	"hongbao/reference/wallet"
)

// share is one instance's part of a test with several instances.
type share struct {
	scheduled int64 // wins that this instance sends
	alone     bool  // this instance sends all wins
}

// setShare stores this instance's part, the first time. k6 provides it in setup and to VUs, but not in teardown.
func (f *festival) setShare(es *lib.ExecutionState) {
	if f.share.Load() == nil {
		f.share.Store(shareOf(f.plan, es))
	}
}

// part returns this instance's part. While it is not known, it may be everything, and there may be other instances.
func (f *festival) part() *share {
	if s := f.share.Load(); s != nil {
		return s
	}
	return &share{scheduled: f.plan.total}
}

// shareOf computes an instance's part as k6 does: the numbers of an app's iterations are distributed by a pattern that
// follows from the segments and from the maximum number of VUs of the app's scenario.
func shareOf(p *plan, es *lib.ExecutionState) *share {
	if es == nil || es.ExecutionTuple == nil {
		return &share{p.total, true}
	}
	s := &share{}
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		if n := p.scheduled(app); n > 0 {
			s.scheduled += iterationsOf(es.ExecutionTuple, vusOf(es.Test.Options.Scenarios[app.String()]), n)
		}
	}
	s.alone = s.scheduled == p.total
	return s
}

// vusOf returns the maximum number of VUs of a scenario, over all instances; 0 if it is not from options().
func vusOf(c lib.ExecutorConfig) int64 {
	if c, ok := c.(*executor.RampingArrivalRateConfig); ok {
		return c.MaxVUs.Int64
	}
	return 0
}

// iterationsOf returns how many of the iterations 1..n of a scenario with that many VUs belong to an instance.
func iterationsOf(t *lib.ExecutionTuple, vus, n int64) int64 {
	own, err := t.GetNewExecutionTupleFromValue(vus)
	if err != nil {
		return 0 // too few VUs for this instance: k6 leaves the scenario to the others
	}
	mine, _ := lib.NewSegmentedIndex(own).GoTo(n)
	return mine
}
