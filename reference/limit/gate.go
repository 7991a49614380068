package limit

import "sync/atomic"

// Gate bounds what is under way at a time (L1), such as the requests of one kind of traffic (L3). Enter never waits. The
// zero Gate has no places. It is safe for concurrent use.
type Gate struct {
	Max int64
	n   atomic.Int64
}

// Enter takes n places and returns true, or takes none and returns false.
func (g *Gate) Enter(n int64) bool {
	if g.n.Add(n) > g.Max {
		g.n.Add(-n)
		return false
	}
	return true
}

// Leave returns n places.
func (g *Gate) Leave(n int64) { g.n.Add(-n) }

// In returns how many places are taken.
func (g *Gate) In() int64 { return g.n.Load() }
