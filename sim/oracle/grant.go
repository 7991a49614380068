package oracle

import (
	"fmt"
	"math"

	"hongbao/reference/wallet"
)

// MaxAmount bounds the amount of one grant that the crowd may ask for: 42 million yuan, so that fifty million grants
// keep it in four bytes each.
const MaxAmount wallet.Money = math.MaxUint32

// GrantID names a logical grant: one win of one person, however often its client repeats it.
type GrantID uint64

func grantID(p Person, i uint32) GrantID { return GrantID(p)<<32 | GrantID(i) }

func (id GrantID) split() (Person, uint32) { return Person(id >> 32), uint32(id) }

// grant is one logical grant. A run has tens of millions: 40 bytes.
type grant struct {
	opened wallet.Instant
	acked  wallet.Instant // the first acknowledgement; 0: none yet
	seen   wallet.Instant // StrategyToken: end of the last page that missed it. Otherwise: since when it was known as posted
	amount uint32
	act    uint32 // the order's wallet, once something told it; 0: not known
	next   uint32 // the person's grant before this one
	play   uint16
	is     grantIs
}

// grantIs holds what else is known of a grant.
type grantIs uint16

const (
	toutiao  grantIs = 1 << iota // sent from the Toutiao family; otherwise from the Douyin family
	unknown                      // a try ended without telling what became of it
	nothing                      // a try was answered: nothing was done
	alias                        // acknowledged as an order that another grant of the person stands for
	inLedger                     // Final found its entry
	_                            // the two bits of the last status that a page showed: statusNone to statusSuccess
	_
)

// The last status that a page showed of a grant, in the two bits above the flags.
const (
	statusShift   = 5
	statusMask    = 3
	statusNone    = 0
	statusIssued  = 1
	statusWorking = 2
	statusSuccess = 3
)

func (g *grant) money() wallet.Money { return wallet.Money(g.amount) }

func (g *grant) has(f grantIs) bool { return g.is&f != 0 }

func (g *grant) status() int { return int(g.is>>statusShift) & statusMask }

func (g *grant) setStatus(s int) { g.is = g.is&^(statusMask<<statusShift) | grantIs(s)<<statusShift }

func (g *grant) family() wallet.Family {
	if g.has(toutiao) {
		return wallet.ToutiaoFamily
	}
	return wallet.DouyinFamily
}

// mayBeOnRecord says whether the grant, not acknowledged, may be in the ledger: a try has an open end. One whose every
// try was answered with "nothing was done" may not.
func (g *grant) mayBeOnRecord() bool { return g.has(unknown) || !g.has(nothing) && g.acked == 0 }

// GrantSent tells of a grant's first try. Panics for an amount outside 1..MaxAmount.
func (o *Oracle) GrantSent(p Person, r wallet.GrantRequest, _ wallet.Instant) GrantID {
	if r.Amount < 1 || r.Amount > MaxAmount || p < 0 || p >= MaxPerson {
		panic(fmt.Sprintf("oracle: grant of %d fen to person %d", r.Amount, p))
	}
	g := grant{
		opened: r.Opened,
		amount: uint32(r.Amount),
		next:   o.people.Get(p),
		play:   o.plays.add(play{r.Scene, r.Rain, r.Award, o.stage(r.Opened)}),
	}
	if r.App.Family() == wallet.ToutiaoFamily {
		g.is |= toutiao
	}
	i := o.grants.Append(g)
	o.people.Set(p, i)
	return grantID(p, i)
}

// GrantAnswered tells what came back from one try; wallet.ErrUnknown where nothing did. Every try is told of, also one
// that was given up.
func (o *Oracle) GrantAnswered(id GrantID, r wallet.GrantRequest, reply wallet.GrantReply, err error, now wallet.Instant) {
	p, i := id.split()
	g := o.grants.At(i)
	if err != nil {
		o.notGranted(p, i, err, now)
		return
	}
	o.saw(orderOnce, 1)
	want := o.plays.order(g.play, reply.Order.ActID)
	if reply.Order != want || reply.Amount != g.money() {
		g.is |= unknown
		o.fail(orderOnce, g.money(), "person %d asked at %s for %d fen of order %s and was acknowledged order %s of %d fen",
			p, now, g.amount, want, reply.Order, reply.Amount)
		return
	}
	if !o.claim(p, reply.Order.ActID, now) {
		g.is |= unknown
		return
	}
	if o.name(p, i, uint32(reply.Order.ActID), now) {
		o.acknowledge(p, o.owner(p, reply.Order), reply.State, now)
	}
}

