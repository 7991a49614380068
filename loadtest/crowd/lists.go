package crowd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// errUnread reports that lists could not be read. What they would show is not known.
var errUnread = errors.New("crowd: lists could not be read")

// maxUnreadable bounds the consecutive lists that cannot be read, each with all tries of a client. Above it the remaining lists
// are not requested.
const maxUnreadable = 64

// rereadEvery is the time before unsettled lists are read again.
const rereadEvery = 500 * time.Millisecond

// reader is one person whose lists are read, with the families that show all possible wins.
type reader struct {
	person uint32
	family [wallet.ToutiaoFamily + 1]bool
}

// readLists reads people's lists after the drain and has them judged. Unsettled lists are read again until patience ends.
func (c *Crowd) readLists(ctx context.Context, o AuditOptions, a *Audit) error {
	var readers []reader
	c.events.record(func(j *oracle.Oracle, now wallet.Instant) {
		for p, read, ok := j.NextPerson(-1, now); ok; p, read, ok = j.NextPerson(p, now) {
			if a.People++; o.People == 0 || a.People <= o.People {
				readers = append(readers, reader{uint32(p), read})
			}
		}
	})
	a.API = len(readers) > 0
	r := reading{crowd: c, options: o, audit: a, total: int64(len(readers))}
	until := time.Now().Add(o.Patience)
	for len(readers) > 0 {
		r.last = !time.Now().Before(until)
		if readers = r.round(ctx, readers); r.unreadable >= maxUnreadable {
			break
		}
		if len(readers) > 0 && wait(ctx, rereadEvery) != nil {
			a.Unread += int64(len(readers))
			return ctx.Err()
		}
	}
	if a.Unread > 0 {
		return fmt.Errorf("%w: %d of %d", errUnread, a.Unread, r.total)
	}
	return nil
}

// reading is one pass over people's lists.
type reading struct {
	crowd   *Crowd
	options AuditOptions
	total   int64
	last    bool // the last round: nothing is read again

	mu         sync.Mutex
	audit      *Audit
	next       int      // index of the next reader
	again      []reader // people to be read again
	unreadable int      // consecutive unreadable lists
}

// round reads the lists of each person once, and returns the people to be read again.
func (r *reading) round(ctx context.Context, readers []reader) []reader {
	r.next, r.again = 0, nil
	var working sync.WaitGroup
	for range min(r.options.Workers, len(readers)) {
		working.Go(func() {
			for who, ok := r.take(ctx, readers); ok; who, ok = r.take(ctx, readers) {
				found, whole := r.crowd.lists(ctx, who)
				r.done(who, found, whole)
			}
		})
	}
	working.Wait()
	if left := len(readers) - r.next; left > 0 && r.unreadable >= maxUnreadable {
		r.audit.Unread += int64(left)
	} else if left > 0 {
		r.again = append(r.again, readers[r.next:]...)
	}
	return r.again
}

// take returns the next person to read; false at the end.
func (r *reading) take(ctx context.Context, readers []reader) (reader, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == len(readers) || ctx.Err() != nil || r.unreadable >= maxUnreadable {
		return reader{}, false
	}
	r.next++
	return readers[r.next-1], true
}

// done records one person's lists.
func (r *reading) done(who reader, found lists, whole bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := found.underWay()
	switch {
	case !whole:
		r.unreadable++
		r.audit.Unread++
		return
	case open && !r.last:
		r.unreadable = 0
		r.again = append(r.again, who)
		return
	case open:
		r.audit.Unsettled++
	}
	r.unreadable = 0
	r.audit.Read++
	r.crowd.events.record(func(j *oracle.Oracle, now wallet.Instant) {
		for _, l := range found.money {
			j.JudgeList(l, now)
		}
		for _, l := range found.rewards {
			j.JudgeRewardList(l, now)
		}
	})
	if r.options.Progress != nil && (r.audit.Read%1000 == 0 || r.audit.Read == r.total) {
		r.options.Progress(r.audit.Read, r.total)
	}
}

// list reads one whole list.
func (c *Crowd) list(ctx context.Context, v Visit) (oracle.List, bool) {
	l := oracle.List{Person: int64(v.Person), Family: v.App.Family()}
	q := wallet.PageRequest{Caller: c.caller(v.Person, v.App), Limit: wallet.MaxPage}
	for range maxWalk {
		id := c.ask(v.Person, &q)
		if l.Start == 0 {
			l.Start = q.At
		}
		page, err := c.page(ctx, v, q)
		var seen wallet.Page
		lied := c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
			seen = c.events.ids.page(page)
			o.PageAnswered(id, seen, err, now)
		})
		c.answers.count("audit", err, lied)
		if err != nil || len(page.Grants) > wallet.MaxPage {
			return l, false
		}
		l.Pages = append(l.Pages, seen)
		if page.Next == (wallet.Cursor{}) {
			return l, l.Whole()
		}
		q.After = page.Next
	}
	return l, false
}
