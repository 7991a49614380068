package k6

import (
	"sync"

	"go.k6.io/k6/js/modules"
)

// iterationStart is k6's event.IterStart, whose name k6 keeps to itself. TestIdleScript fails when it is another.
const iterationStart = 4

// zeros feeds the metrics that thresholds look at with "nothing yet", once in a process: k6 passes a threshold on a
// metric without samples, and so would a script that never calls this extension, or never audits.
type zeros struct{ done sync.Once }

// watch pushes them when the VU's first iteration begins, whatever it does.
func (z *zeros) watch(vu modules.VU, m *meter) {
	local := vu.Events().Local
	if local == nil {
		return
	}
	id, events := local.Subscribe(iterationStart)
	go func() {
		e, ok := <-events // closed with the VU's runtime, at the latest with the process
		if !ok {
			return
		}
		z.push(vu, m)
		e.Done()
		local.Unsubscribe(id)
	}()
}

// push pushes them now.
func (z *zeros) push(vu modules.VU, m *meter) {
	z.done.Do(func() { push(vu, m.begin()...) })
}
