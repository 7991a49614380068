package oracle

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// rewardModel is a small correct wallet with coupons and packets; tests falsify it.
type rewardModel struct {
	*Oracle
	now        wallet.Instant
	items      []wallet.Item
	downstream []DownstreamRecord
	packets    []wallet.Packet
	entries    []wallet.Entry
	counted    int64
}

const teas = 2 // in stock

// newRewardModel returns an empty one: tea has a stock, movies have none.
func newRewardModel() *rewardModel {
	tree := wallet.Activity{Parent: "festival", Children: []wallet.Child{{ID: "official", Stage: wallet.Official, From: 1, To: 1 << 60, Budget: 1_000, SingleCap: 1_000,
		Rewards: []wallet.RewardType{
			{Type: wallet.HeyteaCoupon, Rewards: []wallet.Reward{{ID: "tea", Stock: teas, ThresholdDen: 1, Scenes: []wallet.Scene{{ID: "tea", StockControl: true}}}}},
			{Type: wallet.MovieCoupon, Rewards: []wallet.Reward{{ID: "movie", Scenes: []wallet.Scene{{ID: "movie"}}}}}}}}}
	return &rewardModel{Oracle: New(Config{Strategy: wallet.StrategyToken, Activity: tree, People: 9, Rewards: true, Packets: true}), now: 1_000_000}
}

func (k *rewardModel) tick() wallet.Instant { k.now += 1_000; return k.now }

// win makes a person win a tea, or a greeting if none is left, and returns the index of the item.
func (k *rewardModel) win(p Person) int {
	r := wallet.GrantRequest{Caller: callerOf(p), Activity: "festival", Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Opened: k.tick()}
	id := k.RewardSent(p, r, k.now)
	no := wallet.OrderNo{ActID: wallet.ActID(p + 1), Scene: "tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: wallet.Official}
	it := wallet.Item{No: no, Asked: "tea", Account: wallet.AccountOf(r.App, r.User), Opened: r.Opened, Award: wallet.HeyteaCoupon, Reward: "tea", Counted: no,
		State: wallet.ItemSettled, Ref: "t", Expires: wallet.Never}
	if k.counted == teas {
		it.Award, it.Reward, it.Counted, it.State = 0, "", wallet.OrderNo{}, wallet.ItemVoid
	} else {
		k.counted++
		k.downstream = append(k.downstream, DownstreamRecord{Award: it.Award, Order: no, Account: it.Account, Reward: it.Reward, Issued: 1})
	}
	k.items = append(k.items, it)
	k.RewardAnswered(id, wallet.GrantReply{Order: no, State: wallet.GrantPosted, Item: &it}, nil, k.tick())
	return len(k.items) - 1
}

func callerOf(p Person) wallet.Caller {
	return wallet.Caller{App: wallet.Douyin, User: wallet.UserID(p + 100)}
}

// use makes a person use an item.
func (k *rewardModel) use(p Person, n int) {
	u := k.UseSent(p, wallet.UseRequest{Caller: callerOf(p), Order: k.items[n].No}, k.tick())
	k.items[n].State, k.downstream[n].Used = wallet.ItemUsed, 1
	k.UseAnswered(u, k.items[n], nil, k.tick())
}

// list shows items to a person.
func (k *rewardModel) list(p Person, items ...wallet.Item) {
	l := k.RewardsSent(p, wallet.RewardsRequest{Caller: callerOf(p), Limit: 9}, k.tick())
	k.RewardsAnswered(l, wallet.RewardsPage{Stage: wallet.Official, Items: items}, nil, k.tick())
}

// send makes person 0, who won amount, send it to persons 1 and 2 in halves; open makes one of them open the share.
func (k *rewardModel) send(amount wallet.Money) {
	k.PhoneBound(0)
	r := wallet.GrantRequest{Caller: callerOf(0), Activity: "festival", Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: amount, Opened: k.tick()}
	id := k.GrantSent(0, r, k.now)
	no := wallet.OrderNo{ActID: 1, Scene: "rain", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
	k.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: amount, State: wallet.GrantPosted}, nil, k.tick())
	s := wallet.SendPacketRequest{Caller: callerOf(0), Request: 7, Amount: amount, To: []wallet.Caller{callerOf(1), callerOf(2)}, At: k.tick()}
	p := wallet.Packet{No: wallet.PacketNo{Account: wallet.AccountOf(wallet.Douyin, 100), Request: 7}, Owner: 1, Stage: wallet.Official, Amount: amount,
		Created: k.now, State: wallet.PacketSent, Shares: []wallet.Share{{For: wallet.AccountOf(wallet.Douyin, 101), Amount: amount / 2}, {For: wallet.AccountOf(wallet.Douyin, 102), Amount: amount / 2}}}
	pid := k.PacketSent(0, s, []Person{1, 2}, k.now)
	k.packets = append(k.packets, p)
	k.move(p.No, wallet.TransferSend, 0, wallet.PersonalAccount, 1, -amount)
	k.move(p.No, wallet.TransferSend, 0, wallet.PacketAccount, 1, amount)
	k.PacketAnswered(pid, p, nil, k.tick())
}

