package oracle

import (
	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// sight is whether a person sees in one account system what was won in the other.
type sight uint8

const (
	sightNever sight = iota
	sightMaybe       // a phone is being bound: both views are right
	sightSure
)

// binding is the state of a person's phone binding. Only people who bind during the festival have one.
type binding struct {
	bound  [2]bool        // acknowledged, by family-1
	began  wallet.Instant // when the first binding was requested
	joined wallet.Instant // since when both families certainly share; 0: not yet
}

// PhoneBound records that the person's accounts were joined before the run.
func (o *Oracle) PhoneBound(p Person) {
	for int64(len(o.phones)) <= p/64 {
		o.phones = append(o.phones, 0)
	}
	o.phones[p/64] |= 1 << (p % 64)
}

// BindSent records that the person asked to bind the phone to an account.
func (o *Oracle) BindSent(p Person, _ wallet.Caller, now wallet.Instant) {
	if o.bindings[p] == nil {
		o.bindings[p] = &binding{began: now}
	}
}

// BindAnswered records the answer; wallet.ErrUnknown if there was none. The accounts count as joined once the accounts of
// both families are bound, or once the answer itself names a wallet of each.
func (o *Oracle) BindAnswered(p Person, c wallet.Caller, who wallet.Person, err error, now wallet.Instant) {
	b := o.bindings[p]
	if err != nil || b == nil {
		return
	}
	o.evaluated(orderOnce, 1)
	for _, id := range who.Wallets() {
		if !o.claim(p, id, now) {
			return
		}
	}
	b.bound[c.App.Family()-1] = true
	if b.joined == 0 && (b.bound[0] && b.bound[1] || o.spans(p, who)) {
		b.joined = now
	}
}

// spans reports whether who names wallets in which the person won in both families.
func (o *Oracle) spans(p Person, who wallet.Person) bool {
	var has [2]bool
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		if g := o.grants.At(i); g.act != 0 && who.Owns(wallet.ActID(g.act)) {
			has[g.family()-1] = true
		}
	}
	return has[0] && has[1]
}

// other reports whether a person whose request from one family started at start sees what was won in the other.
func (o *Oracle) other(p Person, start wallet.Instant) sight {
	if p/64 < int64(len(o.phones)) && o.phones[p/64]>>(p%64)&1 == 1 {
		return sightSure
	}
	b := o.bindings[p]
	switch {
	case b == nil:
		return sightNever
	case b.joined != 0 && b.joined < start:
		return sightSure
	}
	return sightMaybe
}

// sees is like other, but certain for the same family.
func (o *Oracle) sees(p Person, asked, won wallet.Family, start wallet.Instant) sight {
	if asked == won {
		return sightSure
	}
	return o.other(p, start)
}

// claim records that a reply gave a wallet to a person. It returns false if that is impossible.
func (o *Oracle) claim(p Person, id wallet.ActID, now wallet.Instant) bool {
	if id < 1 || id > slab.MaxKey {
		o.fail(orderOnce, 0, "person %d was given wallet %d at %s, which is not a valid wallet number", p, id, now)
		return false
	}
	switch holder := o.owners.Get(int64(id)); holder {
	case uint32(p + 1):
	case 0:
		o.owners.Set(int64(id), uint32(p+1))
	default:
		o.fail(orderOnce, 0, "wallet %d of person %d was also given to person %d at %s", id, holder-1, p, now)
		return false
	}
	return true
}
