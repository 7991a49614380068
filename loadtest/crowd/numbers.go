package crowd

import (
	"slices"

	"hongbao/reference/wallet"
)

// numbers gives wallets numbers that lie close together. The API lets a wallet's number be any positive int64, and
// somebody else's wallets may be numbered all over that range, while the oracle keeps them by dense numbers. Those up to
// plainID are left as they are, so that messages say what the target says; the others are numbered on from there.
//
// Lists order the wins of one microsecond by their wallets' numbers too: two wins of one person in one microsecond, under
// two such wallets, might be held against a target, and do not happen.
//
// Guarded by the witness's lock.
type numbers struct{ of map[wallet.ActID]wallet.ActID }

// plainID is the largest number that is left as it is: spread as badly as can be, so many take the oracle 270 MB.
const plainID = 1 << 26

// maxForeign bounds the others, at twice the wins of a run: who makes up more is left with numbers that no wallet has.
const maxForeign = 2 * MaxGrants

// id returns the number of a wallet for the oracle; what no wallet can be called stays what it is.
func (n *numbers) id(a wallet.ActID) wallet.ActID {
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

// order returns an order with its wallet's number for the oracle.
func (n *numbers) order(no wallet.OrderNo) wallet.OrderNo {
	no.ActID = n.id(no.ActID)
	return no
}

// reply returns a grant's answer for the oracle.
func (n *numbers) reply(r wallet.GrantReply) wallet.GrantReply {
	r.Order = n.order(r.Order)
	if r.Item != nil {
		item := n.item(*r.Item)
		r.Item = &item
	}
	return r
}

// item returns a reward other than cash for the oracle.
func (n *numbers) item(i wallet.Item) wallet.Item {
	i.No = n.order(i.No)
	return i
}

// items returns several. Those given stay as they are.
func (n *numbers) items(all []wallet.Item) []wallet.Item {
	if !slices.ContainsFunc(all, func(i wallet.Item) bool { return i.No.ActID > plainID }) {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		all[i] = n.item(all[i])
	}
	return all
}

// rewards and rewardsRequest return a page of them, and a question for one, for the oracle.
func (n *numbers) rewards(p wallet.RewardsPage) wallet.RewardsPage {
	p.Next.Order, p.Items = n.order(p.Next.Order), n.items(p.Items)
	return p
}

func (n *numbers) rewardsRequest(r wallet.RewardsRequest) wallet.RewardsRequest {
	r.After.Order = n.order(r.After.Order)
	return r
}

// request returns a question for a page for the oracle.
func (n *numbers) request(r wallet.PageRequest) wallet.PageRequest {
	r.After.Order = n.order(r.After.Order)
	return r
}

// page returns a page for the oracle. The lines of the one given stay as they are.
func (n *numbers) page(p wallet.Page) wallet.Page {
	p.Next.Order, p.Items = n.order(p.Next.Order), n.items(p.Items)
	if slices.ContainsFunc(p.Grants, func(l wallet.Line) bool { return l.Order.ActID > plainID }) {
		p.Grants = slices.Clone(p.Grants)
		for i := range p.Grants {
			p.Grants[i].Order = n.order(p.Grants[i].Order)
		}
	}
	return p
}

// person returns who a phone was bound to for the oracle.
func (n *numbers) person(p wallet.Person) wallet.Person {
	p.ActID = n.id(p.ActID)
	p.Former = slices.Clone(p.Former)
	for i, id := range p.Former {
		p.Former[i] = n.id(id)
	}
	return p
}

// bytes is the memory held, about: a map's entries in the worst case.
func (n *numbers) bytes() int64 { return int64(len(n.of)) * 37 }