func (k *rewardModel) open(p Person, n uint8) {
	k.openIn(callerOf(p), p, n, nil)
}

// opened moves a share's money and returns the share.
func (k *rewardModel) opened(p Person, n uint8) wallet.Share {
	s := &k.packets[0].Shares[n]
	s.State, s.Owner = wallet.ShareOpened, wallet.ActID(p+1)
	k.move(k.packets[0].No, wallet.TransferOpen, n, wallet.PacketAccount, 1, -s.Amount)
	k.move(k.packets[0].No, wallet.TransferOpen, n, wallet.PersonalAccount, p+1, s.Amount)
	return *s
}

func (k *rewardModel) move(no wallet.PacketNo, step wallet.TransferStep, share uint8, kind wallet.AccountKind, owner int64, amount wallet.Money) {
	k.entries = append(k.entries, wallet.Entry{Account: wallet.AccountNo{Kind: kind, Stage: wallet.Official, Owner: owner}, Amount: amount,
		Transfer: wallet.TransferNo{Packet: no, Step: step, Share: share}, Posted: k.now})
}

// itemRecords and packetRecordsOf read the records.
type (
	itemRecords     []wallet.Item
	packetRecordsOf []wallet.Packet
)

func (b itemRecords) Items(_ context.Context, yield func(wallet.Item) bool) error {
	for _, i := range b {
		yield(i)
	}
	return nil
}

func (b packetRecordsOf) Packets(_ context.Context, yield func(wallet.Packet) bool) error {
	for _, p := range b {
		yield(p)
	}
	return nil
}

// judge reads the records of coupons and packets, like Final.
func (k *rewardModel) judge(t *testing.T, now wallet.Instant) {
	require.NoError(t, k.checkRewards(t.Context(), RewardSources{Items: itemRecords(k.items),
		Downstreams: func(yield func(DownstreamRecord) bool) {
			for _, h := range k.downstream {
				yield(h)
			}
		},
		Issued: func(wallet.Template) (int64, bool) { return k.counted, true }}))
	u := &audit{Oracle: k.Oracle, inPackets: map[wallet.AccountNo]wallet.Money{}}
	require.NoError(t, u.packetRecords(t.Context(), PacketSources{Packets: packetRecordsOf(k.packets), At: now}))
	for i := range k.entries {
		u.packetMove(&k.entries[i])
	}
	u.packetsSettled()
}

// atOnce is the time of a judgement before any packet has expired.
const atOnce = wallet.Instant(0)

// rewardStory is a story of coupons and packets, in which a wallet makes at most one mistake.
type rewardStory struct {
	why   string
	check string // that must fail; "" if nothing is wrong
	do    func(k *rewardModel)
	at    wallet.Instant // the time of the judgement
}

func TestWrongRewardsAndPackets(t *testing.T) {
	for _, c := range slices.Concat(wrongRewards(), wrongUses(), wrongPackets(), wrongPacketPages()) {
		t.Run(c.why, func(t *testing.T) {
			k := newRewardModel()
			c.do(k)
			k.judge(t, c.at)
			k.requireFailed(t, c.check)
		})
	}
}

// requireFailed requires that the given check failed, or that none did if check is "".
func (k *rewardModel) requireFailed(t *testing.T, check string) {
	var failed []string
	for _, c := range k.Checks() {
		if c.Result == Fail {
			failed = append(failed, c.Name+": "+c.First)
		}
	}
	if check == "" {
		require.Empty(t, failed)
		return
	}
	require.NotEmpty(t, failed)
	require.Contains(t, checkNames(failed), check, "%q", failed)
}

