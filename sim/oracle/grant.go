package oracle

import (
	"fmt"
	"math"

	"hongbao/reference/wallet"
)

// MaxAmount bounds the amount of one grant that the crowd may ask for: 42 million yuan, so that each of fifty million
// grants needs four bytes for it.
const MaxAmount wallet.Money = math.MaxUint32

// GrantID identifies a logical grant: one win of one person, including all repeats of its client.
type GrantID uint64

func grantID(p Person, i uint32) GrantID { return GrantID(p)<<32 | GrantID(i) }

func (id GrantID) split() (Person, uint32) { return Person(id >> 32), uint32(id) }

// grant is one logical grant: 40 bytes, because a run has tens of millions.
type grant struct {
	opened wallet.Instant
	acked  wallet.Instant // the first acknowledgement; 0: not acknowledged
	seen   wallet.Instant // StrategyToken: end of the last page that did not show it. Otherwise: when it was first known as posted
	amount uint32
	act    uint32 // the order's wallet; 0: not known yet
	next   uint32 // the person's previous grant
	play   uint16
	flags  grantFlags
}

// grantFlags holds what else is known of a grant.
type grantFlags uint16

const (
	toutiao  grantFlags = 1 << iota // sent from the Toutiao family; otherwise from the Douyin family
	unknown                         // a try ended with an unknown outcome
	nothing                         // a try was answered with "nothing was done"
	alias                           // acknowledged as an order that another grant of the person represents
	inLedger                        // Final found its entry
	_                               // two bits for the last status shown by a page: statusNone to statusSuccess
	_
)

// The last status of a grant shown by a page, in the two bits above the flags.
const (
	statusShift   = 5
	statusMask    = 3
	statusNone    = 0
	statusIssued  = 1
	statusWorking = 2
	statusSuccess = 3
)

func (g *grant) money() wallet.Money { return wallet.Money(g.amount) }

func (g *grant) has(f grantFlags) bool { return g.flags&f != 0 }

func (g *grant) status() int { return int(g.flags>>statusShift) & statusMask }

func (g *grant) setStatus(s int) {
	g.flags = g.flags&^(statusMask<<statusShift) | grantFlags(s)<<statusShift
}

func (g *grant) family() wallet.Family {
	if g.has(toutiao) {
		return wallet.ToutiaoFamily
	}
	return wallet.DouyinFamily
}

// mayBeOnRecord reports whether the grant, if not acknowledged, may be in the ledger: the outcome of a try is open. If
// every try was answered with "nothing was done", it may not.
func (g *grant) mayBeOnRecord() bool { return g.has(unknown) || !g.has(nothing) && g.acked == 0 }

// GrantSent records the first try of a grant. It panics for an amount outside 1..MaxAmount.
func (o *Oracle) GrantSent(p Person, r wallet.GrantRequest, _ wallet.Instant) GrantID {
	if r.Amount < 1 || r.Amount > MaxAmount || p < 0 || p >= maxPerson {
		panic(fmt.Sprintf("oracle: grant of %d fen to person %d", r.Amount, p))
	}
	g := grant{
		opened: r.Opened,
		amount: uint32(r.Amount),
		next:   o.people.Get(p),
		play:   o.plays.add(play{r.Scene, r.Rain, r.Award, o.stage(r.Opened)}),
	}
	if r.App.Family() == wallet.ToutiaoFamily {
		g.flags |= toutiao
	}
	i := o.grants.Append(g)
	o.people.Set(p, i)
	return grantID(p, i)
}

// GrantAnswered records the result of one try; wallet.ErrUnknown if there was no answer. It is called for every try,
// including one that was given up.
func (o *Oracle) GrantAnswered(id GrantID, r wallet.GrantRequest, reply wallet.GrantReply, err error, now wallet.Instant) {
	p, i := id.split()
	g := o.grants.At(i)
	if err != nil {
		o.notGranted(p, i, err, now)
		return
	}
	o.evaluated(orderOnce, 1)
	want := o.plays.order(g.play, reply.Order.ActID)
	if reply.Order != want || reply.Amount != g.money() {
		g.flags |= unknown
		o.fail(orderOnce, g.money(), "person %d asked for %d fen of order %s, but the reply at %s acknowledged order %s of %d fen",
			p, g.amount, want, now, reply.Order, reply.Amount)
		return
	}
	if !o.claim(p, reply.Order.ActID, now) {
		g.flags |= unknown
		return
	}
	if o.name(p, i, uint32(reply.Order.ActID), now) {
		o.acknowledge(p, o.owner(p, reply.Order), reply.State, now)
	}
}

