package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// rewardTests are about rewards other than cash.
func rewardTests() []test {
	return given("no scene of a reward other than cash was named", func(w *wire) bool { return w.Reward != Reward{} }, []test{
		{"reward", "a reward other than cash is granted under its order number, says what it is, is listed at once, and is no money", []string{"B4", "O1", "P3"}, rewardOnce},
		{"reward-repeat", "repeats, at the same time too, have the same answer, and one reward is listed", []string{"O3"}, rewardTwice},
		{"reward-other", "the same win as another reward, as cash or with an amount is refused, and changes nothing", []string{"O1", "O3"}, rewardOther},
		{"reward-apps", "a person's rewards are listed the same in all eight apps, and in no other person's", []string{"P3", "B1", "B2"}, rewardApps},
		{"reward-walk", "pages of the list go on where the last one ended: newest first, no gap, nothing twice; what is no page is refused", []string{"P3"}, rewardWalk},
		{"reward-use", "a reward is used once: repeats, at the same time too, answer as the first time", []string{"B4"}, rewardUsed},
		{"reward-others", "nobody else can use or list it; a number that nobody has is not found", []string{"T7", "B1"}, rewardOthers},
		{"reward-joined", "who has joined by phone can use it, once for both", []string{"B2", "P3"}, rewardJoined},
	})
}

// given leaves cases out, aloud, where the target was not said to have what they are about.
func given(missing string, has func(*wire) bool, tests []test) []test {
	for i, c := range tests {
		tests[i].run = func(ctx context.Context, w *wire) error {
			if !has(w) {
				return skipped("not asked: " + missing)
			}
			return c.run(ctx, w)
		}
	}
	return tests
}

func rewardOnce(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	item, err := p.won(ctx, 1)
	if err != nil {
		return err
	}
	return cmp.Or(p.has(ctx, item), p.sees(ctx, 0, 0, true))
}

func rewardTwice(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Toutiao)
	items, err := atOnce(func(int) (*pb.Item, error) { return p.won(ctx, 1) })
	again, later := p.won(ctx, 1)
	if err := errors.Join(err, later); err != nil {
		return err
	}
	for _, item := range append(items[1:], again) {
		if err := cmp.Or(equal("a repeat's order number", items[0].Order, item.Order), equal("its reward", items[0].Reward, item.Reward)); err != nil {
			return err
		}
	}
	return p.has(ctx, again)
}

func rewardOther(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	item, err := p.won(ctx, 1)
	if err != nil {
		return err
	}
	other := pb.AwardType_AWARD_TYPE_MOVIE_COUPON
	if w.Reward.Award == wallet.MovieCoupon {
		other = pb.AwardType_AWARD_TYPE_HEYTEA_COUPON
	}
	for _, c := range []struct {
		what   string
		change func(*pb.GrantRequest)
	}{
		{"another reward", func(m *pb.GrantRequest) { m.Award = other }},
		{"an amount with it", func(m *pb.GrantRequest) { m.AmountFen = 10 }},
		{"cash under its scene", func(m *pb.GrantRequest) { m.Award, m.AmountFen = pb.AwardType_AWARD_TYPE_CASH, 10 }},
		{"it under the scene of cash", func(m *pb.GrantRequest) { m.Scene = string(w.Scene) }},
	} {
		m := p.prize(1)
		c.change(m)
		_, err := w.ask(ctx, m)
		if err := wants(err, wallet.ErrInvalid, wallet.ErrUnknownScene, wallet.ErrConflict); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return cmp.Or(p.has(ctx, item), p.sees(ctx, 0, 0, true))
}

func rewardApps(ctx context.Context, w *wire) error {
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.Toutiao)
	older, err := a.won(ctx, 1)
	if err != nil {
		return err
	}
	newer, err := b.won(ctx, 2)
	if err != nil {
		return err
	}
	everywhere := func(ofA, ofB []*pb.Item) error {
		for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
			p, want := a.on(app), ofA
			if app.Family() == wallet.ToutiaoFamily {
				p, want = b.on(app), ofB
			}
			if err := p.has(ctx, want...); err != nil {
				return fmt.Errorf("in %s: %w", app, err)
			}
		}
		return nil
	}
	if err := everywhere([]*pb.Item{older}, []*pb.Item{newer}); err != nil {
		return fmt.Errorf("before the phone: %w", err)
	}
	if err := joined(ctx, a, b); err != nil {
		return err
	}
	both := []*pb.Item{newer, older}
	return everywhere(both, both)
}

