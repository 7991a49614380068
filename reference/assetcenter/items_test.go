package assetcenter_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/reference/assetcenter"
	"hongbao/reference/limit"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

const now = wallet.Instant(1_643_630_400_000_000)

type clock struct{}

func (clock) Now() wallet.Instant { return now }

// crowd maps each user to the owner of the account.
type crowd map[wallet.UserID]wallet.Person

func (c crowd) Resolve(_ context.Context, a wallet.Account) (wallet.Person, error) {
	return c[a.User], nil
}

// counter grants each requested item once, or a greeting if greet is set.
type counter struct {
	items *mem.Items
	greet bool
}

func (c counter) Grant(ctx context.Context, i wallet.Item, s *activity.Scene) (wallet.Item, error) {
	i.Asked, i.Changed, i.Expires = s.Reward, i.Created, wallet.Never
	if i.State = wallet.ItemVoid; !c.greet {
		i.State, i.Award, i.Reward = wallet.ItemIssued, s.Award, s.Reward
	}
	got, _, err := c.items.Create(ctx, i)
	return got, err
}

func center(t *testing.T, people crowd) (*assetcenter.Center, *mem.Items) {
	x, err := activity.New(wallet.Activity{Parent: "spring", Children: []wallet.Child{{ID: "official", Stage: wallet.Official, From: 1, To: wallet.Never,
		Budget: 1000, SingleCap: 100, Rewards: []wallet.RewardType{
			{Type: wallet.Cash, Rewards: []wallet.Reward{{ID: "packet", Scenes: []wallet.Scene{{ID: "rain"}}}}},
			{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Scenes: []wallet.Scene{{ID: "tea", RateLimit: 1000}}}}},
		}}}})
	require.NoError(t, err)
	items := mem.NewItems()
	backlog := mem.NewBacklog(clock{}, 1, time.Second)
	c := &assetcenter.Center{People: people, Present: people, Index: x, Orders: mem.NewOrders(), Budgets: mem.NewBudgets(), Clock: clock{},
		Delivery: assetcenter.Async{Backlog: backlog}, Rewards: counter{items: items}, Items: items, Instances: 1}
	require.NoError(t, c.Plan(0, shares(1000)))
	return c, items
}

// shares limits each scene to perSecond grants a second, whatever its configuration.
func shares(perSecond float64) func(string, int64) (limit.Limiter, error) {
	return func(string, int64) (limit.Limiter, error) { return limit.NewShare(perSecond, 1) }
}

func win(user wallet.UserID) wallet.GrantRequest {
	return wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: user}, Activity: "spring", Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Opened: now}
}

func won(id wallet.ActID) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: wallet.Official}
}

// TestItemLimit: a scene's limit applies to coupons, the ledger's limit does not.
func TestItemLimit(t *testing.T) {
	c, _ := center(t, crowd{7: {ActID: 1}, 8: {ActID: 2}, 9: {ActID: 3}})
	require.NoError(t, c.Plan(1, shares(2)))
	for user, want := range []error{nil, nil, wallet.ErrLimited} {
		_, err := c.Grant(t.Context(), win(wallet.UserID(user+7)))
		require.ErrorIs(t, err, want)
	}
}