// notGranted records an answer that is not an acknowledgement.
func (o *Oracle) notGranted(p Person, i uint32, err error, now wallet.Instant) {
	g := o.grants.At(i)
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		g.flags |= unknown
		return
	case wallet.CodeConflict:
		o.evaluated(orderOnce, 1)
		if !o.otherAmountAsked(p, i) {
			o.fail(orderOnce, g.money(), "person %d received a conflict at %s for %d fen of order %s, but no other amount was ever requested for it",
				p, now, g.amount, o.plays.order(g.play, wallet.ActID(g.act)))
		}
	case wallet.CodeRefused:
		o.evaluated(orderOnce, 1)
		if g.acked != 0 {
			o.fail(orderOnce, g.money(), "person %d was acknowledged %d fen of order %s at %s, but the same grant was refused at %s (%s)",
				p, g.amount, o.plays.order(g.play, wallet.ActID(g.act)), g.acked, now, wallet.ReasonOf(err))
		}
	}
	g.flags |= nothing
}

// otherAmountAsked reports whether the person also asked for the same play with another amount; then one of them is a conflict.
func (o *Oracle) otherAmountAsked(p Person, i uint32) bool {
	g := o.grants.At(i)
	for j := o.people.Get(p); j != 0; j = o.grants.At(j).next {
		if h := o.grants.At(j); h.play == g.play && h.amount != g.amount {
			return true
		}
	}
	return false
}

// name records that grant i was acknowledged as the order of wallet act. It returns false if that is impossible.
func (o *Oracle) name(p Person, i, act uint32, now wallet.Instant) bool {
	g := o.grants.At(i)
	if g.act == act {
		return true
	}
	h := o.owner(p, o.plays.order(g.play, wallet.ActID(act)))
	switch {
	case h != 0 && o.grants.At(h).amount == g.amount:
		// The same win under another account, or a second request: one order, paid once.
		if g.act == 0 && !g.has(alias) {
			g.flags, g.acked = g.flags|alias, now
		}
		return true
	case g.has(alias) && g.act == 0:
		// One try reached the wallets before the joining and one after it: it has a separate order after all.
		g.flags, g.acked = g.flags&^alias, 0
	case h == 0 && g.acked != 0 && o.openTwin(p, i) != 0:
		// The repeat reached the order of a twin whose answer was lost.
		o.grants.At(o.openTwin(p, i)).act = act
		return true
	case h != 0 || g.acked != 0:
		o.fail(orderOnce, g.money(), "person %d was acknowledged %d fen as order %s, and at %s the same grant as order %s",
			p, g.amount, o.plays.order(g.play, wallet.ActID(g.act)), now, o.plays.order(g.play, wallet.ActID(act)))
		return false
	}
	g.act = act // A page may have suggested another wallet; the acknowledgement decides.
	return true
}

// acknowledge records that grant i, which represents its order, was acknowledged.
func (o *Oracle) acknowledge(p Person, i uint32, state wallet.GrantState, now wallet.Instant) {
	g := o.grants.At(i)
	if g.seen == 0 && (o.cfg.Strategy == wallet.StrategySync || o.cfg.Strategy == wallet.StrategyAsync && state == wallet.GrantPosted) {
		g.seen = now
	}
	if state != wallet.GrantTokenOnly {
		g.flags &^= tokenOnly
	} else if g.acked == 0 {
		g.flags |= tokenOnly
	}
	if g.acked != 0 {
		return
	}
	g.acked = now
	o.evaluated(noOverIssuance, 1)
	no := o.plays.order(g.play, wallet.ActID(g.act))
	child := o.childOf(no.Stage)
	if child == nil {
		o.fail(phaseIsolation, g.money(), "person %d was acknowledged %d fen at %s for a win at %s, but no stage was open then", p, g.amount, now, g.opened)
		return
	}
	o.granted[no.Stage] += g.money()
	if g.money() > child.SingleCap {
		o.fail(noOverIssuance, g.money(), "person %d was acknowledged order %s of %d fen at %s, although the cap is %d fen", p, no, g.amount, now, child.SingleCap)
	}
	if sum := o.granted[no.Stage]; sum > child.Budget {
		o.fail(noOverIssuance, sum-child.Budget, "with order %s of person %d, %d fen in total were acknowledged until %s in stage %s, above its budget of %d fen",
			no, p, sum, now, no.Stage, child.Budget)
	}
}

// owner returns the person's grant that represents the order, 0 if there is none.
func (o *Oracle) owner(p Person, no wallet.OrderNo) uint32 {
	play := o.plays.of(no)
	if play == 0 {
		return 0
	}
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		if g := o.grants.At(i); g.play == play && wallet.ActID(g.act) == no.ActID && g.act != 0 {
			return i
		}
	}
	return 0
}
