package downstream

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"hongbao/reference/wallet"
)

// pendant is the downstream of avatar pendants, which do not expire. It recognises a repeat by its request id for some
// minutes; a later repeat would issue a second pendant. So an item that is not new is queried first.
type pendant struct{ *protocolBase }

// pendantQueryShare sets the age after which an item is queried first: this fraction of the window. The rest allows for
// clock skew and for delayed requests.
const pendantQueryShare = 2

type pendantGrant struct {
	Grant string `json:"grant"`
	Order string `json:"order"`
	Worn  bool   `json:"worn"`
	Gone  bool   `json:"gone"`
	Until string `json:"until"`
}

func (p pendant) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if p.clock.Now().Sub(i.Changed) > pendantWindow/pendantQueryShare {
		r, err := p.query(ctx, i)
		if !errors.Is(err, wallet.ErrNotFound) {
			return r, err
		}
	}
	return p.ask(ctx, i, postJSON("/grants", struct {
		RequestID string          `json:"request_id"`
		Order     string          `json:"order"`
		Family    string          `json:"family"`
		User      string          `json:"user"` // hexadecimal
		Pendant   wallet.RewardID `json:"pendant"`
	}{i.No.String(), i.No.String(), inFamily(i.Account, "dy", "tt"), strconv.FormatInt(int64(i.Account.User), 16), i.Reward}), p.read)
}

func (p pendant) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.ask(ctx, i, Request{Method: http.MethodGet, Path: "/grants?order=" + i.No.String()}, p.readList)
}

func (p pendant) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.byRef(ctx, p, i, p.change(ctx, "/wear"))
}

func (p pendant) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return refundOrClose(ctx, p, i, func(i wallet.Item) (wallet.Receipt, error) {
		return p.byRef(ctx, p, i, p.change(ctx, "/revoke"))
	})
}

// change returns the function that makes a request with a grant's own id.
func (p pendant) change(ctx context.Context, verb string) func(wallet.Item) (wallet.Receipt, error) {
	return func(i wallet.Item) (wallet.Receipt, error) {
		r := Request{Method: http.MethodPost, Path: "/grants/" + i.Ref + verb, Header: map[string]string{"Content-Type": "application/json"}}
		return p.ask(ctx, i, r, p.read)
	}
}

func (p pendant) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in struct {
		pendantGrant
		Why string `json:"why"`
	}
	decoded := decode(r.Body, &in)
	switch {
	case decoded && r.Status == http.StatusForbidden && in.Why == "declined" && in.Order == i.No.String():
		return wallet.Receipt{}, p.declined()
	case decoded && r.Status == http.StatusNotFound && in.Why == "no_grant":
		return wallet.Receipt{}, p.notFound(i)
	case r.Status == http.StatusConflict:
		return wallet.Receipt{}, p.conflict(i)
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, p.unexpectedStatus(r)
	case !decoded:
		return wallet.Receipt{}, p.malformed("not JSON")
	}
	return p.grant(i, in.pendantGrant)
}

// readList decodes the list of pendants issued for the item. It may have at most one entry.
func (p pendant) readList(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in struct {
		Order  string          `json:"order"`
		Grants *[]pendantGrant `json:"grants"`
	}
	switch {
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, p.unexpectedStatus(r)
	case !decode(r.Body, &in) || in.Grants == nil:
		return wallet.Receipt{}, p.malformed("not a list")
	case in.Order != i.No.String():
		return wallet.Receipt{}, p.malformed("it names another order than %s", i.No)
	case len(*in.Grants) == 0:
		return wallet.Receipt{}, p.notFound(i)
	case len(*in.Grants) > 1:
		return wallet.Receipt{}, p.malformed("%d pendants for order %s", len(*in.Grants), i.No)
	}
	return p.grant(i, (*in.Grants)[0])
}

// grant decodes one grant. Its state consists of two flags, of which at most one is set.
func (p pendant) grant(i wallet.Item, g pendantGrant) (wallet.Receipt, error) {
	if g.Until != "never" {
		return wallet.Receipt{}, p.malformed("a pendant that expires")
	}
	state := map[[2]bool]string{{false, false}: "here", {true, false}: "worn", {false, true}: "gone"}[[2]bool{g.Worn, g.Gone}]
	return p.verify(i, claim{g.Order, state, g.Grant, wallet.Never}, states{
		"here": wallet.ItemSettled, "worn": wallet.ItemUsed, "gone": wallet.ItemRefunded,
	})
}
