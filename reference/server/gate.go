package server

import "sync/atomic"

// gate lets a bounded number in (L1). Nobody waits at it: who finds it full is told so.
type gate struct {
	max int64
	n   atomic.Int64
}

// enter takes n places, or none and false.
func (g *gate) enter(n int64) bool {
	if g.n.Add(n) > g.max {
		g.n.Add(-n)
		return false
	}
	return true
}

// leave gives n places back.
func (g *gate) leave(n int64) { g.n.Add(-n) }
