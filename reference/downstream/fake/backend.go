package fake

import (
	"fmt"
	"hash/fnv"
	"time"

	"hongbao/reference/wallet"
)

// state is the state of one coupon.
type state uint8

const (
	pending  state = iota // accepted, not decided
	live                  // issued
	used                  //
	refunded              // refunded, or cancelled before it was issued
	expired               //
	failed                // declined after it was accepted
)

// coupon is one issued item. An order has two only if the caller did not repeat correctly.
type coupon struct {
	id          string
	order       wallet.OrderNo
	account     wallet.Account
	reward      wallet.RewardID
	state       state
	issued      bool           // it was issued, whatever its state now
	willDecline bool           // it will be declined
	decidedAt   wallet.Instant // when it is decided
	expires     wallet.Instant
}

// issueRequest is a request to issue. key identifies repeats.
type issueRequest struct {
	key     string
	order   wallet.OrderNo
	account wallet.Account
	reward  wallet.RewardID
}

// issueResult is the result of an issueRequest.
type issueResult uint8

const (
	issuedNew    issueResult = iota
	issuedBefore             // a repeat: the coupon is the earlier one
	declined                 // refused, finally
	conflict                 // the key was used with another content
)

// keyRecord is what a system remembers about a key.
type keyRecord struct {
	coupon *coupon
	at     wallet.Instant
}

// orderRecord is the state of one order.
type orderRecord struct {
	coupons       []*coupon
	cancelled     bool // nothing can be issued any more
	usedCount     int
	refundedCount int
}

// backend is the state of one system: everything that it has issued.
type backend struct {
	award        wallet.AwardType
	secret       []byte
	behaviour    Behaviour
	window       time.Duration // how long keys are remembered; 0 = without limit
	decidesLater bool          // the system accepts first and decides later

	keys         map[string]keyRecord
	orders       map[wallet.OrderNo]*orderRecord
	ids          map[string]*coupon
	next         int64
	currentOrder string // the order of the current request, for garble

	rateSecond wallet.Instant // the current second for the rate limit, and its calls
	rateCalls  int

	notices      []notice
	lastID       uint64
	reservations map[string]*reservation
}

func newBackend(award wallet.AwardType, secret []byte, how Behaviour) backend {
	return backend{
		award: award, secret: secret, behaviour: how,
		keys: map[string]keyRecord{}, orders: map[wallet.OrderNo]*orderRecord{}, ids: map[string]*coupon{}, reservations: map[string]*reservation{},
		decidesLater: award == wallet.AdCoupon || award == wallet.ConsumerFinanceCoupon,
	}
}

// issue issues a coupon, once per key while the key is remembered.
func (b *backend) issue(now wallet.Instant, a issueRequest) (*coupon, issueResult) {
	if m, ok := b.keys[a.key]; ok && !b.forgotten(now, m) {
		c := m.coupon
		if c.order != a.order || c.account != a.account || c.reward != a.reward {
			return nil, conflict
		}
		b.settle(now, c)
		return c, issuedBefore
	}
	p := b.orderRecord(a.order)
	if p.cancelled {
		return &coupon{order: a.order, account: a.account, reward: a.reward, state: refunded}, issuedBefore
	}
	no := b.declines(a.order)
	if no && !b.decidesLater {
		return nil, declined
	}
	b.next++
	c := &coupon{
		id: fmt.Sprintf("%s-%d", prefixes[b.award], b.next), order: a.order, account: a.account, reward: a.reward, willDecline: no, decidedAt: now,
	}
	if b.decidesLater {
		c.decidedAt = now.Add(b.behaviour.Processing)
	}
	p.coupons = append(p.coupons, c)
	b.keys[a.key], b.ids[c.id] = keyRecord{c, now}, c
	b.settle(now, c)
	b.scheduleCallback(c)
	return c, issuedNew
}

// forgotten reports whether a key is no longer remembered.
func (b *backend) forgotten(now wallet.Instant, m keyRecord) bool {
	return b.window > 0 && (b.behaviour.Forgetful || now.Sub(m.at) > b.window)
}

// settle updates a coupon's state to the present.
func (b *backend) settle(now wallet.Instant, c *coupon) {
	if c.state == pending && now >= c.decidedAt {
		c.state = live
		if c.willDecline {
			c.state = failed
		} else {
			c.issued, c.expires = true, b.expiry(c.decidedAt)
		}
	}
	if c.state == live && now >= c.expires {
		c.state = expired
	}
}

