package downstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// heytea is the downstream of Heytea coupons. It reserves first, and issues when the reservation is confirmed in time.
// An unconfirmed reservation issues nothing.
type heytea struct{ *protocolBase }

var heyteaStates = states{
	"confirmed": wallet.ItemSettled, "redeemed": wallet.ItemUsed, "stale": wallet.ItemExpired, "cancelled": wallet.ItemRefunded,
}

// heyteaTries bounds the reservations of one call: if two in a row expire before they are confirmed, the downstream is
// too slow at present.
const heyteaTries = 2

type heyteaReply struct {
	Reservation string `json:"reservation"`
	Ref         string `json:"ref"`
	State       string `json:"state"`
	Ticket      string `json:"ticket"`
	BestBefore  string `json:"best_before"` // RFC 3339
	Reason      string `json:"reason"`
}

// errLapsed means that a reservation expired.
var errLapsed = errors.New("downstream: the reservation expired")

func (h heytea) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	member := decimal(i.Account) + inFamily(i.Account, "@douyin", "@toutiao")
	body := encode(struct {
		Ref    string          `json:"ref"`
		Member string          `json:"member"`
		Drink  wallet.RewardID `json:"drink"`
	}{i.No.String(), member, i.Reward})
	for range heyteaTries {
		held, r, err := h.do(ctx, i, http.MethodPost, "/reservations", body)
		if err != nil || held == "" {
			return r, err
		}
		held, r, err = h.do(ctx, i, http.MethodPost, h.path(i)+"/confirm", encode(map[string]string{"reservation": held}))
		if err == nil && held != "" {
			err = h.malformed("it is still a reservation after its confirmation")
		}
		if !errors.Is(err, errLapsed) {
			return r, err
		}
	}
	return wallet.Receipt{}, fmt.Errorf("%w: the reservations of %s expire before they are confirmed", wallet.ErrUnavailable, h.award)
}

func (heytea) path(i wallet.Item) string { return "/reservations/" + i.No.String() }

// query does not find an unconfirmed reservation. Issuing it again confirms it.
func (h heytea) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return h.confirmedOnly(ctx, i, http.MethodGet, h.path(i))
}

func (h heytea) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return h.confirmedOnly(ctx, i, http.MethodPost, h.path(i)+"/redeem")
}

func (h heytea) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return refundOrClose(ctx, h, i, func(wallet.Item) (wallet.Receipt, error) {
		return h.confirmedOnly(ctx, i, http.MethodDelete, h.path(i))
	})
}

// confirmedOnly makes a request that an unconfirmed reservation cannot satisfy.
func (h heytea) confirmedOnly(ctx context.Context, i wallet.Item, method, path string) (wallet.Receipt, error) {
	held, r, err := h.do(ctx, i, method, path, nil)
	if err == nil && held != "" {
		return r, h.notFound(i)
	}
	return r, err
}

// do returns the id of an unconfirmed reservation, or the issued item.
func (h heytea) do(ctx context.Context, i wallet.Item, method, path string, body []byte) (string, wallet.Receipt, error) {
	reply, err := h.send(ctx, Request{Method: method, Path: path, Body: body, Header: map[string]string{"Content-Type": "application/json"}})
	if err != nil {
		return "", wallet.Receipt{}, err
	}
	return h.read(i, reply)
}

func (h heytea) read(i wallet.Item, r Reply) (string, wallet.Receipt, error) {
	var in heyteaReply
	decoded := decode(r.Body, &in)
	switch {
	case decoded && r.Status == http.StatusConflict && in.Reason == "declined" && in.Ref == i.No.String():
		return "", wallet.Receipt{}, h.declined()
	case r.Status == http.StatusConflict:
		return "", wallet.Receipt{}, h.conflict(i)
	case decoded && r.Status == http.StatusGone && in.Reason == "lapsed":
		return "", wallet.Receipt{}, errLapsed
	case decoded && r.Status == http.StatusNotFound && in.Reason == "no_reservation":
		return "", wallet.Receipt{}, h.notFound(i)
	case r.Status != http.StatusOK:
		return "", wallet.Receipt{}, h.unexpectedStatus(r)
	case !decoded:
		return "", wallet.Receipt{}, h.malformed("not JSON")
	case in.State == "held" && in.Ref == i.No.String() && in.Reservation != "" && len(in.Reservation) <= wallet.MaxItemRef:
		return in.Reservation, wallet.Receipt{}, nil
	}
	receipt, err := h.verify(i, claim{in.Ref, in.State, in.Ticket, parseTime(time.RFC3339, in.BestBefore)}, heyteaStates)
	return "", receipt, err
}