// notGranted takes in an answer that is no acknowledgement.
func (o *Oracle) notGranted(p Person, i uint32, err error, now wallet.Instant) {
	g := o.grants.At(i)
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		g.is |= unknown
		return
	case wallet.CodeConflict:
		o.saw(orderOnce, 1)
		if !o.rivalled(p, i) {
			o.fail(orderOnce, g.money(), "person %d was answered a conflict at %s for %d fen of order %s, which was never asked for with another amount",
				p, now, g.amount, o.plays.order(g.play, wallet.ActID(g.act)))
		}
	case wallet.CodeRefused:
		o.saw(orderOnce, 1)
		if g.acked != 0 {
			o.fail(orderOnce, g.money(), "person %d was acknowledged %d fen of order %s at %s and refused the same at %s (%s)",
				p, g.amount, o.plays.order(g.play, wallet.ActID(g.act)), g.acked, now, wallet.ReasonOf(err))
		}
	}
	g.is |= nothing
}

// rivalled says whether the person asked for the same play with another amount too: then one of them is in conflict.
func (o *Oracle) rivalled(p Person, i uint32) bool {
	g := o.grants.At(i)
	for j := o.people.Get(p); j != 0; j = o.grants.At(j).next {
		if h := o.grants.At(j); h.play == g.play && h.amount != g.amount {
			return true
		}
	}
	return false
}

// name takes in that grant i was acknowledged as the order of wallet act. It returns false if that cannot be.
func (o *Oracle) name(p Person, i, act uint32, now wallet.Instant) bool {
	g := o.grants.At(i)
	if g.act == act {
		return true
	}
	h := o.owner(p, o.plays.order(g.play, wallet.ActID(act)))
	switch {
	case h != 0 && o.grants.At(h).amount == g.amount:
		// The same was won under another account, or asked for twice: it is one order, paid once.
		if g.act == 0 && !g.has(alias) {
			g.is, g.acked = g.is|alias, now
		}
		return true
	case g.has(alias) && g.act == 0:
		// Two tries of it met the wallets before and after they were joined: it has an order of its own after all.
		g.is, g.acked = g.is&^alias, 0
	case h == 0 && g.acked != 0 && o.openTwin(p, i) != 0:
		// The repeat met the order of a twin whose answer was lost.
		o.grants.At(o.openTwin(p, i)).act = act
		return true
	case h != 0 || g.acked != 0:
		o.fail(orderOnce, g.money(), "person %d was acknowledged %d fen as order %s and at %s as order %s",
			p, g.amount, o.plays.order(g.play, wallet.ActID(g.act)), now, o.plays.order(g.play, wallet.ActID(act)))
		return false
	}
	g.act = act // A page may have suggested another wallet; the acknowledgement is what counts.
	return true
}

// acknowledge takes in that grant i, which stands for its order, was acknowledged.
func (o *Oracle) acknowledge(p Person, i uint32, state wallet.GrantState, now wallet.Instant) {
	g := o.grants.At(i)
	if g.seen == 0 && (o.cfg.Strategy == wallet.StrategySync || o.cfg.Strategy == wallet.StrategyAsync && state == wallet.GrantPosted) {
		g.seen = now
	}
	if state != wallet.GrantTokenOnly {
		g.is &^= tokenOnly
	} else if g.acked == 0 {
		g.is |= tokenOnly
	}
	if g.acked != 0 {
		return
	}
	g.acked = now
	o.saw(noOverIssuance, 1)
	no := o.plays.order(g.play, wallet.ActID(g.act))
	child := o.childOf(no.Stage)
	if child == nil {
		o.fail(phaseIsolation, g.money(), "person %d was acknowledged %d fen at %s for a win at %s, when no stage was open", p, g.amount, now, g.opened)
		return
	}
	o.granted[no.Stage] += g.money()
	if g.money() > child.SingleCap {
		o.fail(noOverIssuance, g.money(), "person %d was acknowledged order %s of %d fen at %s, above the cap of %d fen", p, no, g.amount, now, child.SingleCap)
	}
	if sum := o.granted[no.Stage]; sum > child.Budget {
		o.fail(noOverIssuance, sum-child.Budget, "with order %s of person %d, %d fen were acknowledged by %s in stage %s, above its budget of %d fen",
			no, p, sum, now, no.Stage, child.Budget)
	}
}

// owner returns the person's grant that stands for the order, 0 if none does.
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
