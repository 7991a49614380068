package oracle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// wire returns an item as the API shows it: without its account, its creation and its count.
func wire(i wallet.Item) wallet.Item {
	i.Account, i.Created, i.Counted = wallet.Account{}, 0, wallet.OrderNo{}
	return i
}

// lose makes a person ask for a tea without receiving an answer.
func (k *rewardModel) lose(p Person, err error) RewardID {
	r := wallet.GrantRequest{Caller: callerOf(p), Activity: "festival", Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Opened: k.tick()}
	id := k.RewardSent(p, r, k.now)
	k.RewardAnswered(id, wallet.GrantReply{}, err, k.tick())
	return id
}

// rest reads a person's whole list of rewards after the drain, one reward per page.
func (k *rewardModel) rest(p Person, items ...wallet.Item) {
	l := RewardList{Person: p, Family: wallet.DouyinFamily, Start: k.tick()}
	for n, it := range items {
		page := wallet.RewardsPage{Stage: wallet.Official, Items: []wallet.Item{wire(it)}}
		if n < len(items)-1 {
			page.Next = wallet.Cursor{Opened: it.Opened, Order: it.No}
		}
		l.Pages = append(l.Pages, page)
	}
	if len(items) == 0 {
		l.Pages = []wallet.RewardsPage{{Stage: wallet.Official}}
	}
	k.JudgeRewardList(l, k.tick())
}

// sendMore makes person 0 send the same amount again with the given answer, and returns the packet as it would be after
// sending.
func (k *rewardModel) sendMore(err error) wallet.Packet {
	p := k.packets[0]
	p.No.Request++
	id := k.PacketSent(0, wallet.SendPacketRequest{Caller: callerOf(0), Request: p.No.Request, Amount: p.Amount, To: []wallet.Caller{callerOf(1), callerOf(2)}, At: k.tick()}, []Person{1, 2}, k.now)
	k.PacketAnswered(id, wallet.Packet{}, err, k.tick())
	return p
}

// money reads a person's whole list of money after the drain.
func (k *rewardModel) money(p Person, income, balance wallet.Money, packets ...wallet.Packet) {
	page := wallet.Page{Stage: wallet.Official, Income: income, Balance: balance, Packets: packets}
	if income > 0 {
		page.Grants = []wallet.Line{{Order: wallet.OrderNo{ActID: wallet.ActID(p + 1), Scene: "rain", Rain: 1, Award: wallet.Cash, Stage: wallet.Official},
			Amount: income, Status: wallet.TokenSuccess}}
	}
	k.JudgeList(List{Person: p, Family: wallet.DouyinFamily, Start: k.tick(), Pages: []wallet.Page{page}}, k.tick())
}

// outsideStory is a story of coupons and packets that is judged by the answers of the wallet alone.
type outsideStory struct {
	why   string
	check string // that must fail; "" if nothing is wrong
	do    func(k *rewardModel)
}

// Each wrong statement about rewards and packets is also caught from outside, by the check named in the case.
func TestOutsideCatchesRewardsAndPackets(t *testing.T) {
	for _, c := range slices.Concat(outsideRewards(), outsidePackets(), outsideWrongPackets()) {
		t.Run(c.why, func(t *testing.T) {
			k := newRewardModel()
			c.do(k)
			k.requireFailed(t, c.check)
		})
	}
}

// withState returns a coupon in another state, and withShareState a packet with one share in another state.
func withState(i wallet.Item, s wallet.ItemState) wallet.Item { i.State = s; return i }

func withShareState(p wallet.Packet, n int, s wallet.ShareState) wallet.Packet {
	p.Shares = slices.Clone(p.Shares)
	p.Shares[n].State = s
	return p
}

// outsideRewards returns correct and wrong lists of coupons.
func outsideRewards() []outsideStory {
	return []outsideStory{
		{"two win the teas and one a greeting; one is used", "", func(k *rewardModel) {
			k.win(0)
			k.win(1)
			k.win(2)
			k.use(0, 0)
			k.rest(0, k.items[0])
			k.rest(1, k.items[1])
			k.rest(2)
		}},
		{"an unanswered win is listed, and a refused one is not", "", func(k *rewardModel) {
			k.lose(0, wallet.ErrUnknown)
			k.lose(1, wallet.ErrOverloaded)
			won := k.items[k.win(2)]
			mine := won
			mine.No.ActID, mine.Opened = 1, k.rewards.list[1].opened
			k.rest(0, mine)
			k.rest(1)
			k.rest(2, won)
		}},
		{"a list without an end is not judged", "", func(k *rewardModel) {
			k.win(0)
			k.JudgeRewardList(RewardList{Person: 0, Family: wallet.DouyinFamily, Pages: []wallet.RewardsPage{{Stage: wallet.Official, Next: wallet.Cursor{Opened: 1}}}}, k.tick())
		}},
		{"it is listed twice", "reward-once", func(k *rewardModel) { i := k.items[k.win(0)]; k.rest(0, i, i) }},
		{"it is not listed", "reward-once", func(k *rewardModel) { k.win(0); k.rest(0) }},
		{"it never reached a final state", "reward-once", func(k *rewardModel) { k.rest(0, withState(k.items[k.win(0)], wallet.ItemProcessing)) }},
		{"its use never reached a final state", "reward-once", func(k *rewardModel) { i := k.win(0); k.use(0, i); k.rest(0, withState(k.items[i], wallet.ItemUsing)) }},
		{"every try was refused, but it is listed", "reward-once", func(k *rewardModel) {
			k.lose(0, wallet.ErrOverloaded)
			i := k.items[k.win(1)]
			i.No.ActID, i.Opened = 1, k.rewards.list[1].opened
			k.rest(0, i)
		}},
		{"reported as used, but is not", "reward-use-once", func(k *rewardModel) { i := k.win(0); k.use(0, i); k.rest(0, withState(k.items[i], wallet.ItemSettled)) }},
		{"used, but nobody asked", "reward-use-once", func(k *rewardModel) { k.rest(0, withState(k.items[k.win(0)], wallet.ItemUsed)) }},
		{"one more than the stock", "stock-never-over", func(k *rewardModel) { k.win(0); k.win(1); k.counted = 1; k.win(2); k.JudgeTotals(Totals{}) }},
	}
}

