package downstream

import (
	"context"
	"fmt"
	"net/http"

	"hongbao/reference/wallet"
)

// cultural is the downstream of cultural-creative coupons. It uses JSON-RPC. It answers a repeat with an error in a
// reply of status 200. That error names the gift sent before, so the adapter treats it as a success.
type cultural struct{ *protocolBase }

var culturalStates = states{
	"ok": wallet.ItemSettled, "taken": wallet.ItemUsed, "late": wallet.ItemExpired, "back": wallet.ItemRefunded,
}

// rpcDuplicate is the error code of a repeat.
const rpcDuplicate = -32010

var culturalRefusals = refusals[int]{missing: -32004, declined: -32020, conflict: -32021, malformed: -32600}

// culturalTime is the downstream's time format, in China's time zone.
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
	r, err := u.query(ctx, i) // it was sent before; the error does not give its present state
	if err != nil {
		return r, fmt.Errorf("%w: %s has sent it before, but the query failed: %v", wallet.ErrUnknown, u.award, err)
	}
	if gift := in.Error.Data.GiftNo; r.Ref != gift {
		return wallet.Receipt{}, u.malformed("the gift has two references")
	}
	return r, nil
}

// duplicate reports whether a reply says that the item was sent before.
func (cultural) duplicate(i wallet.Item, in culturalReply) bool {
	return in.Error != nil && in.Error.Code == rpcDuplicate && in.Error.Data != nil && in.Error.Data.Order == i.No.String()
}

func (u cultural) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return u.do(ctx, i, "gift.get")
}

func (u cultural) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return u.do(ctx, i, "gift.take")
}

// refund also closes an order that the downstream does not know.
func (u cultural) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return u.do(ctx, i, "gift.back")
}

func (u cultural) do(ctx context.Context, i wallet.Item, method string) (wallet.Receipt, error) {
	in, err := u.call(ctx, i, method, culturalParams{Order: i.No.String()})
	if err != nil {
		return wallet.Receipt{}, err
	}
	return u.read(i, in)
}

// call makes one call and returns the reply to it.
func (u cultural) call(ctx context.Context, i wallet.Item, method string, p culturalParams) (culturalReply, error) {
	reply, err := u.send(ctx, postJSON("/rpc", struct {
		Version string         `json:"jsonrpc"`
		ID      string         `json:"id"`
		Method  string         `json:"method"`
		Params  culturalParams `json:"params"`
	}{"2.0", i.No.String(), method, p}))
	if err != nil {
		return culturalReply{}, err
	}
	return u.parse(i, reply)
}

func (u cultural) parse(i wallet.Item, r Reply) (culturalReply, error) {
	var in culturalReply
	switch {
	case r.Status != http.StatusOK:
		return in, u.unexpectedStatus(r)
	case !decode(r.Body, &in) || in.Version != "2.0":
		return in, u.malformed("not JSON-RPC")
	case in.ID != i.No.String():
		return in, u.malformed("it answers another call, not the one for %s", i.No)
	case (in.Result == nil) == (in.Error == nil):
		return in, u.malformed("it needs either a result or an error")
	}
	return in, nil
}

func (u cultural) read(i wallet.Item, in culturalReply) (wallet.Receipt, error) {
	if g := in.Result; g != nil {
		return u.verify(i, claim{g.Order, g.Status, g.GiftNo, parseTime(culturalTime, g.End)}, culturalStates)
	}
	return refused(u.protocolBase, i, in.Error.Code, culturalRefusals)
}
