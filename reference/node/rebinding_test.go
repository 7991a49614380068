package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// TestNoSequenceOfBindingsPaysTwice is O3 where accounts change wallets (B2): three accounts bind three phones to and
// fro and repeat their requests. An account has won what was ever on record in a wallet while it stood behind it. What
// it has won is never recorded anew, and what it has not won always is.
func TestNoSequenceOfBindingsPaysTwice(t *testing.T) {
	callers := []wallet.Caller{{App: wallet.Douyin, User: 7}, {App: wallet.Toutiao, User: 9}, {App: wallet.Xigua, User: 8}}
	rapid.Check(t, func(rt *rapid.T) {
		s := newTeller(t)
		s.tell("open")
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
					require.True(rt, isNew || won[c][reply.Order], "user %d is told of order %s, which was never its own", c.User, reply.Order)
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
		s.tell("post")
		require.True(rt, strings.HasSuffix(s.tell("reconcile"), ": 0 differences\n"))
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

// onRecord returns all orders. Wallets are dense, and no step hands out more than one.
func (s *teller) onRecord(t *rapid.T) (all []wallet.Order) {
	for id := wallet.ActID(1); id <= 50; id++ {
		orders, err := s.orders.Of(s.ctx, id, wallet.Official)
		require.NoError(t, err)
		all = append(all, orders...)
	}
	return all
}
