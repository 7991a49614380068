package crowd

import (
	"slices"

	"hongbao/reference/wallet"
)

// denseIDs maps wallet numbers to dense ones. In the API a wallet number may be any positive int64, and an external wallet may
// use that whole range, while the oracle needs dense numbers. Numbers up to plainID stay unchanged, so that messages show the
// target's numbers; larger ones get consecutive numbers from there.
//
// Lists order the wins of one microsecond by their wallet numbers. Two wins of one person in the same microsecond, in two
// wallets with large numbers, could therefore be reported as a violation. That does not happen in practice.
//
// Guarded by the event log's lock.
type denseIDs struct{ of map[wallet.ActID]wallet.ActID }

// plainID is the largest number that stays unchanged. In the worst distribution these numbers cost the oracle 270 MB.
const plainID = 1 << 26

// maxForeign bounds the mapped numbers, at twice the wins of a run. Further numbers of a faulty target stay unmapped, and the
// oracle rejects them.
const maxForeign = 2 * MaxGrants

// id returns the number of a wallet for the oracle; an invalid number stays unchanged.
func (n *denseIDs) id(a wallet.ActID) wallet.ActID {
	if a <= plainID {
		return a
	}
	d, known := n.of[a]
	if !known {
		if len(n.of) >= maxForeign {
			return a
		}
		if n.of == nil {
			n.of = map[wallet.ActID]wallet.ActID{}
		}
		d = plainID + 1 + wallet.ActID(len(n.of))
		n.of[a] = d
	}
	return d
}

// order returns an order with the wallet number for the oracle.
func (n *denseIDs) order(no wallet.OrderNo) wallet.OrderNo {
	no.ActID = n.id(no.ActID)
	return no
}

// reply returns a grant's answer for the oracle.
func (n *denseIDs) reply(r wallet.GrantReply) wallet.GrantReply {
	r.Order = n.order(r.Order)
	if r.Item != nil {
		item := n.item(*r.Item)
		r.Item = &item
	}
	return r
}

// item returns a reward other than cash for the oracle.
func (n *denseIDs) item(i wallet.Item) wallet.Item {
	i.No = n.order(i.No)
	return i
}

// items returns several. The given slice is not changed.
func (n *denseIDs) items(all []wallet.Item) []wallet.Item {
	if !slices.ContainsFunc(all, func(i wallet.Item) bool { return i.No.ActID > plainID }) {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		all[i] = n.item(all[i])
	}
	return all
}

// rewards and rewardsRequest return a page of rewards, and a request for one, for the oracle.
func (n *denseIDs) rewards(p wallet.RewardsPage) wallet.RewardsPage {
	p.Next.Order, p.Items = n.order(p.Next.Order), n.items(p.Items)
	return p
}

func (n *denseIDs) rewardsRequest(r wallet.RewardsRequest) wallet.RewardsRequest {
	r.After.Order = n.order(r.After.Order)
	return r
}

// request returns a page request for the oracle.
func (n *denseIDs) request(r wallet.PageRequest) wallet.PageRequest {
	r.After.Order = n.order(r.After.Order)
	return r
}

// page returns a page for the oracle. The lines of the given page are not changed.
func (n *denseIDs) page(p wallet.Page) wallet.Page {
	p.Next.Order, p.Items = n.order(p.Next.Order), n.items(p.Items)
	if slices.ContainsFunc(p.Grants, func(l wallet.Line) bool { return l.Order.ActID > plainID }) {
		p.Grants = slices.Clone(p.Grants)
		for i := range p.Grants {
			p.Grants[i].Order = n.order(p.Grants[i].Order)
		}
	}
	return p
}

// person returns the person of a binding for the oracle.
func (n *denseIDs) person(p wallet.Person) wallet.Person {
	p.ActID = n.id(p.ActID)
	p.Former = slices.Clone(p.Former)
	for i, id := range p.Former {
		p.Former[i] = n.id(id)
	}
	return p
}

// bytes returns the approximate memory held: a map's entries in the worst case.
func (n *denseIDs) bytes() int64 { return int64(len(n.of)) * 37 }
