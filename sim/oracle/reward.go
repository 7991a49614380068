package oracle

import (
	"fmt"
	"iter"

	"hongbao/reference/wallet"
)

// RewardID identifies one win of a reward other than cash, including all repeats of its client.
type RewardID uint32

// reward is one win of a coupon or a pendant.
type reward struct {
	person  Person
	account wallet.Account
	play    play
	opened  wallet.Instant
	order   wallet.OrderNo // zero: not known yet
	acked   wallet.Instant // the first acknowledgement; 0: not acknowledged
	got     gift
	state   wallet.ItemState // the latest state that anybody was shown
	shown   wallet.Instant   // when it was shown
	expires wallet.Instant   // as it was shown; 0: not known
	flags   rewardFlags
	next    uint32 // the person's previous reward
}

// gift is what was granted; zero until an answer reports it. A greeting has no award.
type gift struct {
	award  wallet.AwardType
	reward wallet.RewardID
	void   bool
}

// rewardFlags holds what replies and records report of a reward.
type rewardFlags uint8

const (
	rewardUnknown rewardFlags = 1 << iota // a try ended with an unknown outcome
	rewardNothing                         // a try was answered with "nothing was done"
	rewardOnRecord
	useSent          // its owner asked to use it
	useAcked         // it was acknowledged as used
	rewardReadAtEnd  // a whole list of its owner that should show it was read after the drain
	rewardShownAtEnd // that list showed it
)

func (w *reward) has(f rewardFlags) bool { return w.flags&f != 0 }

// mayBeOnRecord reports whether the reward may be on record: it was acknowledged, or the outcome of a try is open.
func (w *reward) mayBeOnRecord() bool {
	return w.acked != 0 || w.has(rewardUnknown) || !w.has(rewardNothing)
}

// rewards are the wins of rewards other than cash.
type rewards struct {
	list   []reward // from 1
	of     map[Person]uint32
	asked  map[wonBy]uint32
	orders map[wallet.OrderNo]uint32
}

// wonBy is an account and the play that it asked for: the same for every try.
type wonBy struct {
	account wallet.Account
	play    play
}

func newRewards() rewards {
	return rewards{list: make([]reward, 1), of: map[Person]uint32{}, asked: map[wonBy]uint32{}, orders: map[wallet.OrderNo]uint32{}}
}

// RewardSent records the first try for a reward other than cash.
func (o *Oracle) RewardSent(p Person, r wallet.GrantRequest, _ wallet.Instant) RewardID {
	w := reward{person: p, account: wallet.AccountOf(r.App, r.User), opened: r.Opened, next: o.rewards.of[p],
		play: play{r.Scene, r.Rain, r.Award, o.stage(r.Opened)}}
	key := wonBy{w.account, w.play}
	if _, taken := o.rewards.asked[key]; taken {
		panic(fmt.Sprintf("oracle: person %d wins twice in one play", p))
	}
	o.rewards.list = append(o.rewards.list, w)
	i := uint32(len(o.rewards.list) - 1)
	o.rewards.of[p], o.rewards.asked[key] = i, i
	o.others.Set(p, 1)
	return RewardID(i)
}

// RewardAnswered records the result of one try; wallet.ErrUnknown if there was no answer.
func (o *Oracle) RewardAnswered(id RewardID, reply wallet.GrantReply, err error, now wallet.Instant) {
	w := &o.rewards.list[id]
	if err != nil {
		o.notRewarded(w, err, now)
		return
	}
	o.evaluated(rewardOnce, 1)
	want := wallet.OrderNo{ActID: reply.Order.ActID, Scene: w.play.scene, Rain: w.play.rain, Award: w.play.award, Stage: w.play.stage}
	switch {
	case reply.Order != want || reply.Item == nil || reply.Item.No != want || reply.Amount != 0 || len(reply.Token) != 0:
		w.flags |= rewardUnknown
		o.fail(rewardOnce, 0, "person %d asked for the reward of order %[3]s, but the reply at %[2]s acknowledged order %[4]s and %[5]d fen", w.person, now, want, reply.Order, reply.Amount)
		return
	case w.order != (wallet.OrderNo{}) && w.order != want:
		o.fail(rewardOnce, 0, "person %d was acknowledged a win as order %s, and at %s the same win as order %s", w.person, w.order, now, want)
		return
	case !o.claim(w.person, want.ActID, now):
		w.flags |= rewardUnknown
		return
	}
	w.order, o.rewards.orders[want] = want, uint32(id)
	if w.acked == 0 {
		w.acked = now
		o.evaluated(phaseIsolation, 1)
		if o.childOf(w.play.stage) == nil {
			o.fail(phaseIsolation, 0, "person %d was acknowledged order %s at %s for a win at %s, but no stage was open then", w.person, want, now, w.opened)
		}
	}
	o.given(w, reply.Item, now)
}

