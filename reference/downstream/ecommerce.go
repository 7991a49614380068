package downstream

import (
	"context"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// ecommerce is the downstream of e-commerce coupons. It accepts only batches, and answers line by line in any order.
// Each line has its own result. After a malformed reply the outcome of the whole batch is unknown.
type ecommerce struct{ *protocolBase }

var ecommerceStates = states{
	"valid": wallet.ItemSettled, "used": wallet.ItemUsed, "ended": wallet.ItemExpired, "void": wallet.ItemRefunded,
}

type ecommerceRequest struct {
	No  string          `json:"no"`
	UID string          `json:"uid,omitempty"`
	SKU wallet.RewardID `json:"sku,omitempty"`
}

type ecommerceLine struct {
	No     string `json:"no"`
	Code   *int   `json:"code"` // a line without a code has no result
	Coupon string `json:"coupon"`
	Status string `json:"status"`
	EndsMS int64  `json:"ends_ms"`
}

// The codes of a line with an item.
const (
	lineDone      = 0
	lineDuplicate = 1 // done before
)

var lineRefusals = refusals[int]{declined: 2, missing: 3, malformed: 4, conflict: 5}

func (e ecommerce) issueAll(ctx context.Context, items []wallet.Item) []wallet.ItemResult {
	asks := make([]ecommerceRequest, len(items))
	for n, i := range items {
		asks[n] = ecommerceRequest{i.No.String(), inFamily(i.Account, "d", "t") + decimal(i.Account), i.Reward}
	}
	return e.batch(ctx, "/issues", asks, items)
}

func (e ecommerce) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	a := e.issueAll(ctx, []wallet.Item{i})[0]
	return a.Receipt, a.Err
}

func (e ecommerce) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return e.one(ctx, "/queries", i)
}

func (e ecommerce) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return e.one(ctx, "/uses", i)
}

// refund also closes an order that the downstream does not know.
func (e ecommerce) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return e.one(ctx, "/voids", i)
}

// one sends a batch of one.
func (e ecommerce) one(ctx context.Context, path string, i wallet.Item) (wallet.Receipt, error) {
	a := e.batch(ctx, path, []ecommerceRequest{{No: i.No.String()}}, []wallet.Item{i})[0]
	return a.Receipt, a.Err
}

func (e ecommerce) batch(ctx context.Context, path string, asks []ecommerceRequest, items []wallet.Item) []wallet.ItemResult {
	reply, err := e.send(ctx, postJSON(path, map[string][]ecommerceRequest{"lines": asks}))
	if err != nil {
		return e.all(items, err)
	}
	return e.read(items, reply)
}

// all returns the same error for every item.
func (ecommerce) all(items []wallet.Item, err error) []wallet.ItemResult {
	answers := make([]wallet.ItemResult, len(items))
	for n := range answers {
		answers[n].Err = err
	}
	return answers
}

func (e ecommerce) read(items []wallet.Item, r Reply) []wallet.ItemResult {
	var in struct {
		Lines []ecommerceLine `json:"lines"`
	}
	switch {
	case r.Status != http.StatusOK:
		return e.all(items, e.unexpectedStatus(r))
	case !decode(r.Body, &in):
		return e.all(items, e.malformed("not JSON"))
	}
	lines := map[string][]ecommerceLine{}
	for _, l := range in.Lines {
		lines[l.No] = append(lines[l.No], l)
	}
	answers := make([]wallet.ItemResult, len(items))
	for n, i := range items {
		if l := lines[i.No.String()]; len(l) == 1 {
			answers[n].Receipt, answers[n].Err = e.readLine(i, l[0])
		} else {
			answers[n].Err = e.malformed("%d lines for order %s", len(l), i.No)
		}
	}
	return answers
}

func (e ecommerce) readLine(i wallet.Item, l ecommerceLine) (wallet.Receipt, error) {
	if l.Code == nil {
		return wallet.Receipt{}, e.malformed("a line without a code")
	}
	if *l.Code != lineDone && *l.Code != lineDuplicate {
		return refused(e.protocolBase, i, *l.Code, lineRefusals)
	}
	return e.verify(i, claim{l.No, l.Status, l.Coupon, unix(l.EndsMS / int64(time.Second/time.Millisecond))}, ecommerceStates)
}