// wrongRewards returns coupons that were issued, recorded or counted wrongly, and one correct story.
func wrongRewards() []rewardStory {
	return []rewardStory{
		{"three win, two get the teas, one a greeting; one is used", "", func(k *rewardModel) {
			k.win(0)
			k.win(1)
			k.win(2)
			k.use(0, 0)
			k.list(0, k.items[0])
			k.list(2)
		}, atOnce},
		{"issued twice", "reward-once", func(k *rewardModel) { k.downstream[k.win(0)].Issued = 2 }, atOnce},
		{"never issued", "reward-once", func(k *rewardModel) { k.win(0); k.downstream = nil }, atOnce},
		{"issued but not on record", "reward-once", func(k *rewardModel) { k.win(0); k.items = nil }, atOnce},
		{"issued to somebody else", "reward-once", func(k *rewardModel) { k.downstream[k.win(0)].Account.User++ }, atOnce},
		{"another coupon than acknowledged", "reward-once", func(k *rewardModel) { i := k.win(0); k.items[i].Award, k.items[i].Reward = wallet.MovieCoupon, "movie" }, atOnce},
		{"left processing", "reward-once", func(k *rewardModel) { k.items[k.win(0)].State = wallet.ItemProcessing }, atOnce},
		{"on record although nobody asked", "reward-once", func(k *rewardModel) {
			i := k.items[k.win(0)]
			i.No.Rain, i.Counted.Rain = 2, 2
			k.items = append(k.items, i)
		}, atOnce},
		{"returns to processing", "reward-once", func(k *rewardModel) {
			i := k.items[k.win(0)]
			k.list(0, i)
			i.State = wallet.ItemProcessing
			k.list(0, i)
		}, atOnce},
		{"one more than the stock", "stock-never-over", func(k *rewardModel) { k.win(0); k.win(1); k.counted = 1; k.win(2); k.counted = 3 }, atOnce},
		{"counted twice", "stock-never-over", func(k *rewardModel) { k.win(0); k.counted = 2 }, atOnce},
		{"granted but not counted", "stock-never-over", func(k *rewardModel) { k.items[k.win(0)].Counted = wallet.OrderNo{} }, atOnce},
		{"a greeting while there is tea", "stock-never-over", func(k *rewardModel) { k.win(0); k.counted = teas; k.win(1); k.counted = 1 }, atOnce},
	}
}

// wrongUses returns wrong uses and wrong lists of coupons.
func wrongUses() []rewardStory {
	return []rewardStory{
		{"used by somebody else", "reward-use-once", func(k *rewardModel) { k.use(1, k.win(0)) }, atOnce},
		{"used twice downstream", "reward-use-once", func(k *rewardModel) { i := k.win(0); k.use(0, i); k.downstream[i].Used = 2 }, atOnce},
		{"acknowledged as used, but is not", "reward-use-once", func(k *rewardModel) {
			i := k.win(0)
			k.use(0, i)
			k.downstream[i].Used, k.items[i].State = 0, wallet.ItemSettled
		}, atOnce},
		{"used although nobody asked", "reward-use-once", func(k *rewardModel) { i := k.win(0); k.downstream[i].Used, k.items[i].State = 1, wallet.ItemUsed }, atOnce},
		{"refused to its owner", "reward-use-once", func(k *rewardModel) {
			i := k.win(0)
			k.UseAnswered(k.UseSent(0, wallet.UseRequest{Caller: callerOf(0), Order: k.items[i].No}, k.tick()), wallet.Item{}, wallet.ErrNotYours, k.tick())
		}, atOnce},
		{"the list lacks it", "user-view", func(k *rewardModel) { k.win(0); k.list(0) }, atOnce},
		{"the list shows another person's reward", "user-view", func(k *rewardModel) { k.win(0); k.list(1, k.items[0]) }, atOnce},
		{"the list shows it twice", "user-view", func(k *rewardModel) { k.win(0); k.list(0, k.items[0], k.items[0]) }, atOnce},
	}
}

// wrongPackets returns packets whose money moved wrongly, and one correct story.
func wrongPackets() []rewardStory {
	late := atOnce.Add(2 * wallet.PacketLifetime)
	return []rewardStory{
		{"sent, one share opened, the other waits", "", func(k *rewardModel) { k.send(100); k.open(1, 0) }, atOnce},
		{"opened by the wrong person", "packet-exact", func(k *rewardModel) { k.send(100); k.open(3, 0) }, atOnce},
		{"opened twice in the ledger", "packet-exact", func(k *rewardModel) { k.send(100); k.open(1, 0); k.open(1, 0) }, atOnce},
		{"opened and returned", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.open(1, 0)
			k.move(k.packets[0].No, wallet.TransferReturn, 0, wallet.PersonalAccount, 1, 50)
		}, atOnce},
		{"acknowledged as opened, but its money did not move", "packet-exact", func(k *rewardModel) { k.send(100); k.open(1, 0); k.entries = k.entries[:2] }, atOnce},
		{"one fen lost", "packet-exact", func(k *rewardModel) { k.send(100); k.open(1, 0); k.entries[3].Amount-- }, atOnce},
		{"shares do not add up to the amount", "packet-exact", func(k *rewardModel) { k.send(100); k.packets[0].Shares[1].Amount-- }, atOnce},
		{"never taken from its sender", "packet-exact", func(k *rewardModel) { k.send(100); k.entries = k.entries[1:] }, atOnce},
		{"refused on record", "packet-exact", func(k *rewardModel) { k.send(100); k.packets[0].State = wallet.PacketRefused }, atOnce},
		{"not returned after a day", "packet-exact", func(k *rewardModel) { k.send(100); k.open(1, 0) }, late},
		{"expired before its time", "packet-exact", func(k *rewardModel) {
			k.send(100)
			k.OpenAnswered(k.OpenSent(1, wallet.OpenPacketRequest{Caller: callerOf(1), Packet: k.packets[0].No}, k.tick()), wallet.Share{}, wallet.ErrExpired, k.tick())
		}, atOnce},
	}
}

