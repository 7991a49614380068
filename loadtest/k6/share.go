package k6

import (
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"

	"hongbao/reference/wallet"
)

// share is one instance's part of a test that several play together.
type share struct {
	scheduled int64 // wins that are this instance's to send
	alone     bool  // they are all there are
}

// learn notes this instance's part, the first time. k6 tells it in setup and to VUs, and not in teardown.
func (f *festival) learn(es *lib.ExecutionState) {
	if f.share.Load() == nil {
		f.share.Store(shareOf(f.plan, es))
	}
}

// part returns this instance's part. As long as k6 has not told, it may be all, and there may be others.
func (f *festival) part() *share {
	if s := f.share.Load(); s != nil {
		return s
	}
	return &share{scheduled: f.plan.total}
}

// shareOf works out an instance's part as k6 does: the numbers of an app's iterations are dealt out in a pattern that
// follows from the segments and from how many VUs the app's scenario may have.
func shareOf(p *plan, es *lib.ExecutionState) *share {
	if es == nil || es.ExecutionTuple == nil {
		return &share{p.total, true}
	}
	s := &share{}
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		if n := p.scheduled(app); n > 0 {
			s.scheduled += dealt(es.ExecutionTuple, vusOf(es.Test.Options.Scenarios[app.String()]), n)
		}
	}
	s.alone = s.scheduled == p.total
	return s
}

// vusOf returns how many VUs a scenario may have, over all instances; 0 for one that options() did not make.
func vusOf(c lib.ExecutorConfig) int64 {
	if c, ok := c.(*executor.RampingArrivalRateConfig); ok {
		return c.MaxVUs.Int64
	}
	return 0
}

// dealt returns how many of the iterations 1..n of a scenario with so many VUs are an instance's.
func dealt(t *lib.ExecutionTuple, vus, n int64) int64 {
	own, err := t.GetNewExecutionTupleFromValue(vus)
	if err != nil {
		return 0 // too few VUs to have one here: k6 leaves the scenario to the others
	}
	mine, _ := lib.NewSegmentedIndex(own).GoTo(n)
	return mine
}
