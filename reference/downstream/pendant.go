package downstream

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"hongbao/reference/wallet"
)

// pendant is the downstream of avatar pendants, which have no end. It knows a repeat by its request id for some minutes; a
// repeat that comes later would hand out a second one. So what was asked for some time ago is looked for first.
type pendant struct{ *line }

// pendantLook is the part of the window after which an item is looked for: the rest is for clocks that disagree, and for
// requests on their way.
const pendantLook = 2

type pendantGrant struct {
	Grant string `json:"grant"`
	Order string `json:"order"`
	Worn  bool   `json:"worn"`
	Gone  bool   `json:"gone"`
	Until string `json:"until"`
}

func (p pendant) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if p.clock.Now().Sub(i.Changed) > pendantWindow/pendantLook {
		r, err := p.look(ctx, i)
		if !errors.Is(err, wallet.ErrNotFound) {
			return r, err
		}
	}
	family := "dy"
	if i.Account.Family == wallet.ToutiaoFamily {
		family = "tt"
	}
	return p.ask(ctx, i, "/grants", encode(struct {
		RequestID string          `json:"request_id"`
		Order     string          `json:"order"`
		Family    string          `json:"family"`
		User      string          `json:"user"` // hexadecimal
		Pendant   wallet.RewardID `json:"pendant"`
	}{i.No.String(), i.No.String(), family, strconv.FormatInt(int64(i.Account.User), 16), i.Reward}))
}

func (p pendant) look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	reply, err := p.send(ctx, Request{Method: http.MethodGet, Path: "/grants?order=" + i.No.String()})
	if err != nil {
		return wallet.Receipt{}, err
	}
	return p.readList(i, reply)
}

func (p pendant) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return p.named(ctx, i, "/wear")
}

func (p pendant) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, err := p.named(ctx, i, "/revoke")
	if errors.Is(err, wallet.ErrNotFound) {
		return issueThenRefund(ctx, p, i, func(r wallet.Receipt) (wallet.Receipt, error) {
			i.Ref = r.Ref
			return p.named(ctx, i, "/revoke")
		})
	}
	return r, err
}

// named asks for something by the grant's own name, which is looked up where it is not on record.
func (p pendant) named(ctx context.Context, i wallet.Item, verb string) (wallet.Receipt, error) {
	if i.Ref == "" {
		r, err := p.look(ctx, i)
		if err != nil || r.State != wallet.ItemSettled {
			return r, p.nothingDone(err)
		}
		i.Ref = r.Ref
	}
	return p.ask(ctx, i, "/grants/"+i.Ref+verb, nil)
}

func (p pendant) ask(ctx context.Context, i wallet.Item, path string, body []byte) (wallet.Receipt, error) {
	reply, err := p.send(ctx, Request{Method: http.MethodPost, Path: path, Body: body, Header: map[string]string{"Content-Type": "application/json"}})
	if err != nil {
		return wallet.Receipt{}, err
	}
	return p.read(i, reply)
}

func (p pendant) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in struct {
		pendantGrant
		Why string `json:"why"`
	}
	whole := decode(r.Body, &in)
	switch {
	case whole && r.Status == http.StatusForbidden && in.Why == "declined" && in.Order == i.No.String():
		return wallet.Receipt{}, p.declined()
	case whole && r.Status == http.StatusNotFound && in.Why == "no_grant":
		return wallet.Receipt{}, p.notFound(i)
	case r.Status == http.StatusConflict:
		return wallet.Receipt{}, p.conflict(i)
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, p.status(r)
	case !whole:
		return wallet.Receipt{}, p.unreadable("no JSON")
	}
	return p.grant(i, in.pendantGrant)
}

// readList reads all that was handed out for the item, which must be one at most.
func (p pendant) readList(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in struct {
		Order  string          `json:"order"`
		Grants *[]pendantGrant `json:"grants"`
	}
	switch {
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, p.status(r)
	case !decode(r.Body, &in) || in.Grants == nil:
		return wallet.Receipt{}, p.unreadable("no list")
	case in.Order != i.No.String():
		return wallet.Receipt{}, p.unreadable("it names another order than %s", i.No)
	case len(*in.Grants) == 0:
		return wallet.Receipt{}, p.notFound(i)
	case len(*in.Grants) > 1:
		return wallet.Receipt{}, p.unreadable("%d pendants for order %s", len(*in.Grants), i.No)
	}
	return p.grant(i, (*in.Grants)[0])
}

// grant reads one grant. Its state is made of two flags, of which one at most is set.
func (p pendant) grant(i wallet.Item, g pendantGrant) (wallet.Receipt, error) {
	if g.Until != "never" {
		return wallet.Receipt{}, p.unreadable("a pendant that ends")
	}
	state := map[[2]bool]string{{false, false}: "here", {true, false}: "worn", {false, true}: "gone"}[[2]bool{g.Worn, g.Gone}]
	return p.believe(i, claim{g.Order, state, g.Grant, wallet.Never}, states{
		"here": wallet.ItemSettled, "worn": wallet.ItemUsed, "gone": wallet.ItemRefunded,
	})
}
