package oracle

import (
	"cmp"
	"slices"

	"hongbao/reference/wallet"
)

// WalkID identifies a walk in progress.
type WalkID uint32

// walk is one reading of the whole list, page by page. Grants may arrive meanwhile.
type walk struct {
	person Person
	start  wallet.Instant
	stage  wallet.Stage
	family wallet.Family
	tokens int
	place  wallet.Cursor // the last line so far
	shown  []uint32      // grants so far
	broken bool          // a page was not whole: the walk cannot be judged
	ended  bool          // a page was marked as the last
}

// WalkSent records that the person starts to read the whole list; r asks for the first page and names the time of the
// stage. The pages are also passed to PageAnswered: a walk judges only the pages together.
func (o *Oracle) WalkSent(p Person, r wallet.PageRequest, now wallet.Instant) WalkID {
	var id WalkID
	if n := len(o.idle); n > 0 {
		id, o.idle = o.idle[n-1], o.idle[:n-1]
	} else {
		id = WalkID(len(o.walks))
		o.walks = append(o.walks, walk{})
	}
	o.walks[id] = walk{person: p, start: now, stage: o.stage(cmp.Or(r.At, now)), family: r.App.Family(), tokens: len(r.Tokens), shown: o.walks[id].shown[:0]}
	return id
}

// WalkPage records the walk's next page.
func (o *Oracle) WalkPage(id WalkID, page wallet.Page, err error, now wallet.Instant) {
	w := &o.walks[id]
	if grants, _ := whole(page.Missing); err != nil || !grants || page.Stage != w.stage {
		w.broken = true
	}
	if w.broken || w.ended {
		return
	}
	for n := range page.Grants {
		l := &page.Grants[n]
		i := o.line(w.person, w.family, w.stage, w.start, l, now)
		if i == 0 || !w.place.After(l.Opened, l.Order) || slices.Contains(w.shown, i) {
			o.evaluated(userView, 1)
			o.fail(userView, l.Amount, "person %d, walk from %s: the page of %s repeats or misplaces order %s of %d fen", w.person, w.start, now, l.Order, l.Amount)
			w.broken = true
			return
		}
		w.place = wallet.Cursor{Opened: l.Opened, Order: l.Order}
		w.shown = append(w.shown, i)
	}
	w.ended = page.Next == (wallet.Cursor{})
}

// WalkEnd records that the person stopped. A walk that stopped before the end of the list is not judged.
func (o *Oracle) WalkEnd(id WalkID, now wallet.Instant) {
	w := &o.walks[id]
	o.idle = append(o.idle, id)
	if w.broken || !w.ended {
		return
	}
	o.evaluated(userView, 1)
	a := ask{person: w.person, start: w.start, stage: w.stage, family: w.family, tokens: w.tokens, overlapped: true} // by its own pages
	right := true
	for i := o.people.Get(w.person); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		if slices.Contains(w.shown, i) || !o.due(w.person, i, w.family, w.stage, w.start) {
			continue
		}
		o.missed(g, now)
		if o.guarded(&a, g) {
			right = false
			o.fail(userView, g.money(), "person %d, walk from %s to %s: the walk skips order %s of %d fen, acknowledged at %s",
				w.person, w.start, now, o.plays.order(g.play, wallet.ActID(g.act)), g.amount, g.acked)
		}
	}
	if right && o.cfg.Strategy != wallet.StrategyToken {
		o.keep(&a, w.shown, now, read{})
	}
}
