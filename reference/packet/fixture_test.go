package packet_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/activity"
	"hongbao/reference/identity"
	"hongbao/reference/packet"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// failure is what happens to a call.
type failure int

const (
	works failure = iota
	down          // not done; an error says so
	lost          // not done; no reply
	mute          // done; no reply
	dies          // the instance dies before the call
	dead          // the instance dies after the call
	failures
)

// death is the panic value of a dying instance.
type death struct{}

// faults decides the failure of each port call of one instance; nil: no failures.
type faults struct{ next func(method string) failure }

func (f *faults) call(method string, apply func() error) error {
	kind := works
	if f.next != nil {
		kind = f.next(method)
	}
	switch kind {
	case down:
		return wallet.ErrUnavailable
	case lost:
		return wallet.ErrUnknown
	case mute:
		_ = apply()
		return wallet.ErrUnknown
	case dies:
		panic(death{})
	case dead:
		_ = apply()
		panic(death{})
	}
	return apply()
}

type faultyLedger struct {
	wallet.Ledger
	*faults
}

func (l faultyLedger) Transfer(ctx context.Context, t wallet.Transfer) error {
	return l.call("transfer", func() error { return l.Ledger.Transfer(ctx, t) })
}

type faultyPackets struct {
	storetest.PacketStore
	*faults
}

func (p faultyPackets) Create(ctx context.Context, v wallet.Packet) (got wallet.Packet, isNew bool, err error) {
	err = p.call("create", func() (err error) { got, isNew, err = p.PacketStore.Create(ctx, v); return err })
	return got, isNew, err
}

func (p faultyPackets) Get(ctx context.Context, no wallet.PacketNo) (got wallet.Packet, err error) {
	err = p.call("get", func() (err error) { got, err = p.PacketStore.Get(ctx, no); return err })
	return got, err
}

func (p faultyPackets) Advance(ctx context.Context, no wallet.PacketNo, s wallet.PacketState) error {
	return p.call("advance", func() error { return p.PacketStore.Advance(ctx, no, s) })
}

func (p faultyPackets) Mark(ctx context.Context, no wallet.PacketNo, a wallet.Account, s wallet.ShareState, owner wallet.ActID, at wallet.Instant) (got wallet.Share, err error) {
	err = p.call("mark", func() (err error) { got, err = p.PacketStore.Mark(ctx, no, a, s, owner, at); return err })
	return got, err
}

// fixture is a packet service with its stores.
type fixture struct {
	*packet.Service
	faults  faults
	clock   *storetest.Clock
	ledger  storetest.LedgerStore
	packets storetest.PacketStore
	people  *identity.Service
	rains   int32
	alarms  []string
	dues    int
	off     bool // SwitchStopPackets is on
}

// newFixture returns a service over the given stores; nil: new ones in memory. Its official stage begins now and lasts
// thirty days; a drill preceded it.
func newFixture(t require.TestingT, clock *storetest.Clock, ledger storetest.LedgerStore, packets storetest.PacketStore) *fixture {
	if ledger == nil {
		ledger, packets = mem.NewLedger(clock, 1), mem.NewPackets()
	}
	start := clock.Now()
	child := func(id wallet.ActivityID, s wallet.Stage, from, to wallet.Instant) wallet.Child {
		return wallet.Child{ID: id, Stage: s, From: from, To: to, Budget: 1 << 40, SingleCap: 1 << 40, Rewards: []wallet.RewardType{{Type: wallet.Cash,
			Rewards: []wallet.Reward{{ID: "red-packet", Scenes: []wallet.Scene{{ID: "rain"}}}}}}}
	}
	const day = wallet.Instant(24 * 3600 * 1_000_000)
	index, err := activity.New(wallet.Activity{Parent: "spring", Children: []wallet.Child{
		child("drill", wallet.ExternalDrill, start-10*day, start), child("festival", wallet.Official, start, start+30*day)}})
	require.NoError(t, err)
	fixture := &fixture{clock: clock, ledger: ledger, packets: packets, people: identity.New(mem.NewIdentities(), clock)}
	fixture.Service = &packet.Service{
		People: fixture.people, Index: index, Packets: faultyPackets{packets, &fixture.faults}, Ledger: faultyLedger{ledger, &fixture.faults}, Clock: clock,
		PostUnposted: func(context.Context, wallet.PageRequest) error { fixture.dues++; return nil },
		Switched:     func(s wallet.Switch) bool { return fixture.off && s == wallet.SwitchStopPackets },
		Alarm: func(kind wallet.AlarmKind, detail string) {
			fixture.alarms = append(fixture.alarms, string(kind)+" "+detail)
		},
	}
	return fixture
}