// day is the default validity of a coupon.
const day = 24 * time.Hour

// expiry returns the expiry of a coupon issued at an instant, in the system's own units.
func (b *backend) expiry(at wallet.Instant) wallet.Instant {
	validity := b.behaviour.Validity
	if validity == 0 {
		validity = day
	}
	switch b.award {
	case wallet.AvatarPendant:
		return wallet.Never
	case wallet.InsuranceCoupon:
		y, m, d := at.Add(validity).Time().In(china).Date()
		return wallet.InstantOf(time.Date(y, m, d+1, 0, 0, 0, 0, china))
	}
	return wallet.InstantOf(at.Add(validity).Time().Truncate(time.Second).Add(time.Second))
}

// china is the systems' time zone. It has had no daylight saving time since 1991.
var china = time.FixedZone("CST", 8*60*60)

// declines reports whether the order is one of those that are declined.
func (b *backend) declines(no wallet.OrderNo) bool {
	if b.behaviour.DeclineNum <= 0 || b.behaviour.DeclineDen <= 0 {
		return false
	}
	h := fnv.New64a()
	h.Write(no.Append([]byte{byte(b.award)}))
	return int64(h.Sum64()%uint64(b.behaviour.DeclineDen)) < b.behaviour.DeclineNum
}

// find returns the last coupon issued for the order, in its present state. For an order that was cancelled before
// anything was issued it returns a refunded coupon. nil: unknown order.
func (b *backend) find(now wallet.Instant, no wallet.OrderNo) *coupon {
	p := b.orders[no]
	switch {
	case p == nil:
		return nil
	case len(p.coupons) > 0:
		c := p.coupons[len(p.coupons)-1]
		b.settle(now, c)
		return c
	case p.cancelled:
		return &coupon{order: no, state: refunded}
	}
	return nil
}

// byID returns the coupon with that id, in its present state.
func (b *backend) byID(now wallet.Instant, id string) *coupon {
	c := b.ids[id]
	if c != nil {
		b.settle(now, c)
	}
	return c
}

// use uses a live coupon; its state shows the result. A nil coupon does not exist, and nothing happens.
func (b *backend) use(c *coupon) {
	if c != nil && c.state == live {
		c.state = used
		b.orderRecord(c.order).usedCount++
	}
}

// refund refunds a coupon that is live or pending. Its state shows the result.
func (b *backend) refund(c *coupon) {
	if c.state == live || c.state == pending {
		if c.issued {
			b.orderRecord(c.order).refundedCount++
		}
		c.state = refunded
	}
}

// cancel refunds the order's coupon. If it has none, nothing can be issued for it later.
func (b *backend) cancel(now wallet.Instant, no wallet.OrderNo) *coupon {
	c := b.find(now, no)
	if c == nil {
		b.orderRecord(no).cancelled = true
		return b.find(now, no)
	}
	b.refund(c)
	return c
}

func (b *backend) orderRecord(no wallet.OrderNo) *orderRecord {
	p := b.orders[no]
	if p == nil {
		p = &orderRecord{}
		b.orders[no] = p
	}
	return p
}

// entry returns the record of an order.
func (b *backend) entry(now wallet.Instant, no wallet.OrderNo) Entry {
	p := b.orders[no]
	if p == nil {
		return Entry{}
	}
	e := Entry{Award: b.award, Order: no, Used: p.usedCount, Refunded: p.refundedCount}
	for _, c := range p.coupons {
		b.settle(now, c)
		e.Account, e.Reward = c.account, c.reward
		e.Pending = e.Pending || c.state == pending
		if c.issued {
			e.Issued++
		}
	}
	return e
}

// parse parses an order number and records it as the current request's order.
func (b *backend) parse(text string) (wallet.OrderNo, bool) {
	b.currentOrder = text
	no, err := wallet.ParseOrderNo(text)
	return no, err == nil
}

// overRate counts a call, and reports whether it exceeds the rate of this second.
func (b *backend) overRate(now wallet.Instant, perSecond int) bool {
	if second := now / 1e6; second != b.rateSecond {
		b.rateSecond, b.rateCalls = second, 0
	}
	b.rateCalls++
	return b.rateCalls > perSecond
}