// notRewarded records an answer that is not an acknowledgement.
func (o *Oracle) notRewarded(w *reward, err error, now wallet.Instant) {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		w.flags |= rewardUnknown
		return
	case wallet.CodeConflict, wallet.CodeRefused:
		o.evaluated(rewardOnce, 1)
		if w.acked != 0 || wallet.CodeOf(err) == wallet.CodeConflict {
			o.fail(rewardOnce, 0, "person %d repeated a request at %s that was acknowledged as order %s at %s, but the answer is %s", w.person, now, w.order, w.acked, wallet.ReasonOf(err))
		}
	}
	w.flags |= rewardNothing
}

// Refused records the answer to a request for money in a scene without cash. Only an error is right.
func (o *Oracle) Refused(r wallet.GrantRequest, err error, now wallet.Instant) {
	o.evaluated(noOverIssuance, 1)
	if err == nil {
		o.fail(noOverIssuance, r.Amount, "user %d of app %s asked at %s for %d fen in scene %s, which grants no cash, but was acknowledged", r.User, r.App, now, r.Amount, r.Scene)
	}
}

// given records the granted item in an answer or a list: it must never change, and the scene must offer it.
func (o *Oracle) given(w *reward, i *wallet.Item, now wallet.Instant) {
	if i.State == wallet.ItemOpen {
		return // not settled yet
	}
	got := gift{i.Award, i.Reward, i.State == wallet.ItemVoid}
	if w.got == (gift{}) {
		w.got = got
		if !o.offered(w, got) {
			o.fail(rewardOnce, 0, "person %d was given %s %q for order %s at %s, which its scene does not grant", w.person, got.award, got.reward, w.order, now)
		}
		return
	}
	if w.got != got {
		o.fail(rewardOnce, 0, "order %s of person %d was granted as %s %q, but at %s it is shown as %s %q", w.order, w.person, w.got.award, w.got.reward, now, got.award, got.reward)
	}
}

// offered reports whether the scene may grant this: its own reward, or the replacement if its stock is empty.
func (o *Oracle) offered(w *reward, got gift) bool {
	r, s := o.branch(w.play.stage, w.play.scene)
	if r == nil {
		return false
	}
	switch {
	case got.void:
		return got.reward == "" && (s.StockControl || o.cfg.Greetings)
	case got.reward == r.ID:
		return got.award == w.play.award
	case !s.StockControl || got.reward != r.Fallback || got.reward == "":
		return false
	}
	for award, fallback := range rewardsOf(o.childOf(w.play.stage)) {
		if fallback.ID == got.reward {
			return got.award == award
		}
	}
	return false
}

// rewardsOf yields the rewards of a child activity with their types; none for nil.
func rewardsOf(child *wallet.Child) iter.Seq2[wallet.AwardType, *wallet.Reward] {
	return func(yield func(wallet.AwardType, *wallet.Reward) bool) {
		if child == nil {
			return
		}
		for _, t := range child.Rewards {
			for i := range t.Rewards {
				if !yield(t.Type, &t.Rewards[i]) {
					return
				}
			}
		}
	}
}

// stocked yields the rewards that have a stock, with their child activities.
func (o *Oracle) stocked() iter.Seq2[*wallet.Child, *wallet.Reward] {
	return func(yield func(*wallet.Child, *wallet.Reward) bool) {
		for i := range o.cfg.Activity.Children {
			child := &o.cfg.Activity.Children[i]
			for _, r := range rewardsOf(child) {
				if r.Stock > 0 && !yield(child, r) {
					return
				}
			}
		}
	}
}

// branch returns the reward and the scene of a scene's id in a stage; nil if there is none.
func (o *Oracle) branch(st wallet.Stage, id wallet.SceneID) (*wallet.Reward, *wallet.Scene) {
	for _, r := range rewardsOf(o.childOf(st)) {
		for i := range r.Scenes {
			if r.Scenes[i].ID == id {
				return r, &r.Scenes[i]
			}
		}
	}
	return nil, nil
}
