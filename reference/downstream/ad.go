package downstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// ad is the downstream of advertising coupons. It accepts a task, decides later, and calls back. If the callback is
// lost, a query gives the result.
type ad struct{ *protocolBase }

var adStates = states{
	"queued": wallet.ItemProcessing, "running": wallet.ItemProcessing, "done": wallet.ItemSettled, "redeemed": wallet.ItemUsed,
	"lapsed": wallet.ItemExpired, "revoked": wallet.ItemRefunded,
}

// adFailed is the state of a task that was accepted and then declined.
const adFailed = "failed"

type adTask struct {
	Task       string `json:"task"`
	Status     string `json:"status"`
	CouponID   string `json:"coupon_id"`
	ValidUntil string `json:"valid_until"` // RFC 3339
	Message    string `json:"message"`
}

func (t adTask) claim() claim {
	return claim{t.Task, t.Status, t.CouponID, parseTime(time.RFC3339, t.ValidUntil)}
}

func (a ad) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return a.ask(ctx, i, postJSON("/tasks", struct {
		Task    string          `json:"task"`
		Account string          `json:"account"`
		Coupon  wallet.RewardID `json:"coupon"`
	}{i.No.String(), fmt.Sprintf("%d:%d", i.Account.Family, i.Account.User), i.Reward}), a.read)
}

func (a ad) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return a.ask(ctx, i, Request{Method: http.MethodGet, Path: "/tasks/" + i.No.String()}, a.read)
}

func (a ad) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return a.ask(ctx, i, Request{Method: http.MethodPost, Path: "/tasks/" + i.No.String() + "/redeem"}, a.read)
}

func (a ad) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, err := refundOrClose(ctx, a, i, func(wallet.Item) (wallet.Receipt, error) {
		return a.ask(ctx, i, Request{Method: http.MethodDelete, Path: "/tasks/" + i.No.String()}, a.read)
	})
	if errors.Is(err, wallet.ErrDeclined) { // it was declined meanwhile: there is nothing to refund
		return wallet.Receipt{State: wallet.ItemRefunded, Expires: wallet.Never}, nil
	}
	return r, err
}

func (a ad) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in adTask
	decoded := decode(r.Body, &in)
	switch {
	case decoded && r.Status == http.StatusNotFound && in.Message == "unknown task":
		return wallet.Receipt{}, a.notFound(i)
	case r.Status == http.StatusConflict:
		return wallet.Receipt{}, a.conflict(i)
	case r.Status != http.StatusOK && r.Status != http.StatusAccepted:
		return wallet.Receipt{}, a.unexpectedStatus(r)
	case !decoded:
		return wallet.Receipt{}, a.malformed("not JSON")
	case in.Status == adFailed && in.Task == i.No.String():
		return wallet.Receipt{}, a.declined()
	}
	return a.verify(i, in.claim(), adStates)
}