// outsidePackets returns correct lists of packets.
func outsidePackets() []outsideStory {
	return []outsideStory{
		{"half of a packet is opened", "", func(k *rewardModel) {
			k.send(100)
			k.open(1, 0)
			k.money(0, 100, 0, k.packets[0])
			k.money(1, 0, 50, k.packets[0])
			k.money(2, 0, 0, k.packets[0])
		}},
		{"the recipient is shown only their own share", "", func(k *rewardModel) {
			k.send(100)
			k.open(1, 0)
			p := k.packets[0]
			p.Shares = p.Shares[:1]
			k.money(1, 0, 50, p)
		}},
		{"an unopened share was returned", "", func(k *rewardModel) {
			k.send(100)
			k.money(0, 100, 50, withShareState(k.packets[0], 0, wallet.ShareReturned))
		}},
	}
}

// outsideWrongPackets returns wrong lists of packets.
func outsideWrongPackets() []outsideStory {
	return []outsideStory{
		{"the sender's balance still includes it", "user-view", func(k *rewardModel) { k.send(100); k.money(0, 100, 100, k.packets[0]) }},
		{"the recipient's balance lacks it", "user-view", func(k *rewardModel) { k.send(100); k.open(1, 0); k.money(1, 0, 0, k.packets[0]) }},
		{"acknowledged as sent, but not listed", "packet-exact", func(k *rewardModel) { k.send(100); k.money(0, 100, 100) }},
		{"acknowledged as sent, but refused", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.packets[0].State = wallet.PacketRefused
			k.money(0, 100, 100, k.packets[0])
		}},
		{"neither sent nor refused", "packet-exact", func(k *rewardModel) {
			k.send(100)
			p := k.sendMore(wallet.ErrUnknown)
			p.State = wallet.PacketAsked
			k.money(0, 100, 0, k.packets[0], p)
		}},
		{"refused, but sent", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.money(0, 100, -100, k.packets[0], k.sendMore(wallet.ErrLimited))
		}},
		{"acknowledged as opened, but still waits", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.open(1, 0)
			k.money(0, 100, 0, withShareState(k.packets[0], 0, wallet.ShareWaiting))
		}},
		{"opened, but nobody asked", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.money(0, 100, 0, withShareState(k.packets[0], 1, wallet.ShareOpened))
		}},
		{"still being opened", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.OpenAnswered(k.OpenSent(1, wallet.OpenPacketRequest{Caller: callerOf(1), Packet: k.packets[0].No}, k.tick()), wallet.Share{}, wallet.ErrUnknown, k.tick())
			k.money(0, 100, 0, withShareState(k.packets[0], 0, wallet.ShareOpening))
		}},
		{"opened, but missing from the list", "packet-exact", func(k *rewardModel) { k.send(100); k.open(1, 0); k.money(1, 0, 50) }},
	}
}

// The stock is not judged while open outcomes could exceed it, until lists show the outcomes.
func TestOutsideStockIsUnknownWhileWinsAreOpen(t *testing.T) {
	result := func(k *rewardModel) string {
		k.JudgeTotals(Totals{})
		return k.Checks()[stockNeverOver].Result
	}
	k := newRewardModel()
	k.win(0)
	k.lose(1, wallet.ErrUnknown)
	require.Equal(t, Pass, result(k), "each may have one: the stock is two")
	k.lose(2, wallet.ErrUnknown)
	k.tallies[stockNeverOver] = tally{}
	require.Equal(t, Unknown, result(k))
	k.rest(2)
	require.Equal(t, Pass, result(k), "a list showed that the win has no coupon")
}

// NextPerson also returns people who won no money or only received a packet, with the families that show it.
func TestAskerNamesEverybodyConcerned(t *testing.T) {
	k := newRewardModel()
	k.win(5)
	k.send(100)
	k.GrantSent(4, wallet.GrantRequest{Caller: callerOf(4), Activity: "festival", Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: 1, Opened: k.tick()}, k.now)
	var people []Person
	for p, read, ok := k.NextPerson(-1, k.tick()); ok; p, read, ok = k.NextPerson(p, k.now) {
		people = append(people, p)
		require.Equal(t, [3]bool{wallet.DouyinFamily: true}, read)
	}
	require.Equal(t, []Person{0, 1, 2, 4, 5}, people)
}
