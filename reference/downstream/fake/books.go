package fake

import (
	"fmt"
	"hash/fnv"
	"time"

	"hongbao/reference/wallet"
)

// state is how far one coupon has come.
type state uint8

const (
	pending  state = iota // accepted, not decided
	live                  // given out
	used                  //
	refunded              // taken back, or called off before it was given out
	expired               //
	failed                // declined after it was accepted
)

// coupon is one thing given out. It is given out twice for one order only where a caller's carelessness makes it.
type coupon struct {
	id      string
	order   wallet.OrderNo
	account wallet.Account
	reward  wallet.RewardID
	state   state
	was     bool           // it was given out, whatever became of it
	fail    bool           // it will be declined
	ready   wallet.Instant // when it is decided
	expires wallet.Instant
}

// ask is a request to issue. key is what the system knows repeats by.
type ask struct {
	key     string
	order   wallet.OrderNo
	account wallet.Account
	reward  wallet.RewardID
}

// verdict is what became of an ask.
type verdict uint8

const (
	fresh    verdict = iota
	again            // it was asked before: the coupon is the one from then
	declined         // no, for good
	conflict         // the key was used for something else
)

// memory is what a system remembers of a key.
type memory struct {
	coupon *coupon
	at     wallet.Instant
}

// page is what the books hold of one order.
type page struct {
	coupons []*coupon
	off     bool // called off: nothing is issued any more
	used    int
	back    int
}

// books are what a system keeps.
type books struct {
	award  wallet.AwardType
	secret []byte
	how    Behaviour
	window time.Duration // how long keys are remembered; 0 = for ever
	later  bool          // the system accepts first and decides later

	keys   map[string]memory
	orders map[wallet.OrderNo]*page
	ids    map[string]*coupon
	next   int64
	order  string // the order that the present request is about, for garble

	second wallet.Instant // the second that the calls are counted of, and how many there were
	calls  int

	notices []notice
	told    uint64
	holds   map[string]*hold
}

func newBooks(award wallet.AwardType, secret []byte, how Behaviour) books {
	return books{
		award: award, secret: secret, how: how,
		keys: map[string]memory{}, orders: map[wallet.OrderNo]*page{}, ids: map[string]*coupon{}, holds: map[string]*hold{},
		later: award == wallet.AdCoupon || award == wallet.ConsumerFinanceCoupon,
	}
}

// issue gives out a coupon, once a key for as long as the key is remembered.
func (b *books) issue(now wallet.Instant, a ask) (*coupon, verdict) {
	if m, ok := b.keys[a.key]; ok && !b.forgotten(now, m) {
		c := m.coupon
		if c.order != a.order || c.account != a.account || c.reward != a.reward {
			return nil, conflict
		}
		b.settle(now, c)
		return c, again
	}
	p := b.page(a.order)
	if p.off {
		return &coupon{order: a.order, account: a.account, reward: a.reward, state: refunded}, again
	}
	no := b.declines(a.order)
	if no && !b.later {
		return nil, declined
	}
	b.next++
	c := &coupon{
		id: fmt.Sprintf("%s-%d", prefixes[b.award], b.next), order: a.order, account: a.account, reward: a.reward, fail: no, ready: now,
	}
	if b.later {
		c.ready = now.Add(b.how.Processing)
	}
	p.coupons = append(p.coupons, c)
	b.keys[a.key], b.ids[c.id] = memory{c, now}, c
	b.settle(now, c)
	b.announce(c)
	return c, fresh
}

// forgotten says whether a key is as if it had never been used.
func (b *books) forgotten(now wallet.Instant, m memory) bool {
	return b.window > 0 && (b.how.Forgetful || now.Sub(m.at) > b.window)
}

// settle brings a coupon to the present.
func (b *books) settle(now wallet.Instant, c *coupon) {
	if c.state == pending && now >= c.ready {
		c.state = live
		if c.fail {
			c.state = failed
		} else {
			c.was, c.expires = true, b.expiry(c.ready)
		}
	}
	if c.state == live && now >= c.expires {
		c.state = expired
	}
}

