package downstream

import (
	"context"
	"fmt"
	"net/http"

	"hongbao/reference/wallet"
)

// cultural is the downstream of cultural-creative coupons. It speaks JSON-RPC. A repeat is an error to it, in a reply of
// status 200; that error names what was sent before, so it is our success.
type cultural struct{ *line }

var culturalStates = states{
	"ok": wallet.ItemSettled, "taken": wallet.ItemUsed, "late": wallet.ItemExpired, "back": wallet.ItemRefunded,
}

// What an error's code says.
const (
	rpcMalformed = -32600 // not looked at
	rpcMissing   = -32004
	rpcDuplicate = -32010
	rpcDeclined  = -32020
	rpcConflict  = -32021
)

// culturalTime is how the downstream writes times, as a clock in China shows them.
const culturalTime = "2006-01-02 15:04:05"

type culturalParams struct {
	Order string          `json:"order"`
	User  string          `json:"user,omitempty"`
	Gift  wallet.RewardID `json:"gift,omitempty"`
}

type culturalGift struct {
	Order  string `json:"order"`
	GiftNo string `json:"gift_no"`
	Status string `json:"status"`
	End    string `json:"end"`
}

type culturalReply struct {
	Version string        `json:"jsonrpc"`
	ID      string        `json:"id"`
	Result  *culturalGift `json:"result"`
	Error   *struct {
		Code int           `json:"code"`
		Data *culturalGift `json:"data"`
	} `json:"error"`
}

func (u cultural) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	in, err := u.call(ctx, i, "gift.send", culturalParams{
		Order: i.No.String(), User: fmt.Sprintf("urn:user:%d:%d", i.Account.Family, i.Account.User), Gift: i.Reward,
	})
	if err != nil {
		return wallet.Receipt{}, err
	}
	if !u.duplicate(i, in) {
		return u.read(i, in)
	}
	r, err := u.look(ctx, i) // it was sent before; the error does not say what became of it since
	if err != nil {
		return r, fmt.Errorf("%w: %s has sent it and does not show it: %v", wallet.ErrUnknown, u.award, err)
	}
	if gift := in.Error.Data.GiftNo; r.Ref != gift {
		return wallet.Receipt{}, u.unreadable("the gift has two names")
	}
	return r, nil
}

// duplicate says whether a reply tells that the item was sent before.
func (cultural) duplicate(i wallet.Item, in culturalReply) bool {
	return in.Error != nil && in.Error.Code == rpcDuplicate && in.Error.Data != nil && in.Error.Data.Order == i.No.String()
}

func (u cultural) look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return u.ask(ctx, i, "gift.get")
}

func (u cultural) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return u.ask(ctx, i, "gift.take")
}

// refund also closes an order that the downstream has never heard of.
func (u cultural) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return u.ask(ctx, i, "gift.back")
}

func (u cultural) ask(ctx context.Context, i wallet.Item, method string) (wallet.Receipt, error) {
	in, err := u.call(ctx, i, method, culturalParams{Order: i.No.String()})
	if err != nil {
		return wallet.Receipt{}, err
	}
	return u.read(i, in)
}

// call makes one call and returns a reply that belongs to it.
func (u cultural) call(ctx context.Context, i wallet.Item, method string, p culturalParams) (culturalReply, error) {
	body := encode(struct {
		Version string         `json:"jsonrpc"`
		ID      string         `json:"id"`
		Method  string         `json:"method"`
		Params  culturalParams `json:"params"`
	}{"2.0", i.No.String(), method, p})
	reply, err := u.send(ctx, Request{
		Method: http.MethodPost, Path: "/rpc", Body: body, Header: map[string]string{"Content-Type": "application/json"},
	})
	if err != nil {
		return culturalReply{}, err
	}
	return u.parse(i, reply)
}

func (u cultural) parse(i wallet.Item, r Reply) (culturalReply, error) {
	var in culturalReply
	switch {
	case r.Status != http.StatusOK:
		return in, u.status(r)
	case !decode(r.Body, &in) || in.Version != "2.0":
		return in, u.unreadable("no JSON-RPC")
	case in.ID != i.No.String():
		return in, u.unreadable("it answers another call than that for %s", i.No)
	case (in.Result == nil) == (in.Error == nil):
		return in, u.unreadable("neither result nor error, or both")
	}
	return in, nil
}

func (u cultural) read(i wallet.Item, in culturalReply) (wallet.Receipt, error) {
	if g := in.Result; g != nil {
		return u.believe(i, claim{g.Order, g.Status, g.GiftNo, moment(culturalTime, g.End)}, culturalStates)
	}
	switch in.Error.Code {
	case rpcMalformed:
		return wallet.Receipt{}, u.status(Reply{Status: http.StatusBadRequest})
	case rpcMissing:
		return wallet.Receipt{}, u.notFound(i)
	case rpcDeclined:
		return wallet.Receipt{}, u.declined()
	case rpcConflict:
		return wallet.Receipt{}, u.conflict(i)
	}
	return wallet.Receipt{}, u.unreadable("an error that the protocol does not have")
}
