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
func rewardTests() []contractCase {
	return onlyIf("the target names no reward other than cash", func(w *wire) bool { return w.Reward != Reward{} }, []contractCase{
		{"reward", "a reward other than cash is granted under its order number, names what was granted, is listed at once, and is not money", []string{"B4", "O1", "P3"}, rewardOnce},
		{"reward-repeat", "repeats, also concurrent ones, get the same reply, and one reward is listed", []string{"O3"}, rewardTwice},
		{"reward-other", "the same win as another reward, as cash or with an amount is refused, and changes nothing", []string{"O1", "O3"}, rewardOther},
		{"reward-apps", "a person's rewards are listed alike in all eight apps, and for no other person", []string{"P3", "B1", "B2"}, rewardApps},
		{"reward-walk", "paging continues where the last page ended: newest first, without gaps or duplicates; an invalid page is refused", []string{"P3"}, rewardWalk},
		{"reward-use", "a reward is used once: repeats, also concurrent ones, get the first reply", []string{"B4"}, rewardUsed},
		{"reward-others", "no other user can use or list it; an unknown number is not found", []string{"T7", "B1"}, rewardOthers},
		{"reward-joined", "accounts joined by phone can use it, once for both", []string{"B2", "P3"}, rewardJoined},
	})
}

// onlyIf makes cases end as notOffered, with a reason, if the target does not have the feature.
func onlyIf(missing string, has func(*wire) bool, tests []contractCase) []contractCase {
	for i, c := range tests {
		tests[i].run = func(ctx context.Context, w *wire) error {
			if !has(w) {
				return notOffered("not asked: " + missing)
			}
			return c.run(ctx, w)
		}
	}
	return tests
}

func rewardOnce(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	item, err := p.expectItem(ctx, 1)
	if err != nil {
		return err
	}
	return cmp.Or(p.expectRewards(ctx, item), p.expectPage(ctx, 0, 0, true))
}

func rewardTwice(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Toutiao)
	items, err := concurrently(func(int) (*pb.Item, error) { return p.expectItem(ctx, 1) })
	again, later := p.expectItem(ctx, 1)
	if err := errors.Join(err, later); err != nil {
		return err
	}
	for _, item := range append(items[1:], again) {
		if err := cmp.Or(equal("a repeat's order number", items[0].Order, item.Order), equal("its reward", items[0].Reward, item.Reward)); err != nil {
			return err
		}
	}
	return p.expectRewards(ctx, again)
}

func rewardOther(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	item, err := p.expectItem(ctx, 1)
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
		m := p.rewardRequest(1)
		c.change(m)
		_, err := w.grant(ctx, m)
		if err := expectError(err, wallet.ErrInvalid, wallet.ErrUnknownScene, wallet.ErrConflict); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return cmp.Or(p.expectRewards(ctx, item), p.expectPage(ctx, 0, 0, true))
}

func rewardApps(ctx context.Context, w *wire) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.Toutiao)
	older, err := a.expectItem(ctx, 1)
	if err != nil {
		return err
	}
	newer, err := b.expectItem(ctx, 2)
	if err != nil {
		return err
	}
	everywhere := func(ofA, ofB []*pb.Item) error {
		for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
			p, want := a.on(app), ofA
			if app.Family() == wallet.ToutiaoFamily {
				p, want = b.on(app), ofB
			}
			if err := p.expectRewards(ctx, want...); err != nil {
				return fmt.Errorf("in %s: %w", app, err)
			}
		}
		return nil
	}
	if err := everywhere([]*pb.Item{older}, []*pb.Item{newer}); err != nil {
		return fmt.Errorf("before joining: %w", err)
	}
	if err := joinByPhone(ctx, a, b); err != nil {
		return err
	}
	both := []*pb.Item{newer, older}
	return everywhere(both, both)
}

// rewardWalk reads the list in pages of two; each two of the rewards have the same win time.
func rewardWalk(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Xigua)
	const n = 5
	won := map[string]bool{}
	for i := range int32(n) {
		m := p.rewardRequest(i)
		m.OpenedUs = p.rewardRequest(i / 2).OpenedUs
		item, err := p.expectItemOf(ctx, m)
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
			return fmt.Errorf("after %d pages of 2 the list of %d has not ended", pages, n)
		}
	}
	return cmp.Or(equal("rewards missing from the pages", 0, len(won)), p.expectLimits(ctx, rewardsMethod))
}

func rewardUsed(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	item, err := p.usable(ctx)
	if err != nil {
		return err
	}
	used, err := concurrently(func(int) (*pb.Item, error) { return p.use(ctx, item.Order) })
	again, later := p.use(ctx, item.Order)
	if err := errors.Join(err, later); err != nil {
		return err
	}
	for _, u := range append(used[1:], again) {
		if err := equal("the time of use in a repeat", used[0].ChangedUs, u.ChangedUs); err != nil {
			return err
		}
	}
	return p.expectRewards(ctx, again)
}

func rewardOthers(ctx context.Context, w *wire) error {
	p, thief := w.newPerson(wallet.Douyin), w.newPerson(wallet.Douyin)
	item, err := p.usable(ctx)
	if err != nil {
		return err
	}
	no, _ := wallet.ParseOrderNo(item.Order) // parsed before without error
	no.Rain = 1 << 20
	who := &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)}
	use := encode(&pb.UseRewardRequest{Order: item.Order})
	err = w.expectRefused(ctx, []attempt{
		{"a use by another user", thief.session(useMethod, use), wallet.ErrNotYours},
		{"a use by the same number in the other account system", p.on(wallet.Toutiao).session(useMethod, use), wallet.ErrNotYours},
		{"a use in another's name", thief.session(useMethod, encode(&pb.UseRewardRequest{Who: who, Order: item.Order})), wallet.ErrNotYours},
		{"a list of another's", thief.session(rewardsMethod, encode(&pb.RewardsRequest{Who: who})), wallet.ErrNotYours},
		{"a use without a session", w.new(useMethod, use), auth.ErrNoCredentials},
		{"a list without a session", w.new(rewardsMethod, []byte("{}")), auth.ErrNoCredentials},
		{"a use of an unknown reward", p.session(useMethod, encode(&pb.UseRewardRequest{Order: no.String()})), wallet.ErrNotFound},
		{"a use of an invalid number", p.session(useMethod, encode(&pb.UseRewardRequest{Order: "tea"})), wallet.ErrInvalid},
	})
	return cmp.Or(err, thief.expectRewards(ctx), p.on(wallet.Toutiao).expectRewards(ctx), p.expectRewards(ctx, item))
}

func rewardJoined(ctx context.Context, w *wire) error {
	a, b := w.newPerson(wallet.Douyin), w.newPerson(wallet.Toutiao)
	item, err := a.usable(ctx)
	if err != nil {
		return err
	}
	use := b.session(useMethod, encode(&pb.UseRewardRequest{Order: item.Order}))
	if err := w.expectRefused(ctx, []attempt{{"a use before joining", use, wallet.ErrNotYours}}); err != nil {
		return err
	}
	if err := joinByPhone(ctx, a, b); err != nil {
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
	return cmp.Or(equal("the time of use in the winner's repeat", first.ChangedUs, again.ChangedUs), a.expectRewards(ctx, first), b.expectRewards(ctx, first))
}