func TestGrantItem(t *testing.T) {
	c, items := center(t, crowd{7: {ActID: 1}})
	for range 2 {
		reply, err := c.Grant(t.Context(), win(7))
		require.NoError(t, err)
		require.Equal(t, won(1), reply.Order)
		require.Zero(t, reply.Amount)
		require.Equal(t, wallet.GrantAccepted, reply.State, "its downstream was not called yet")
		require.Equal(t, wallet.RewardID("tea"), reply.Item.Reward)
		require.Equal(t, wallet.Account{Family: wallet.DouyinFamily, User: 7}, reply.Item.Account)
		require.Equal(t, now, reply.Item.Opened)
	}
	n, err := items.Count(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.Equal(t, map[wallet.ItemState]int64{wallet.ItemIssued: 1}, n)

	for _, bad := range []struct {
		why   string
		spoil func(*wallet.GrantRequest)
		want  error
	}{
		{"an amount", func(r *wallet.GrantRequest) { r.Amount = 1 }, wallet.ErrInvalid},
		{"a negative amount", func(r *wallet.GrantRequest) { r.Amount = -1 }, wallet.ErrInvalid},
		{"cash without an amount", func(r *wallet.GrantRequest) { r.Award, r.Scene = wallet.Cash, "rain" }, wallet.ErrInvalid},
		{"an unknown type", func(r *wallet.GrantRequest) { r.Award = 14 }, wallet.ErrInvalid},
		{"another type's scene", func(r *wallet.GrantRequest) { r.Scene = "rain" }, wallet.ErrInvalid},
		{"no such scene", func(r *wallet.GrantRequest) { r.Scene = "gold" }, wallet.ErrUnknownScene},
		{"a win too long ago", func(r *wallet.GrantRequest) { r.Opened -= wallet.Instant(25 * time.Hour / time.Microsecond) }, wallet.ErrInvalid},
	} {
		r := win(7)
		bad.spoil(&r)
		_, err := c.Grant(t.Context(), r)
		require.ErrorIs(t, err, bad.want, bad.why)
	}
	c.Rewards = nil
	_, err = c.Grant(t.Context(), win(7))
	require.ErrorIs(t, err, wallet.ErrUnavailable, "only cash")
}

// TestItemOfAnotherWallet: a win counts if it was made under a wallet that the person has joined since (B2), or one
// that the account has left. A win made by others in the left wallet afterwards belongs to them.
func TestItemOfAnotherWallet(t *testing.T) {
	left := wallet.Instant(time.Hour / time.Microsecond)
	for _, c := range []struct {
		why     string
		before  []wallet.ActID // the wallets under which it is on record
		greet   bool
		created wallet.Instant
		who     wallet.Person
		want    wallet.ActID
	}{
		{"nothing is on record", nil, false, 0, wallet.Person{ActID: 9, Former: []wallet.ActID{3}}, 9},
		{"won under a former wallet", []wallet.ActID{3}, false, now, wallet.Person{ActID: 9, Former: []wallet.ActID{2, 3}}, 3},
		{"a greeting counts too", []wallet.ActID{3}, true, now, wallet.Person{ActID: 9, Former: []wallet.ActID{2, 3}}, 3},
		{"won in a wallet, then left it", []wallet.ActID{5}, false, now - left, wallet.Person{ActID: 9, Left: []wallet.LeftWallet{{ActID: 5, At: now}}}, 5},
		{"won there by others afterwards", []wallet.ActID{5}, false, now, wallet.Person{ActID: 9, Left: []wallet.LeftWallet{{ActID: 5, At: now - left}}}, 9},
		{"in flight when the wallet was left", []wallet.ActID{5}, false, now, wallet.Person{ActID: 9, Left: []wallet.LeftWallet{{ActID: 5, At: now - 1}}}, 5},
	} {
		center, items := center(t, crowd{7: c.who})
		for _, id := range c.before {
			i := wallet.Item{No: won(id), Asked: "tea", Account: wallet.Account{Family: wallet.DouyinFamily, User: 1}, Opened: now, Created: c.created, Expires: wallet.Never}
			if i.State = wallet.ItemVoid; !c.greet {
				i.State, i.Award, i.Reward = wallet.ItemIssued, wallet.HeyteaCoupon, "tea"
			}
			_, _, err := items.Create(t.Context(), i)
			require.NoError(t, err)
		}
		reply, err := center.Grant(t.Context(), win(7))
		require.NoError(t, err)
		require.Equal(t, won(c.want), reply.Order, c.why)
		require.Equal(t, c.greet, reply.Item.State == wallet.ItemVoid, c.why)
	}
}

// TestRewardBeforeGreeting: of two wins under joined wallets, the one with a reward counts.
func TestRewardBeforeGreeting(t *testing.T) {
	c, items := center(t, crowd{1: {ActID: 2}, 2: {ActID: 3}, 7: {ActID: 9, Former: []wallet.ActID{2, 3}}})
	c.Rewards = counter{items: items, greet: true}
	_, err := c.Grant(t.Context(), win(1))
	require.NoError(t, err)
	c.Rewards = counter{items: items}
	_, err = c.Grant(t.Context(), win(2))
	require.NoError(t, err)
	reply, err := c.Grant(t.Context(), win(7))
	require.NoError(t, err)
	require.Equal(t, won(3), reply.Order)
}

// TestStopCash: while the switch is on no new cash is granted; orders on record are answered, and coupons continue.
func TestStopCash(t *testing.T) {
	c, _ := center(t, crowd{7: {ActID: 1}, 8: {ActID: 2}})
	cash := win(7)
	cash.Scene, cash.Award, cash.Amount = "rain", wallet.Cash, 5
	_, err := c.Grant(t.Context(), cash)
	require.NoError(t, err)
	c.Switched = func(s wallet.Switch) bool { return s == wallet.SwitchStopCash }
	_, err = c.Grant(t.Context(), cash)
	require.NoError(t, err, "it is on record")
	cash.User = 8
	_, err = c.Grant(t.Context(), cash)
	require.ErrorIs(t, err, wallet.ErrSwitchedOff)
	got, err := c.Orders.Get(t.Context(), []wallet.OrderNo{{ActID: 2, Scene: "rain", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}})
	require.NoError(t, err)
	require.Zero(t, got[0].No.ActID, "nothing was recorded")
	_, err = c.Grant(t.Context(), win(8))
	require.NoError(t, err)
	c.Switched = nil
	_, err = c.Grant(t.Context(), cash)
	require.NoError(t, err)
}
