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

// clock is a clock that a test turns.
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

// fate is what befalls one exchange.
type fate uint8

const (
	arrives  fate = iota
	down          // refused before it left
	lost          // never arrives, and nobody says so
	unheard       // done, and the reply is lost
	twice         // done twice, the second reply arrives
	late          // given up, and done before the next exchange
	replaced      // done, and the reply is another one
)

// carriage brings requests to a system and lets each meet its fate.
type carriage struct {
	inner downstream.Exchange
	fates []fate               // of the next exchanges; arrives when there are none left
	reply downstream.Reply     // of those that are replaced
	more  []downstream.Reply   // and of those replaced after it
	wait  []downstream.Request // before the next exchange
	hold  int                  // every exchange after so many waits for release; 0: none
	held  []downstream.Request
	evil  bool
}

func (c *carriage) exchange(ctx context.Context, r downstream.Request) (downstream.Reply, error) {
	silent := fmt.Errorf("%w: no answer", wallet.ErrUnknown)
	if c.hold == 1 {
		c.held = append(c.held, r)
		return downstream.Reply{}, silent
	}
	c.hold = max(0, c.hold-1)
	c.flush(ctx)
	what := arrives
	if len(c.fates) > 0 {
		what, c.fates = c.fates[0], c.fates[1:]
	}
	c.evil = c.evil || what != arrives
	switch what {
	case down:
		return downstream.Reply{}, fmt.Errorf("%w: refused", wallet.ErrUnavailable)
	case lost:
		return downstream.Reply{}, silent
	case late:
		c.wait = append(c.wait, r)
		return downstream.Reply{}, silent
	case unheard:
		_, _ = c.inner(ctx, r)
		return downstream.Reply{}, silent
	case twice:
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

// flush brings what is late.
func (c *carriage) flush(ctx context.Context) {
	for _, w := range c.wait {
		_, _ = c.inner(ctx, w)
	}
	c.wait = nil
}

// met says whether a planned fate befell an exchange, and cancels the others.
func (c *carriage) met() bool {
	c.fates = nil
	return c.evil
}

// release brings what was held, and returns how much that was.
func (c *carriage) release(t testing.TB) int {
	for _, w := range c.held {
		_, err := c.inner(t.Context(), w)
		require.NoError(t, err)
	}
	return len(c.held)
}

// rig is one downstream with its adapter.
type rig struct {
	clock    *clock
	system   *fake.System
	carriage *carriage
	adapter  wallet.Downstream
	award    wallet.AwardType
}

// carrier makes the way to a system.
type carrier func(t testing.TB, s *fake.System, c wallet.Clock) downstream.Exchange

var carriers = map[string]carrier{"direct": direct, "http": overHTTP}

// direct calls the system.
func direct(_ testing.TB, s *fake.System, c wallet.Clock) downstream.Exchange {
	return wire.Direct(s, c)
}

// overHTTP serves the system on a port of its own.
func overHTTP(t testing.TB, s *fake.System, c wallet.Clock) downstream.Exchange {
	srv := httptest.NewServer(wire.Handler(map[wallet.AwardType]*fake.System{s.Award(): s}, c))
	t.Cleanup(srv.Close)
	line, err := wire.NewLine(srv.URL, wire.Options{Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(line.Close)
	return line.Exchange(s.Award())
}

func newRig(t testing.TB, by carrier, award wallet.AwardType, how fake.Behaviour) *rig {
	c := &clock{now: festival}
	s, err := fake.New(award, secret, how)
	require.NoError(t, err)
	way := &carriage{inner: by(t, s, c)}
	d, err := downstream.New(award, downstream.Options{Exchange: way.exchange, Clock: c, Secret: secret})
	require.NoError(t, err)
	return &rig{c, s, way, d, award}
}

// item returns the n-th item, as it is when it is handed out for the first time.
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

// settle issues the item and looks until it is decided.
func (r *rig) settle(t testing.TB, i wallet.Item) wallet.Receipt {
	receipt, err := r.issue(t, i)
	require.NoError(t, err)
	if receipt.State == wallet.ItemProcessing {
		r.clock.pass(time.Minute)
		receipt, err = r.adapter.Look(t.Context(), i)
		require.NoError(t, err)
	}
	require.Equal(t, wallet.ItemSettled, receipt.State)
	return receipt
}

// nobodyHas wants nobody to have it: what was handed out was taken back, and nothing is pending.
func (r *rig) nobodyHas(t testing.TB, i wallet.Item) {
	e := r.entry(i)
	require.Equal(t, e.Issued, e.Refunded, "%+v", e)
	require.False(t, e.Pending)
}

// settled is settle that returns the item as it is on record then.
func (r *rig) settled(t testing.TB, i wallet.Item) wallet.Item {
	receipt := r.settle(t, i)
	i.State, i.Ref, i.Expires = receipt.State, receipt.Ref, receipt.Expires
	return i
}

func (r *rig) entry(i wallet.Item) fake.Entry { return r.system.Of(r.clock.Now(), i.No) }

// forAll runs a story against every downstream, in both carriages.
func forAll(t *testing.T, how fake.Behaviour, story func(t *testing.T, r *rig)) {
	for name, by := range carriers {
		for _, award := range downstream.Awards() {
			t.Run(name+"/"+award.String(), func(t *testing.T) { story(t, newRig(t, by, award, how)) })
		}
	}
}
