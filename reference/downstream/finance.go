package downstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hongbao/reference/wallet"
)

// finance is the downstream of consumer-finance coupons. It answers every request with "in progress". Its result query
// and its signed callback are the only sources of the outcome.
type finance struct{ *protocolBase }

var financeStates = states{
	"P0": wallet.ItemProcessing, "S0": wallet.ItemSettled, "U0": wallet.ItemUsed, "X0": wallet.ItemExpired, "C0": wallet.ItemRefunded,
}

// Further codes.
const (
	financeInHand    = "P0"
	financeDeclined  = "F0"
	financeMissing   = "N0"
	financeMalformed = "E1"
	financeConflict  = "E2"
)

type financeRequest struct {
	Serial   string          `json:"serial"`
	Customer string          `json:"customer,omitempty"`
	Product  wallet.RewardID `json:"product,omitempty"`
}

func (f finance) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	customer := fmt.Sprintf("%s%013d", inFamily(i.Account, "DY", "TT"), i.Account.User)
	if err := f.submit(ctx, "/apply", i, financeRequest{i.No.String(), customer, i.Reward}); err != nil {
		return wallet.Receipt{}, err
	}
	return wallet.Receipt{State: wallet.ItemProcessing, Expires: wallet.Never}, nil
}

func (f finance) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return f.ask(ctx, i, Request{Method: http.MethodGet, Path: "/result?serial=" + i.No.String()}, f.read)
}

func (f finance) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := f.submit(ctx, "/consume", i, financeRequest{Serial: i.No.String()}); err != nil {
		return wallet.Receipt{}, err
	}
	return f.outcome(ctx, i)
}

// refund also closes an order that the downstream does not know.
func (f finance) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := f.submit(ctx, "/revoke", i, financeRequest{Serial: i.No.String()}); err != nil {
		return wallet.Receipt{}, err
	}
	r, err := f.outcome(ctx, i)
	if errors.Is(err, wallet.ErrDeclined) { // it was declined meanwhile: there is nothing to refund
		return wallet.Receipt{State: wallet.ItemRefunded, Expires: wallet.Never}, nil
	}
	return r, err
}

// outcome queries the result of a submitted request. If there is none yet, it may still come.
func (f finance) outcome(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, err := f.query(ctx, i)
	switch {
	case errors.Is(err, wallet.ErrDeclined), errors.Is(err, wallet.ErrNotFound):
		return r, err
	case err != nil:
		return r, fmt.Errorf("%w: %s is processing it: %v", wallet.ErrUnknown, f.award, err)
	case r.State == wallet.ItemSettled || r.State == wallet.ItemProcessing:
		return r, fmt.Errorf("%w: %s is processing it", wallet.ErrUnknown, f.award)
	}
	return r, nil
}

// submit sends a request. nil: it is in progress.
func (f finance) submit(ctx context.Context, path string, i wallet.Item, a financeRequest) error {
	reply, err := f.send(ctx, postJSON(path, a))
	if err != nil {
		return err
	}
	in, err := f.result(i, reply)
	switch {
	case err != nil:
		return err
	case in.Code != financeInHand:
		return f.malformed("an unexpected code")
	}
	return nil
}

type financeResult struct {
	Serial  string `json:"serial"`
	Code    string `json:"code"`
	Voucher string `json:"voucher"`
	Until   int64  `json:"until"` // Unix milliseconds
}

func (r financeResult) claim() claim {
	return claim{r.Serial, r.Code, r.Voucher, unix(r.Until / int64(time.Second/time.Millisecond))}
}

// result decodes a reply and checks that it concerns the item.
func (f finance) result(i wallet.Item, r Reply) (financeResult, error) {
	var in financeResult
	switch {
	case r.Status != http.StatusOK:
		return in, f.unexpectedStatus(r)
	case !decode(r.Body, &in):
		return in, f.malformed("not JSON")
	case in.Serial != i.No.String():
		return in, f.malformed("it names another order than %s", i.No)
	case in.Code == financeMalformed:
		return in, f.unexpectedStatus(Reply{Status: http.StatusBadRequest})
	case in.Code == financeConflict:
		return in, f.conflict(i)
	}
	return in, nil
}

func (f finance) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	in, err := f.result(i, r)
	switch {
	case err != nil:
		return wallet.Receipt{}, err
	case in.Code == financeDeclined:
		return wallet.Receipt{}, f.declined()
	case in.Code == financeMissing:
		return wallet.Receipt{}, f.notFound(i)
	}
	return f.verify(i, in.claim(), financeStates)
}

// financeCallback decodes a form that contains its own signature. A declined item counts as refunded.
func financeCallback(secret []byte, now wallet.Instant, r Request) (wallet.Callback, error) {
	const award = wallet.ConsumerFinanceCoupon
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return wallet.Callback{}, badCallback(award)
	}
	in := map[string]string{}
	for k, v := range form {
		if len(v) != 1 {
			return wallet.Callback{}, badCallback(award)
		}
		in[k] = v[0]
	}
	if !signed(secret, sorted(in), in["sign"]) {
		return wallet.Callback{}, fmt.Errorf("%w: a callback of %s with a wrong signature", wallet.ErrNotYours, award)
	}
	if err := checkAge(award, now, in["time"]); err != nil {
		return wallet.Callback{}, err
	}
	until, err := strconv.ParseInt(in["until"], 10, 64)
	if err != nil {
		return wallet.Callback{}, badCallback(award)
	}
	c := financeResult{in["serial"], in["code"], in["voucher"], until}.claim()
	if c.state == financeDeclined {
		c.state, c.ref = "C0", ""
	}
	return (&protocolBase{award: award}).callbackOf(c, financeStates)
}