// rewardWalk reads the list in pages of two; each two of the rewards were won at the same moment.
func rewardWalk(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Xigua)
	const n = 5
	won := map[string]bool{}
	for i := range int32(n) {
		m := p.prize(i)
		m.OpenedUs = p.prize(i / 2).OpenedUs
		item, err := p.wonBy(ctx, m)
		if err != nil {
			return err
		}
		won[item.Order] = true
	}
	var last *pb.Item
	after := ""
	for pages := 0; ; pages++ {
		list, err := p.rewards(ctx, &pb.RewardsRequest{Limit: 2, After: after})
		if err != nil {
			return err
		}
		for _, item := range list.Items {
			switch {
			case !won[item.Order]:
				return fmt.Errorf("order %s is listed twice, or was never won", item.Order)
			case last != nil && item.OpenedUs > last.OpenedUs:
				return fmt.Errorf("order %s is newer than %s before it", item.Order, last.Order)
			}
			delete(won, item.Order)
			last = item
		}
		if after = list.Next; after == "" {
			break
		}
		if pages > n {
			return fmt.Errorf("after %d pages of 2 the list of %d has no end", pages, n)
		}
	}
	if err := equal("rewards that the walk leaves out", 0, len(won)); err != nil {
		return err
	}
	for _, m := range []*pb.RewardsRequest{{Limit: 101}, {Limit: -1}, {After: "nowhere"}} {
		if err := wants(w.send(ctx, p.session(rewardsMethod, encode(m)), &pb.RewardsReply{}), wallet.ErrInvalid); err != nil {
			return fmt.Errorf("limit %d after %q: %w", m.Limit, m.After, err)
		}
	}
	return nil
}

func rewardUsed(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	item, err := p.usable(ctx)
	if err != nil {
		return err
	}
	used, err := atOnce(func(int) (*pb.Item, error) { return p.use(ctx, item.Order) })
	again, later := p.use(ctx, item.Order)
	if err := errors.Join(err, later); err != nil {
		return err
	}
	for _, u := range append(used[1:], again) {
		if err := equal("when it was used, by a repeat", used[0].ChangedUs, u.ChangedUs); err != nil {
			return err
		}
	}
	return p.has(ctx, again)
}

func rewardOthers(ctx context.Context, w *wire) error {
	p, thief := w.somebody(wallet.Douyin), w.somebody(wallet.Douyin)
	item, err := p.usable(ctx)
	if err != nil {
		return err
	}
	no, _ := wallet.ParseOrderNo(item.Order) // it was read before
	no.Rain = 1 << 20
	who := &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)}
	use := encode(&pb.UseRewardRequest{Order: item.Order})
	for _, c := range []struct {
		what string
		r    *request
		want error
	}{
		{"a use by another user", thief.session(useMethod, use), wallet.ErrNotYours},
		{"a use by the same number in the other account system", p.on(wallet.Toutiao).session(useMethod, use), wallet.ErrNotYours},
		{"a use in another's name", thief.session(useMethod, encode(&pb.UseRewardRequest{Who: who, Order: item.Order})), wallet.ErrNotYours},
		{"a list of another's", thief.session(rewardsMethod, encode(&pb.RewardsRequest{Who: who})), wallet.ErrNotYours},
		{"a use without a session", w.new(useMethod, use), auth.ErrNoCredentials},
		{"a list without a session", w.new(rewardsMethod, []byte("{}")), auth.ErrNoCredentials},
		{"a use of what was not won", p.session(useMethod, encode(&pb.UseRewardRequest{Order: no.String()})), wallet.ErrNotFound},
		{"a use of what is no number", p.session(useMethod, encode(&pb.UseRewardRequest{Order: "tea"})), wallet.ErrInvalid},
	} {
		if err := wants(w.send(ctx, c.r, &pb.UseRewardReply{}), c.want); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return cmp.Or(thief.has(ctx), p.on(wallet.Toutiao).has(ctx), p.has(ctx, item))
}

func rewardJoined(ctx context.Context, w *wire) error {
	a, b := w.somebody(wallet.Douyin), w.somebody(wallet.Toutiao)
	item, err := a.usable(ctx)
	if err != nil {
		return err
	}
	use := b.session(useMethod, encode(&pb.UseRewardRequest{Order: item.Order}))
	if err := wants(w.send(ctx, use, &pb.UseRewardReply{}), wallet.ErrNotYours); err != nil {
		return fmt.Errorf("a use by who will join: %w", err)
	}
	if err := joined(ctx, a, b); err != nil {
		return err
	}
	first, err := b.use(ctx, item.Order)
	if err != nil {
		return err
	}
	again, err := a.use(ctx, item.Order)
	if err != nil {
		return err
	}
	return cmp.Or(equal("when it was used, by the repeat of who won it", first.ChangedUs, again.ChangedUs), a.has(ctx, first), b.has(ctx, first))
}