// caller returns user n: even users in Douyin, odd ones in Toutiao.
func caller(n int) wallet.Caller {
	if n%2 == 0 {
		return wallet.Caller{App: wallet.Douyin, User: wallet.UserID(n + 1)}
	}
	return wallet.Caller{App: wallet.Toutiao, User: wallet.UserID(n + 1)}
}

func account(c wallet.Caller) wallet.Account { return wallet.AccountOf(c.App, c.User) }

// person returns user n's person.
func (s *fixture) person(t require.TestingT, n int) wallet.Person {
	who, err := s.people.Resolve(context.Background(), account(caller(n)))
	require.NoError(t, err)
	return who
}

// grant posts a win of user n in the official stage.
func (s *fixture) grant(t require.TestingT, n int, fen wallet.Money) {
	s.rains++
	no := wallet.OrderNo{ActID: s.person(t, n).ActID, Scene: "rain", Rain: s.rains, Award: wallet.Cash, Stage: wallet.Official}
	_, err := s.ledger.Post(context.Background(), []wallet.Credit{{Order: no, Amount: fen, Opened: s.clock.Now()}})
	require.NoError(t, err)
}

// balances returns all nonzero balances, and requires that they sum to zero.
func (s *fixture) balances(t require.TestingT) map[wallet.AccountNo]wallet.Money {
	out, sum := map[wallet.AccountNo]wallet.Money{}, wallet.Money(0)
	require.NoError(t, s.ledger.Balances(context.Background(), func(a wallet.AccountNo, m wallet.Money) bool {
		if sum += m; m != 0 {
			out[a] = m
		}
		return true
	}))
	require.Zero(t, sum, "the ledger sums to zero")
	return out
}

// balance returns the money that user n can withdraw in the official stage.
func (s *fixture) balance(t require.TestingT, n int) (sum wallet.Money) {
	all := s.balances(t)
	for _, id := range s.person(t, n).Wallets() {
		sum += all[wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: int64(id)}]
	}
	return sum
}

// waiting returns the money in packets that user n's wallets sent.
func (s *fixture) waiting(t require.TestingT, n int) (sum wallet.Money) {
	all := s.balances(t)
	for _, id := range s.person(t, n).Wallets() {
		sum += all[wallet.AccountNo{Kind: wallet.PacketAccount, Stage: wallet.Official, Owner: int64(id)}]
	}
	return sum
}

// sending returns user n's request to send a packet to others.
func sending(n int, request int64, fen wallet.Money, to ...int) wallet.SendPacketRequest {
	r := wallet.SendPacketRequest{Caller: caller(n), Request: request, Amount: fen, Greeting: "新年快乐"}
	for _, guest := range to {
		r.To = append(r.To, caller(guest))
	}
	return r
}

// opening returns user n's request to open a packet that user from sent.
func opening(n, from int, request int64) wallet.OpenPacketRequest {
	return wallet.OpenPacketRequest{Caller: caller(n), Packet: wallet.PacketNo{Account: account(caller(from)), Request: request}}
}

// plan returns failures of the calls of one method, in order, and none afterwards.
func plan(method string, kinds ...failure) func(string) failure {
	return func(m string) failure {
		if m != method || len(kinds) == 0 {
			return works
		}
		kind := kinds[0]
		kinds = slices.Delete(kinds, 0, 1)
		return kind
	}
}

// survives runs a call and reports whether the instance survived it.
func survives(call func()) (alive bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, died := r.(death); !died {
				panic(r)
			}
		}
	}()
	call()
	return true
}
