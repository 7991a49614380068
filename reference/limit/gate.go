package limit

import "sync/atomic"

// Gate lets a bounded number in at a time (L1), such as the requests of one kind of traffic (L3). Nobody waits at it: who
// finds it full is told so. The zero Gate lets nobody in. It is safe for concurrent use.
type Gate struct {
	Max int64
	n   atomic.Int64
}

// Enter takes n places, or none and false.
func (g *Gate) Enter(n int64) bool {
	if g.n.Add(n) > g.Max {
		g.n.Add(-n)
		return false
	}
	return true
}

// Leave gives n places back.
func (g *Gate) Leave(n int64) { g.n.Add(-n) }

// In returns how many places are taken.
func (g *Gate) In() int64 { return g.n.Load() }
