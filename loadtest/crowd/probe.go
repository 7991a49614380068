package crowd

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// cashScenes returns the scenes in which money can be won or, if there are none, any cash scene of the activity.
func (c *Crowd) cashScenes() (ids []wallet.SceneID) {
	add := func(id wallet.SceneID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for i, w := range c.scenario.Windows {
		for n := range max(1, len(w.Prizes)) {
			if p := c.prize(Visit{Window: uint16(i), Prize: uint8(n)}); p.Award == wallet.Cash {
				add(p.Scene)
			}
		}
	}
	for _, t := range c.activity.Children[0].Rewards {
		for _, r := range t.Rewards {
			if len(ids) == 0 && t.Type == wallet.Cash && len(r.Scenes) > 0 {
				add(r.Scenes[0].ID)
			}
		}
	}
	return ids
}

// probe checks that one instance is the intended wallet and accepts both kinds of credentials. In each cash scene it asks
// for one fen more than the cap of a single grant (C6), and it asks for the page of a person who has won nothing. A wallet
// that grants the amount violates a check.
func (c *Crowd) probe(ctx context.Context, url string, i int) error {
	who := uint32(c.scenario.People.Count) // not a person of the plan
	r := wallet.GrantRequest{Caller: c.caller(who, wallet.Douyin), Activity: c.activity.Parent, Award: wallet.Cash, Amount: c.activity.Children[0].SingleCap + 1}
	for _, scene := range c.cashScenes() {
		r.Scene, r.Rain = scene, int32(i) // a separate one for each instance
		var id oracle.GrantID
		c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
			r.Opened = now
			id = o.GrantSent(int64(who), r, now)
		})
		err := c.attempt(ctx, func() error {
			reply, err := c.targets[i].Grant(ctx, r)
			c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
				o.GrantAnswered(id, r, c.events.ids.reply(reply), err, now)
			})
			return err
		})
		if err != nil && (wallet.CodeOf(err) != wallet.CodeRefused || wallet.ReasonOf(err) == noShadow) {
			return problem(ctx, url, err)
		}
	}
	page := wallet.PageRequest{Caller: r.Caller, Limit: pageLimit}
	id := c.ask(who, &page)
	var got wallet.Page
	err := c.attempt(ctx, func() (err error) { got, err = c.targets[i].Page(ctx, page); return err })
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, c.events.ids.page(got), err, now) })
	if err != nil {
		return problem(ctx, url, err)
	}
	return nil
}

// attempt makes a call of the probe at most probeTries times, probePause apart.
func (c *Crowd) attempt(ctx context.Context, request func() error) error {
	return traffic.Retry(scenarios.ClientTry{Tries: probeTries}, func(int, int) error { return wait(ctx, probePause) }, request)
}