// wrongPacketPages returns shares that were shown to or opened by the wrong person, and one correct story.
func wrongPacketPages() []rewardStory {
	return []rewardStory{
		{"a person with a bound phone opens the share in any app, others do not; each page shows the person's own share", "", func(k *rewardModel) {
			k.PhoneBound(1)
			k.send(100)
			k.pageOf(elsewhere(1), 1, k.part(0))
			k.openIn(elsewhere(1), 1, 0, nil)
			k.openIn(elsewhere(2), 2, 1, wallet.ErrNotYours)
			k.pageOf(callerOf(1), 1, k.part(0))
			k.pageOf(elsewhere(2), 2)
			k.pageOf(callerOf(2), 2, k.part(1))
			k.pageOf(callerOf(0), 0, k.packets[0].SenderView())
		}, atOnce},
		{"refused in another app of the person", "packet-exact", func(k *rewardModel) { k.PhoneBound(1); k.send(100); k.openIn(elsewhere(1), 1, 0, wallet.ErrNotYours) }, atOnce},
		{"opened by an account that is not joined", "packet-exact", func(k *rewardModel) { k.send(100); k.openIn(elsewhere(1), 1, 0, nil) }, atOnce},
		{"missing in another app", "user-view", func(k *rewardModel) { k.PhoneBound(1); k.send(100); k.tick(); k.pageOf(elsewhere(1), 1) }, atOnce},
		{"shown to an account that is not joined", "user-view", func(k *rewardModel) { k.send(100); k.pageOf(elsewhere(1), 1, k.part(0)) }, atOnce},
		{"a recipient sees all shares", "user-view", func(k *rewardModel) { k.send(100); k.pageOf(callerOf(1), 1, k.packets[0].SenderView()) }, atOnce},
		{"a recipient sees another person's share", "user-view", func(k *rewardModel) { k.send(100); k.pageOf(callerOf(1), 1, k.part(1)) }, atOnce},
		{"a recipient sees the total amount", "user-view", func(k *rewardModel) { k.send(100); p := k.part(0); p.Amount = 100; k.pageOf(callerOf(1), 1, p) }, atOnce},
		{"wrong number of shares", "user-view", func(k *rewardModel) { k.send(100); p := k.part(0); p.Count = 1; k.pageOf(callerOf(1), 1, p) }, atOnce},
		{"an opened share is not counted", "user-view", func(k *rewardModel) {
			k.send(100)
			k.open(1, 0)
			p := k.part(1)
			p.Opened = 0
			k.tick()
			k.pageOf(callerOf(2), 2, p)
		}, atOnce},
		{"an unopened share is counted as opened", "user-view", func(k *rewardModel) { k.send(100); p := k.part(1); p.Opened = 1; k.pageOf(callerOf(2), 2, p) }, atOnce},
		{"its sender sees half of it", "packet-exact", func(k *rewardModel) { k.send(100); k.pageOf(callerOf(0), 0, k.part(0)) }, atOnce},
		{"on record although nobody sent it", "packet-exact", func(k *rewardModel) { k.send(100); p := k.packets[0]; p.No.Request++; k.packets = append(k.packets, p) }, atOnce},
	}
}

// checkNames returns the names of failed checks.
func checkNames(failed []string) (names []string) {
	for _, f := range failed {
		name, _, _ := strings.Cut(f, ":")
		names = append(names, name)
	}
	return names
}

// A run without rewards and packets does not list their checks: they could not be evaluated and would be unknown.
func TestChecksOfWhatThereIs(t *testing.T) {
	require.Len(t, New(Config{}).Checks(), int(rewardOnce))
	require.Len(t, newRewardModel().Checks(), int(checkCount))
}
