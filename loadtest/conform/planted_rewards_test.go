package conform

import (
	"context"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// faultyRewards returns wrong results for some calls.
type faultyRewards struct {
	inner wallet.Rewards
	list  func(ctx context.Context, s wallet.Rewards, r wallet.RewardsRequest) (wallet.RewardsPage, error)
	use   func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error)
}

// Rewards implements wallet.Rewards.
func (b faultyRewards) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	if b.list == nil {
		return b.inner.Rewards(ctx, r)
	}
	return b.list(ctx, b.inner, r)
}

// UseReward implements wallet.Rewards.
func (b faultyRewards) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	if b.use == nil {
		return b.inner.UseReward(ctx, r)
	}
	return b.use(ctx, b.inner, r)
}

// withRewards returns a fault in the rewards.
func withRewards(b faultyRewards) fault {
	return fault{rewards: func(s wallet.Rewards) wallet.Rewards { b.inner = s; return b }}
}

// firstValues records the first value of each key. Safe for concurrent use.
type firstValues[K comparable, V any] struct {
	mu  sync.Mutex
	was map[K]V
}

// first returns the first value recorded for a key, which is v if there was none, and whether it is new.
func (s *firstValues[K, V]) first(k K, v V) (V, bool) {
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

// rewardFaults are faults in rewards other than cash.
func rewardFaults() []plantedFault {
	var asked firstValues[wallet.GrantRequest, bool]
	var used, owned, winners firstValues[wallet.OrderNo, wallet.Caller]
	// withOwners records who won a reward.
	withOwners := func(owners *firstValues[wallet.OrderNo, wallet.Caller], use func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error)) fault {
		f := withRewards(faultyRewards{use: use})
		f.service = withService(faultyService{grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
			reply, err := s.Grant(ctx, r)
			if err == nil && reply.Item != nil {
				owners.first(reply.Order, r.Caller)
			}
			return reply, err
		}}).service
		return f
	}
	return []plantedFault{
		{name: "a reward grants money too", failing: []string{"reward"}, fault: withService(faultyService{grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
			reply, err := s.Grant(ctx, r)
			if r.Award != wallet.Cash && err == nil {
				r.Scene, r.Award, r.Amount = "rain", wallet.Cash, 1
				_, err = s.Grant(ctx, r)
			}
			return reply, err
		}})},
		{name: "a repeat is another reward", exact: true, failing: []string{"reward-repeat"}, fault: changeGrant(func(r *wallet.GrantRequest) {
			if _, fresh := asked.first(*r, true); !fresh && r.Award != wallet.Cash {
				r.Opened++
				r.Scene = "no-such-scene"
			}
		})},
		{name: "the scene decides what is granted, whatever was requested", exact: true, failing: []string{"reward-other"}, fault: changeGrant(func(r *wallet.GrantRequest) {
			if r.Scene == "pendant" {
				r.Award, r.Amount = wallet.AvatarPendant, 0
			}
		})},
		{name: "one app lists nothing", exact: true, failing: []string{"reward-apps"}, fault: withRewards(faultyRewards{list: func(ctx context.Context, s wallet.Rewards, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
			p, err := s.Rewards(ctx, r)
			if r.App == wallet.FanqieAudio {
				p.Items = nil
			}
			return p, err
		}})},
		{name: "a page begins with the last line of the previous one", exact: true, failing: []string{"reward-walk"}, fault: withRewards(faultyRewards{list: func(ctx context.Context, s wallet.Rewards, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
			after := r.After
			p, err := s.Rewards(ctx, r)
			if after != (wallet.Cursor{}) && len(p.Items) > 0 {
				p.Items = slices.Concat(p.Items[:1], p.Items)
			}
			return p, err
		}})},
		{name: "repeating a use fails", exact: true, failing: []string{"reward-use", "reward-joined"}, fault: withRewards(faultyRewards{use: func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error) {
			i, err := s.UseReward(ctx, r)
			if _, fresh := used.first(r.Order, r.Caller); err == nil && !fresh {
				return i, wallet.ErrNotUsable
			}
			return i, err
		}})},
		{name: "every user who knows the number can use it", exact: true, failing: []string{"reward-others", "reward-joined"}, fault: withOwners(&owned, func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error) {
			r.Caller, _ = owned.first(r.Order, r.Caller)
			return s.UseReward(ctx, r)
		})},
		{name: "only the account that won it can use it", exact: true, failing: []string{"reward-joined"}, fault: withOwners(&winners, func(ctx context.Context, s wallet.Rewards, r wallet.UseRequest) (wallet.Item, error) {
			if owner, _ := winners.first(r.Order, r.Caller); owner != r.Caller {
				return wallet.Item{}, wallet.ErrNotYours
			}
			return s.UseReward(ctx, r)
		})},
	}
}
