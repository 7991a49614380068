package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// TestNoSequenceOfBindingsPaysTwice is O3 while accounts change wallets (B2): three accounts bind three phones
// repeatedly and repeat their requests. An account has won the orders that were on record in a wallet while the account
// belonged to it. A win is never recorded again, and a new win is always recorded.
func TestNoSequenceOfBindingsPaysTwice(t *testing.T) {
	callers := []wallet.Caller{{App: wallet.Douyin, User: 7}, {App: wallet.Toutiao, User: 9}, {App: wallet.Xigua, User: 8}}
	rapid.Check(t, func(rt *rapid.T) {
		s := newRunner(t)
		s.run("open")
		won := map[wallet.Caller]map[wallet.OrderNo]bool{}
		for _, c := range callers {
			won[c] = map[wallet.OrderNo]bool{}
		}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			s.clock.now = s.clock.now.Add(11 * time.Second) // longer than an account takes to leave a wallet
			c := rapid.SampledFrom(callers).Draw(rt, "caller")
			if rapid.Bool().Draw(rt, "bind") {
				_, err := s.node.Bind(s.ctx, c, wallet.Phone(rapid.IntRange(111, 113).Draw(rt, "phone")))
				if err != nil {
					require.ErrorIs(rt, err, wallet.ErrInvalid, "only the bounds may refuse")
				}
			} else {
				rain := int32(rapid.IntRange(1, 2).Draw(rt, "rain"))
				amount := wallet.Money(rapid.IntRange(1, 2).Draw(rt, "amount"))
				before := s.onRecord(rt)
				reply, err := s.node.Grant(s.ctx, wallet.GrantRequest{Caller: c, Activity: "spring", Scene: "rain", Rain: rain, Award: wallet.Cash, Amount: amount, Opened: eve})
				isNew := len(s.onRecord(rt)) > len(before)
				require.Equal(rt, !wonIn(won[c], rain), isNew, "whether user %d wins rain %d", c.User, rain)
				if err != nil {
					require.ErrorIs(rt, err, wallet.ErrConflict, "only another amount may be refused")
				} else {
					require.True(rt, isNew || won[c][reply.Order], "the reply to user %d names order %s, which was never its own", c.User, reply.Order)
				}
			}
			for _, o := range s.onRecord(rt) {
				for _, c := range callers {
					if who, err := s.identities.Person(s.ctx, wallet.AccountOf(c.App, c.User)); err == nil && who.Owns(o.No.ActID) {
						won[c][o.No] = true
					}
				}
			}
		}
		s.run("post")
		require.True(rt, strings.HasSuffix(s.run("reconcile"), ": 0 differences\n"))
	})
}

func wonIn(won map[wallet.OrderNo]bool, rain int32) bool {
	for no := range won {
		if no.Rain == rain {
			return true
		}
	}
	return false
}

// onRecord returns all orders. Wallet ids are dense, and no step creates more than one.
func (s *storyRunner) onRecord(t *rapid.T) (all []wallet.Order) {
	for id := wallet.ActID(1); id <= 50; id++ {
		orders, err := s.orders.Of(s.ctx, id, wallet.Official)
		require.NoError(t, err)
		all = append(all, orders...)
	}
	return all
}
