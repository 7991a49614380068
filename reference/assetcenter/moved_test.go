package assetcenter_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/reference/assetcenter"
	"hongbao/reference/wallet"
)

// between runs do once, before or after one of the calls that a grant makes; call is its number, from 1.
type between struct {
	call  int
	after bool
	do    func()
	calls int
}

func (b *between) around(call func()) {
	b.calls++
	if b.calls == b.call && !b.after {
		b.do()
	}
	call()
	if b.calls == b.call && b.after {
		b.do()
	}
}

type slowPeople struct {
	*between
	wallet.People
}

func (p slowPeople) Resolve(ctx context.Context, a wallet.Account) (who wallet.Person, err error) {
	p.around(func() { who, err = p.People.Resolve(ctx, a) })
	return who, err
}

type slowOrders struct {
	*between
	wallet.Orders
}

func (o slowOrders) Create(ctx context.Context, v wallet.Order) (on wallet.Order, isNew bool, err error) {
	o.around(func() { on, isNew, err = o.Orders.Create(ctx, v) })
	return on, isNew, err
}

func (o slowOrders) Get(ctx context.Context, nos []wallet.OrderNo) (on []wallet.Order, err error) {
	o.around(func() { on, err = o.Orders.Get(ctx, nos) })
	return on, err
}

type slowItems struct {
	*between
	wallet.ItemRecorder
}

func (i slowItems) Create(ctx context.Context, v wallet.Item) (on wallet.Item, isNew bool, err error) {
	i.around(func() { on, isNew, err = i.ItemRecorder.Create(ctx, v) })
	return on, isNew, err
}

func (i slowItems) Get(ctx context.Context, nos []wallet.OrderNo) (on []wallet.Item, err error) {
	i.around(func() { on, err = i.ItemRecorder.Get(ctx, nos) })
	return on, err
}

type slowRewards struct {
	*between
	assetcenter.Rewards
}

func (r slowRewards) Grant(ctx context.Context, asked wallet.Item, s *activity.Scene) (i wallet.Item, err error) {
	r.around(func() { i, err = r.Rewards.Grant(ctx, asked, s) })
	return i, err
}

// slow returns the centre with every call of a grant made through b.
func slow(c *assetcenter.Center, b *between) *assetcenter.Center {
	s := *c
	s.People, s.Present = slowPeople{b, c.People}, slowPeople{b, c.Present}
	s.Orders, s.Items = slowOrders{b, c.Orders}, slowItems{b, c.Items}
	s.Rewards = slowRewards{b, c.Rewards}
	return &s
}

// pays counts the orders and items of a win that are on record under these wallets and grant something.
func pays(t *testing.T, c *assetcenter.Center, no wallet.OrderNo, wallets ...wallet.ActID) (n int) {
	for _, id := range wallets {
		no.ActID = id
		orders, err := c.Orders.Get(t.Context(), []wallet.OrderNo{no})
		require.NoError(t, err)
		items, err := c.Items.Get(t.Context(), []wallet.OrderNo{no})
		require.NoError(t, err)
		if orders[0].No == no && orders[0].State.Pays() || items[0].No == no && items[0].State.Grants() {
			n++
		}
	}
	return n
}

// TestJoinedWhileGranting is O3 against B2: at any call of a grant the person joins wallets and repeats the grant from
// another app. The win is on record once, and both replies name that record.
func TestJoinedWhileGranting(t *testing.T) {
	separate := wallet.Person{ActID: 3}
	for _, joined := range []wallet.Person{{ActID: 9, Former: []wallet.ActID{3}}, {ActID: 9, Former: []wallet.ActID{2, 3, 4}}} {
		for _, before := range []wallet.Person{separate, {ActID: 3, Former: []wallet.ActID{2}}} {
			cash := win(7)
			cash.Scene, cash.Award, cash.Amount = "rain", wallet.Cash, 5
			for _, r := range []wallet.GrantRequest{win(7), cash} {
				for call, reached := 1, true; reached; call++ {
					for _, after := range []bool{false, true} {
						people := crowd{7: before}
						prompt, _ := center(t, people)
						var joinedReply wallet.GrantReply
						b := &between{call: call, after: after, do: func() {
							people[7] = joined
							var err error
							joinedReply, err = prompt.Grant(t.Context(), r)
							require.NoError(t, err)
						}}
						reply, err := slow(prompt, b).Grant(t.Context(), r)
						require.NoError(t, err)
						if reached = b.calls >= call; !reached {
							require.Greater(t, call, 2, "a grant makes more than two calls")
							break
						}
						require.Equal(t, joinedReply.Order, reply.Order, "%s, joined at call %d, after it: %v", r.Award, call, after)
						require.Equal(t, 1, pays(t, prompt, reply.Order, 9, 2, 3, 4))
						again, err := prompt.Grant(t.Context(), r)
						require.NoError(t, err)
						require.Equal(t, joinedReply.Order, again.Order)
					}
				}
			}
		}
	}
}

// TestRememberedPerson: an instance whose cache has the owner from before wallets were joined finds the number given
// up, and grants to the present owner.
func TestRememberedPerson(t *testing.T) {
	for _, r := range []wallet.GrantRequest{win(7), {Caller: win(7).Caller, Activity: "spring", Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: 5, Opened: now}} {
		c, _ := center(t, crowd{7: {ActID: 9, Former: []wallet.ActID{3}}})
		first, err := c.Grant(t.Context(), r)
		require.NoError(t, err)
		late := *c
		late.People = crowd{7: {ActID: 3}}
		second, err := late.Grant(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, first.Order, second.Order)
		late.Present = late.People // joined once more in between
		_, err = late.Grant(t.Context(), r)
		require.ErrorIs(t, err, wallet.ErrMoving)
		require.Equal(t, wallet.CodeOverloaded, wallet.CodeOf(err), "nothing was done")
	}
}

// TestJustLeft: nothing new is recorded for an account while requests from before it left a wallet may still be in
// flight there; a win on record is answered.
func TestJustLeft(t *testing.T) {
	for _, r := range []wallet.GrantRequest{win(7), {Caller: win(7).Caller, Activity: "spring", Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: 5, Opened: now}} {
		people := crowd{7: {ActID: 5}}
		c, _ := center(t, people)
		_, err := c.Grant(t.Context(), r)
		require.NoError(t, err)
		people[7] = wallet.Person{ActID: 9, Left: []wallet.LeftWallet{{ActID: 5, At: now}}}
		again, err := c.Grant(t.Context(), r)
		require.NoError(t, err)
		require.EqualValues(t, 5, again.Order.ActID)
		r.Rain = 2
		for _, c2 := range []struct {
			since time.Duration
			want  error
		}{{-time.Second, wallet.ErrMoving}, {0, wallet.ErrMoving}, {10*time.Second - time.Microsecond, wallet.ErrMoving}, {10 * time.Second, nil}} {
			people[7].Left[0].At = now.Add(-c2.since)
			_, err = c.Grant(t.Context(), r)
			require.ErrorIs(t, err, c2.want, c2.since)
		}
	}
}
