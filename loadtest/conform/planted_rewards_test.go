package conform

import (
	"context"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// bentRewards is rewards of which some answers are wrong.
type bentRewards struct {
	sound wallet.Rewards
	list  func(ctx context.Context, s wallet.Rewards, r wallet.RewardsRequest) (wallet.RewardsPage, error)
	use   func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error)
}

// Rewards implements wallet.Rewards.
func (b bentRewards) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	if b.list == nil {
		return b.sound.Rewards(ctx, r)
	}
	return b.list(ctx, b.sound, r)
}

// UseReward implements wallet.Rewards.
func (b bentRewards) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	if b.use == nil {
		return b.sound.UseReward(ctx, r)
	}
	return b.use(ctx, b.sound, r)
}

// byRewards returns the fault of bent rewards.
func byRewards(b bentRewards) fault {
	return fault{rewards: func(s wallet.Rewards) wallet.Rewards { b.sound = s; return b }}
}

// seen remembers what was there before. Safe for concurrent use.
type seen[K comparable, V any] struct {
	mu  sync.Mutex
	was map[K]V
}

// first returns what was noted for a key first, which is v now unless there was something, and whether it is new.
func (s *seen[K, V]) first(k K, v V) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.was[k]; ok {
		return was, false
	}
	if s.was == nil {
		s.was = map[K]V{}
	}
	s.was[k] = v
	return v, true
}

// rewardFaults are faults with rewards other than cash.
func rewardFaults() []plant {
	var asked seen[wallet.GrantRequest, bool]
	var used, owned, kept seen[wallet.OrderNo, wallet.Caller]
	// told notes who won a reward.
	told := func(owners *seen[wallet.OrderNo, wallet.Caller], use func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error)) fault {
		f := byRewards(bentRewards{use: use})
		f.service = by(bent{grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
			reply, err := s.Grant(ctx, r)
			if err == nil && reply.Item != nil {
				owners.first(reply.Order, r.Caller)
			}
			return reply, err
		}}).service
		return f
	}
	return []plant{
		{name: "a reward is money too", caught: []string{"reward"}, fault: by(bent{grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
			reply, err := s.Grant(ctx, r)
			if r.Award != wallet.Cash && err == nil {
				r.Scene, r.Award, r.Amount = "rain", wallet.Cash, 1
				_, err = s.Grant(ctx, r)
			}
			return reply, err
		}})},
		{name: "a repeat is another reward", alone: true, caught: []string{"reward-repeat"}, fault: regrant(func(r *wallet.GrantRequest) {
			if _, fresh := asked.first(*r, true); !fresh && r.Award != wallet.Cash {
				r.Opened++
				r.Scene = "no-such-scene"
			}
		})},
		{name: "the scene says what is granted, whatever was asked for", alone: true, caught: []string{"reward-other"}, fault: regrant(func(r *wallet.GrantRequest) {
			if r.Scene == "pendant" {
				r.Award, r.Amount = wallet.AvatarPendant, 0
			}
		})},
		{name: "one app lists nothing", alone: true, caught: []string{"reward-apps"}, fault: byRewards(bentRewards{list: func(ctx context.Context, s wallet.Rewards, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
			p, err := s.Rewards(ctx, r)
			if r.App == wallet.FanqieAudio {
				p.Items = nil
			}
			return p, err
		}})},
		{name: "a page begins with the line that the last one ended with", alone: true, caught: []string{"reward-walk"}, fault: byRewards(bentRewards{list: func(ctx context.Context, s wallet.Rewards, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
			after := r.After
			p, err := s.Rewards(ctx, r)
			if after != (wallet.Cursor{}) && len(p.Items) > 0 {
				p.Items = slices.Concat(p.Items[:1], p.Items)
			}
			return p, err
		}})},
		{name: "what is used is not used again", alone: true, caught: []string{"reward-use", "reward-joined"}, fault: byRewards(bentRewards{use: func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error) {
			i, err := s.UseReward(ctx, r)
			if _, fresh := used.first(r.Order, r.Caller); err == nil && !fresh {
				return i, wallet.ErrNotUsable
			}
			return i, err
		}})},
		{name: "whoever knows the number uses it", alone: true, caught: []string{"reward-others", "reward-joined"}, fault: told(&owned, func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error) {
			r.Caller, _ = owned.first(r.Order, r.Caller)
			return s.UseReward(ctx, r)
		})},
		{name: "the account that won it uses it alone", alone: true, caught: []string{"reward-joined"}, fault: told(&kept, func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error) {
			if owner, _ := kept.first(r.Order, r.Caller); owner != r.Caller {
				return wallet.Item{}, wallet.ErrNotYours
			}
			return s.UseReward(ctx, r)
		})},
	}
}
