package downstream_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/downstream"
	"hongbao/reference/downstream/fake"
	"hongbao/reference/downstream/wire"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var secret = []byte("a secret of the tests, not short")

// clock is a clock that the test sets.
type clock struct {
	mu  sync.Mutex
	now wallet.Instant
}

func (c *clock) Now() wallet.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var festival = wallet.InstantOf(time.Date(2022, 1, 31, 20, 0, 0, 0, time.UTC))

// fault is what happens to one exchange.
type fault uint8

const (
	arrives    fault = iota
	down             // refused before it was sent
	lost             // never arrives, and the sender does not know
	replyLost        // done, but the reply is lost
	duplicated       // done twice; the second reply arrives
	delayed          // times out, and is done before the next exchange
	replaced         // another reply is returned
)

// faultyExchange sends requests to a system and applies faults.
type faultyExchange struct {
	inner   downstream.Exchange
	faults  []fault              // of the next exchanges; arrives when empty
	reply   downstream.Reply     // for replaced
	more    []downstream.Reply   // for the replaced exchanges after it
	delayed []downstream.Request // to be sent before the next exchange
	hold    int                  // every exchange from this one on waits for release; 0: none
	held    []downstream.Request
	faulty  bool
}

func (c *faultyExchange) exchange(ctx context.Context, r downstream.Request) (downstream.Reply, error) {
	silent := fmt.Errorf("%w: no answer", wallet.ErrUnknown)
	if c.hold == 1 {
		c.held = append(c.held, r)
		return downstream.Reply{}, silent
	}
	c.hold = max(0, c.hold-1)
	c.flush(ctx)
	what := arrives
	if len(c.faults) > 0 {
		what, c.faults = c.faults[0], c.faults[1:]
	}
	c.faulty = c.faulty || what != arrives
	switch what {
	case down:
		return downstream.Reply{}, fmt.Errorf("%w: refused", wallet.ErrUnavailable)
	case lost:
		return downstream.Reply{}, silent
	case delayed:
		c.delayed = append(c.delayed, r)
		return downstream.Reply{}, silent
	case replyLost:
		_, _ = c.inner(ctx, r)
		return downstream.Reply{}, silent
	case duplicated:
		_, _ = c.inner(ctx, r)
	case replaced:
		reply := c.reply
		if len(c.more) > 0 {
			c.reply, c.more = c.more[0], c.more[1:]
		}
		return reply, nil
	}
	return c.inner(ctx, r)
}

// flush sends the delayed requests.
func (c *faultyExchange) flush(ctx context.Context) {
	for _, w := range c.delayed {
		_, _ = c.inner(ctx, w)
	}
	c.delayed = nil
}

// occurred reports whether a planned fault happened, and cancels the others.
func (c *faultyExchange) occurred() bool {
	c.faults = nil
	return c.faulty
}

// release sends the held requests and returns their number.
func (c *faultyExchange) release(t testing.TB) int {
	for _, w := range c.held {
		_, err := c.inner(t.Context(), w)
		require.NoError(t, err)
	}
	return len(c.held)
}

// rig is one stand-in with its adapter.
type rig struct {
	clock   *clock
	system  *fake.System
	faults  *faultyExchange
	adapter wallet.Downstream
	award   wallet.AwardType
}

// exchangeMaker makes the exchange with a system.
type exchangeMaker func(t testing.TB, s *fake.System, c wallet.Clock) downstream.Exchange

var exchangeMakers = map[string]exchangeMaker{"direct": direct, "http": overHTTP}

// direct calls the system in the same process.
func direct(_ testing.TB, s *fake.System, c wallet.Clock) downstream.Exchange {
	return wire.Direct(s, c)
}

// overHTTP serves the system on a loopback port.
func overHTTP(t testing.TB, s *fake.System, c wallet.Clock) downstream.Exchange {
	srv := httptest.NewServer(wire.Handler(map[wallet.AwardType]*fake.System{s.Award(): s}, c))
	t.Cleanup(srv.Close)
	line, err := wire.NewTransport(srv.URL, wire.Options{Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(line.Close)
	return line.Exchange(s.Award())
}

func newRig(t testing.TB, by exchangeMaker, award wallet.AwardType, how fake.Behaviour) *rig {
	c := &clock{now: festival}
	s, err := fake.New(award, secret, how)
	require.NoError(t, err)
	way := &faultyExchange{inner: by(t, s, c)}
	d, err := downstream.New(award, downstream.Options{Exchange: way.exchange, Clock: c, Secret: secret})
	require.NoError(t, err)
	return &rig{c, s, way, d, award}
}

// item returns the n-th item as it is before its first issue.
func (r *rig) item(n int) wallet.Item {
	family := wallet.DouyinFamily
	if n%2 == 0 {
		family = wallet.ToutiaoFamily
	}
	return wallet.Item{
		No:      wallet.OrderNo{ActID: wallet.ActID(n), Scene: "rain-coupon", Rain: 3, Award: r.award, Stage: wallet.Official},
		Account: wallet.Account{Family: family, User: wallet.UserID(1_000_000 + n)},
		Award:   r.award, Reward: "hot-pot-20", State: wallet.ItemProcessing, Changed: r.clock.Now(),
	}
}

func (r *rig) issue(t testing.TB, i wallet.Item) (wallet.Receipt, error) {
	a, err := r.adapter.Issue(t.Context(), []wallet.Item{i})
	require.NoError(t, err)
	require.Len(t, a, 1)
	return a[0].Receipt, a[0].Err
}

// settle issues the item and queries it until it is decided.
func (r *rig) settle(t testing.TB, i wallet.Item) wallet.Receipt {
	receipt, err := r.issue(t, i)
	require.NoError(t, err)
	if receipt.State == wallet.ItemProcessing {
		r.clock.pass(time.Minute)
		receipt, err = r.adapter.Query(t.Context(), i)
		require.NoError(t, err)
	}
	require.Equal(t, wallet.ItemSettled, receipt.State)
	return receipt
}

// requireNotHeld checks that nobody holds the item: everything issued was refunded, and nothing is pending.
func (r *rig) requireNotHeld(t testing.TB, i wallet.Item) {
	e := r.entry(i)
	require.Equal(t, e.Issued, e.Refunded, "%+v", e)
	require.False(t, e.Pending)
}

// settled calls settle and returns the item with the receipt applied.
func (r *rig) settled(t testing.TB, i wallet.Item) wallet.Item {
	receipt := r.settle(t, i)
	i.State, i.Ref, i.Expires = receipt.State, receipt.Ref, receipt.Expires
	return i
}

func (r *rig) entry(i wallet.Item) fake.Entry { return r.system.Of(r.clock.Now(), i.No) }

// forAll runs a test against every downstream, over both transports.
func forAll(t *testing.T, how fake.Behaviour, story func(t *testing.T, r *rig)) {
	for name, by := range exchangeMakers {
		for _, award := range downstream.Awards() {
			t.Run(name+"/"+award.String(), func(t *testing.T) { story(t, newRig(t, by, award, how)) })
		}
	}
}
