package k6

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// pages reads the wallet page of everybody who was sent a win, and returns how many that are. The oracle judges what
// each shows; that it is posted is judged here.
func (a *auditor) pages(ctx context.Context) int64 {
	f := a.festival
	var sent, unread atomic.Int64
	var first atomic.Pointer[string]
	type visit struct {
		app   wallet.App
		i     int64
		place int64
	}
	todo := make(chan visit)
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			for v := range todo {
				if unread.Load() >= maxUnread {
					unread.Add(1)
					continue
				}
				if err := a.person(ctx, v.app, f.plan.wins[v.app][v.i], v.place); err != nil {
					why := err.Error()
					first.CompareAndSwap(nil, &why)
					unread.Add(1)
				}
			}
		})
	}
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		for i := range f.plan.scheduled(app) {
			if place := f.plan.first[app] + i; f.plan.taken[place].Load() {
				sent.Add(1)
				todo <- visit{app, i, place}
			}
		}
	}
	close(todo)
	wait.Wait()
	if n := unread.Load(); n > 0 {
		a.unknown("user-view", fmt.Sprintf("the pages of %d people could not be read: %s", n, *first.Load()))
	}
	return sent.Load()
}

// person walks one person's page.
func (a *auditor) person(ctx context.Context, app wallet.App, w win, place int64) error {
	f := a.festival
	caller := f.plan.caller(app, w.person)
	t := &teller{Service: f.wallet, festival: f, place: place}
	purse := client.NewPurse(t, caller)
	r := wallet.PageRequest{Limit: pageLimit}
	for range maxWalk {
		page, err := purse.Page(ctx, r)
		t.seen(page, err)
		if err != nil {
			return err
		}
		if f.drained.Load() {
			l, late := unposted(page)
			a.saw("nothing-lost", !late, "order %s of %d fen is not posted, although nothing is held back", l.Order, l.Amount)
		}
		if page.Next == (wallet.Cursor{}) {
			return nil
		}
		r.After = page.Next
	}
	return fmt.Errorf("the page of user %d has no end", caller.User)
}
