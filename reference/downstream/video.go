package downstream

import (
	"context"
	"net/http"

	"hongbao/reference/wallet"
)

// video is the downstream of red-packet subsidies for videos. It decides at once, in JSON, and recognises repeats only
// by the header Idempotency-Key.
type video struct{ *protocolBase }

var videoStates = states{
	"granted": wallet.ItemSettled, "used": wallet.ItemUsed, "expired": wallet.ItemExpired, "cancelled": wallet.ItemRefunded,
}

type videoUser struct {
	Family wallet.Family `json:"family"`
	ID     wallet.UserID `json:"id"`
}

func (v video) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	body := encode(struct {
		Order    string          `json:"order"`
		User     videoUser       `json:"user"`
		Template wallet.RewardID `json:"template"`
	}{i.No.String(), videoUser{i.Account.Family, i.Account.User}, i.Reward})
	return v.ask(ctx, i, Request{Method: http.MethodPost, Path: "/subsidies", Body: body, Header: map[string]string{
		"Content-Type": "application/json", "Idempotency-Key": i.No.String(),
	}}, v.read)
}

func (v video) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return v.ask(ctx, i, Request{Method: http.MethodGet, Path: "/subsidies/" + i.No.String()}, v.read)
}

func (v video) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return v.ask(ctx, i, Request{Method: http.MethodPost, Path: "/subsidies/" + i.No.String() + "/use"}, v.read)
}

// refund also closes an order that the downstream does not know.
func (v video) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return v.ask(ctx, i, Request{Method: http.MethodPost, Path: "/subsidies/" + i.No.String() + "/cancel"}, v.read)
}

func (v video) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in struct {
		Error   string `json:"error"`
		Order   string `json:"order"`
		Subsidy string `json:"subsidy"`
		State   string `json:"state"`
		Expires int64  `json:"expires"` // Unix seconds
	}
	decoded := decode(r.Body, &in)
	switch {
	case decoded && r.Status == http.StatusUnprocessableEntity && in.Error == "declined" && in.Order == i.No.String():
		return wallet.Receipt{}, v.declined()
	case decoded && r.Status == http.StatusNotFound && in.Error == "no_such_order":
		return wallet.Receipt{}, v.notFound(i)
	case r.Status == http.StatusConflict:
		return wallet.Receipt{}, v.conflict(i)
	case r.Status != http.StatusOK && r.Status != http.StatusCreated:
		return wallet.Receipt{}, v.unexpectedStatus(r)
	case !decoded:
		return wallet.Receipt{}, v.malformed("not JSON")
	}
	return v.verify(i, claim{in.Order, in.State, in.Subsidy, unix(in.Expires)}, videoStates)
}
