package world

// Gate is a place where processes wait, in the order they came. The zero value is ready for use.
// A gate belongs to one world, must not be copied once in use, and holds no more than there are processes.
type Gate struct{ first, last *process }

// Wait parks the current process at g until Release lets it go on. It panics outside a process.
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

// Release lets up to n processes go on, those first that came first, and returns how many there were. They run at
// the present moment, after what is already scheduled for it. It may be called from anywhere in the world.
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
