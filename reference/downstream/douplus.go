package downstream

import (
	"context"
	"fmt"
	"net/http"

	"hongbao/reference/wallet"
)

// douPlus is the downstream of Dou+ coupons. Each coupon is a document under its order's path. It is created once, and
// a change must name the current version.
type douPlus struct{ *protocolBase }

var douPlusStates = states{
	"ready": wallet.ItemSettled, "used": wallet.ItemUsed, "over": wallet.ItemExpired, "withdrawn": wallet.ItemRefunded,
}

// douPlusTries bounds how often one call reads a document that another caller keeps changing.
const douPlusTries = 3

type douPlusDocument struct {
	No     string                   `json:"no"`
	ID     string                   `json:"id,omitempty"`
	Owner  map[string]wallet.UserID `json:"owner,omitempty"`
	Kind   wallet.RewardID          `json:"kind,omitempty"`
	Status string                   `json:"status,omitempty"`
	Until  string                   `json:"until,omitempty"` // HTTP date format
}

func (d douPlus) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	owner := map[string]wallet.UserID{inFamily(i.Account, "douyin", "toutiao"): i.Account.User}
	return d.put(ctx, i, douPlusDocument{No: i.No.String(), Owner: owner, Kind: i.Reward})
}

// put creates a document, or returns the state of the existing one.
func (d douPlus) put(ctx context.Context, i wallet.Item, doc douPlusDocument) (wallet.Receipt, error) {
	reply, err := d.send(ctx, Request{Method: http.MethodPut, Path: d.path(i), Body: encode(doc), Header: map[string]string{
		"Content-Type": "application/json", "If-None-Match": "*",
	}})
	if err != nil {
		return wallet.Receipt{}, err
	}
	if reply.Status == http.StatusPreconditionFailed { // it exists already
		r, err := d.query(ctx, i)
		if err != nil {
			return r, fmt.Errorf("%w: the coupon of %s exists but cannot be read: %v", wallet.ErrUnknown, d.award, err)
		}
		return r, nil
	}
	r, _, err := d.read(i, reply)
	return r, err
}

func (douPlus) path(i wallet.Item) string { return "/coupons/" + i.No.String() }

func (d douPlus) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, _, err := d.get(ctx, i)
	return r, err
}

func (d douPlus) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return d.change(ctx, i, "used", wallet.ItemUsed)
}

// refund also closes an order that the downstream does not know.
func (d douPlus) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	r, err := d.change(ctx, i, "withdrawn", wallet.ItemRefunded)
	if wallet.CodeOf(err) == wallet.CodeNotFound {
		r, err = d.put(ctx, i, douPlusDocument{No: i.No.String(), Status: "withdrawn"})
		if err == nil && r.State == wallet.ItemSettled { // it was created meanwhile
			return d.change(ctx, i, "withdrawn", wallet.ItemRefunded)
		}
	}
	return r, err
}

// change reads the document and, if it is ready, changes that version to a new status.
func (d douPlus) change(ctx context.Context, i wallet.Item, status string, want wallet.ItemState) (wallet.Receipt, error) {
	for try := range douPlusTries {
		r, version, err := d.get(ctx, i)
		switch {
		case err != nil && try == 0:
			return r, d.notStarted(err)
		case err != nil: // the refused change may be a duplicate of one that was made
			return r, fmt.Errorf("%w: the coupon of %s has changed but cannot be read: %v", wallet.ErrUnknown, d.award, err)
		}
		if r.State != wallet.ItemSettled {
			return r, nil
		}
		reply, err := d.send(ctx, Request{
			Method: http.MethodPut, Path: d.path(i) + "/status", Body: encode(douPlusDocument{No: i.No.String(), Status: status}),
			Header: map[string]string{"Content-Type": "application/json", "If-Match": version},
		})
		switch {
		case err != nil:
			return wallet.Receipt{}, err
		case reply.Status == http.StatusNoContent:
			r.State = want
			return r, nil
		case reply.Status != http.StatusPreconditionFailed && reply.Status != http.StatusConflict:
			return wallet.Receipt{}, d.unexpectedStatus(reply)
		}
	}
	return wallet.Receipt{}, fmt.Errorf("%w: the coupon of %s keeps changing", wallet.ErrUnknown, d.award)
}

// get returns the document's state and version.
func (d douPlus) get(ctx context.Context, i wallet.Item) (wallet.Receipt, string, error) {
	reply, err := d.send(ctx, Request{Method: http.MethodGet, Path: d.path(i)})
	if err != nil {
		return wallet.Receipt{}, "", err
	}
	return d.read(i, reply)
}

func (d douPlus) read(i wallet.Item, r Reply) (wallet.Receipt, string, error) {
	var in struct {
		douPlusDocument
		Missing  string `json:"missing"`
		Declined string `json:"declined"`
	}
	decoded := decode(r.Body, &in)
	order := i.No.String()
	switch {
	case decoded && r.Status == http.StatusNotFound && in.Missing == order:
		return wallet.Receipt{}, "", d.notFound(i)
	case decoded && r.Status == http.StatusConflict && in.Declined == order:
		return wallet.Receipt{}, "", d.declined()
	case r.Status != http.StatusOK && r.Status != http.StatusCreated:
		return wallet.Receipt{}, "", d.unexpectedStatus(r)
	case !decoded || r.Header["Etag"] == "":
		return wallet.Receipt{}, "", d.malformed("not a document with a version")
	}
	until, _ := http.ParseTime(in.Until) // the zero time if it is missing, which is not a valid expiry
	receipt, err := d.verify(i, claim{in.No, in.Status, in.ID, unix(until.Unix())}, douPlusStates)
	return receipt, r.Header["Etag"], err
}
