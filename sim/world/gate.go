package world

// Gate is a queue of waiting processes, in the order of their arrival. The zero value is ready for use.
// A gate belongs to one world, must not be copied once in use, and holds at most as many processes as exist.
type Gate struct{ first, last *process }

// Wait parks the current process at g until Release resumes it. It panics outside a process.
func (w *World) Wait(g *Gate) {
	p := w.current
	if p == nil {
		panic("world: Wait outside a process")
	}
	if g.first == nil {
		g.first = p
	} else {
		g.last.after = p
	}
	g.last = p
	w.park(p)
}

// Release resumes up to n processes in the order of their arrival, and returns the number resumed. They run at the
// current time, after everything already scheduled for it. Release may be called from anywhere in the world.
func (w *World) Release(g *Gate, n int) int {
	released := 0
	for released < n && g.first != nil {
		p := g.first
		g.first, p.after = p.after, nil
		w.enter(w.now, p.ref)
		released++
	}
	return released
}
