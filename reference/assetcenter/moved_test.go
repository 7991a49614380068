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

// between does something else once, just before or just after the call of that number that a grant makes.
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

// slow returns the centre with every call that tells it something made through b.
func slow(c *assetcenter.Center, b *between) *assetcenter.Center {
	s := *c
	s.People, s.Present = slowPeople{b, c.People}, slowPeople{b, c.Present}
	s.Orders, s.Items = slowOrders{b, c.Orders}, slowItems{b, c.Items}
	s.Rewards = slowRewards{b, c.Rewards}
	return &s
}

// pays counts what is on record of a win under wallets.
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

// TestJoinedWhileGranting is O3 against B2: at whatever moment of a grant the person joins wallets and repeats it
// elsewhere, the win is on record once, and both tries are told of that one.
func TestJoinedWhileGranting(t *testing.T) {
	apart := wallet.Person{ActID: 3}
	for _, joined := range []wallet.Person{{ActID: 9, Former: []wallet.ActID{3}}, {ActID: 9, Former: []wallet.ActID{2, 3, 4}}} {
		for _, before := range []wallet.Person{apart, {ActID: 3, Former: []wallet.ActID{2}}} {
			cash := win(7)
			cash.Scene, cash.Award, cash.Amount = "rain", wallet.Cash, 5
			for _, r := range []wallet.GrantRequest{win(7), cash} {
				for call, reached := 1, true; reached; call++ {
					for _, after := range []bool{false, true} {
						people := crowd{7: before}
						prompt, _ := center(t, people)
						var told wallet.GrantReply
						b := &between{call: call, after: after, do: func() {
							people[7] = joined
							var err error
							told, err = prompt.Grant(t.Context(), r)
							require.NoError(t, err)
						}}
						reply, err := slow(prompt, b).Grant(t.Context(), r)
						require.NoError(t, err)
						if reached = b.calls >= call; !reached {
							require.Greater(t, call, 2, "a grant makes calls")
							break
						}
						require.Equal(t, told.Order, reply.Order, "%s, joined at call %d, after it: %v", r.Award, call, after)
						require.Equal(t, 1, pays(t, prompt, reply.Order, 9, 2, 3, 4))
						again, err := prompt.Grant(t.Context(), r)
						require.NoError(t, err)
						require.Equal(t, told.Order, again.Order)
					}
				}
			}
		}
	}
}

// TestRememberedPerson: an instance that remembers whom an account stood for before it joined another wallet finds its
// number given up, and grants to whom it stands for now.
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

// TestJustLeft: nothing new is recorded for an account while what it asked for before it left a wallet may still be on its
// way there; what is on record is answered.
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