// day is how long a coupon can be used where nothing else is said.
const day = 24 * time.Hour

// expiry returns the end of a coupon that is given out at a moment, in whole units of the system's own.
func (b *books) expiry(at wallet.Instant) wallet.Instant {
	life := b.how.Life
	if life == 0 {
		life = day
	}
	switch b.award {
	case wallet.AvatarPendant:
		return wallet.Never
	case wallet.InsuranceCoupon:
		y, m, d := at.Add(life).Time().In(china).Date()
		return wallet.InstantOf(time.Date(y, m, d+1, 0, 0, 0, 0, china))
	}
	return wallet.InstantOf(at.Add(life).Time().Truncate(time.Second).Add(time.Second))
}

// china is where the systems stand. It has had no summer time since 1991.
var china = time.FixedZone("CST", 8*60*60)

// declines says whether the order is one of those that are declined.
func (b *books) declines(no wallet.OrderNo) bool {
	if b.how.DeclineNum <= 0 || b.how.DeclineDen <= 0 {
		return false
	}
	h := fnv.New64a()
	h.Write(no.Append([]byte{byte(b.award)}))
	return int64(h.Sum64()%uint64(b.how.DeclineDen)) < b.how.DeclineNum
}

// find returns the last coupon that was given out for the order, brought to the present. An order that was called off
// before anything was given out has one that was taken back. nil: the order was never heard of.
func (b *books) find(now wallet.Instant, no wallet.OrderNo) *coupon {
	p := b.orders[no]
	switch {
	case p == nil:
		return nil
	case len(p.coupons) > 0:
		c := p.coupons[len(p.coupons)-1]
		b.settle(now, c)
		return c
	case p.off:
		return &coupon{order: no, state: refunded}
	}
	return nil
}

// byID returns the coupon of that name, brought to the present.
func (b *books) byID(now wallet.Instant, id string) *coupon {
	c := b.ids[id]
	if c != nil {
		b.settle(now, c)
	}
	return c
}

// use uses a live coupon. Its state tells what became of it.
func (b *books) use(c *coupon) {
	if c.state == live {
		c.state = used
		b.page(c.order).used++
	}
}

// refund takes back a coupon that is live or not decided yet. Its state tells what became of it.
func (b *books) refund(c *coupon) {
	if c.state == live || c.state == pending {
		if c.was {
			b.page(c.order).back++
		}
		c.state = refunded
	}
}

// callOff refunds what the order has, and lets nothing be issued for it where it has nothing.
func (b *books) callOff(now wallet.Instant, no wallet.OrderNo) *coupon {
	c := b.find(now, no)
	if c == nil {
		b.page(no).off = true
		return b.find(now, no)
	}
	b.refund(c)
	return c
}

func (b *books) page(no wallet.OrderNo) *page {
	p := b.orders[no]
	if p == nil {
		p = &page{}
		b.orders[no] = p
	}
	return p
}

// entry returns what the books say of an order.
func (b *books) entry(now wallet.Instant, no wallet.OrderNo) Entry {
	p := b.orders[no]
	if p == nil {
		return Entry{}
	}
	e := Entry{Award: b.award, Order: no, Used: p.used, Refunded: p.back}
	for _, c := range p.coupons {
		b.settle(now, c)
		e.Account, e.Reward = c.account, c.reward
		e.Pending = e.Pending || c.state == pending
		if c.was {
			e.Issued++
		}
	}
	return e
}

// parse reads an order number and notes what the present request is about.
func (b *books) parse(text string) (wallet.OrderNo, bool) {
	b.order = text
	no, err := wallet.ParseOrderNo(text)
	return no, err == nil
}

// tooMany counts a call, and says whether it is one too many of this second.
func (b *books) tooMany(now wallet.Instant, perSecond int) bool {
	if second := now / 1e6; second != b.second {
		b.second, b.calls = second, 0
	}
	b.calls++
	return b.calls > perSecond
}
