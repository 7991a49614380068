package crowd

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// lists is everything that was read of one person after the drain.
type lists struct {
	money   []oracle.List
	rewards []oracle.RewardList
}

// lists reads all lists of a person and has each page judged; whole is false if one could not be read completely.
func (c *Crowd) lists(ctx context.Context, r reader) (found lists, whole bool) {
	apps := [...]wallet.App{wallet.DouyinFamily: wallet.Douyin, wallet.ToutiaoFamily: wallet.Toutiao}
	for f := wallet.DouyinFamily; f <= wallet.ToutiaoFamily; f++ {
		if !r.family[f] {
			continue
		}
		v := Visit{Person: r.person, App: apps[f]}
		l, ok := c.list(ctx, v)
		if !ok {
			return lists{}, false
		}
		found.money = append(found.money, l)
		if !c.rewarding {
			continue
		}
		of, ok := c.rewardList(ctx, v)
		if !ok {
			return lists{}, false
		}
		found.rewards = append(found.rewards, of)
	}
	return found, true
}

// rewardList reads one whole list of rewards other than cash.
func (c *Crowd) rewardList(ctx context.Context, v Visit) (oracle.RewardList, bool) {
	l := oracle.RewardList{Person: int64(v.Person), Family: v.App.Family()}
	r := wallet.RewardsRequest{Caller: c.caller(v.Person, v.App), Limit: wallet.MaxPage}
	for range maxWalk {
		page, seen, lied, err := c.rewardsPage(ctx, v, &r)
		c.answers.count("audit", err, lied)
		if err != nil || len(page.Items) > wallet.MaxPage {
			return l, false
		}
		l.Start = r.At
		l.Pages = append(l.Pages, seen)
		if page.Next == (wallet.Cursor{}) {
			return l, true
		}
		r.After = page.Next
	}
	return l, false
}

// underWay reports whether lists show a record that is still to be posted, paid, moved or settled.
func (f lists) underWay() bool {
	for _, l := range f.money {
		if slices.ContainsFunc(l.Pages, pageUnderWay) {
			return true
		}
	}
	for _, l := range f.rewards {
		for _, page := range l.Pages {
			if slices.ContainsFunc(page.Items, func(i wallet.Item) bool { return i.State != wallet.ItemSettled && !i.State.Final() }) {
				return true
			}
		}
	}
	return false
}

// pageUnderWay reports the same for one page.
func pageUnderWay(p wallet.Page) bool {
	return slices.ContainsFunc(p.Grants, func(l wallet.Line) bool { return l.Status != wallet.TokenSuccess }) ||
		slices.ContainsFunc(p.Withdrawals, func(w wallet.Withdrawal) bool { return !w.State.Final() }) ||
		slices.ContainsFunc(p.Packets, func(k wallet.Packet) bool {
			return k.State == wallet.PacketAsked || slices.ContainsFunc(k.Shares, func(s wallet.Share) bool {
				return s.State == wallet.ShareOpening || s.State == wallet.ShareReturning
			})
		})
}

// Unseen describes what an audit cannot know because it did not read the necessary records.
func (c *Crowd) Unseen(a Audit) (out []string) {
	if !c.rewarding {
		return nil
	}
	if !a.Downstreams {
		out = append(out, "the downstreams' own records: whether each reward was issued and used there once")
	}
	if !a.Stores && c.stocked {
		out = append(out, "the stock's own count, and whether anybody received a replacement while coupons were left")
	}
	return out
}
