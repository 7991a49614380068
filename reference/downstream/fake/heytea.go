package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hongbao/reference/wallet"
)

// heytea reserves first and issues when the reservation is confirmed in time. Unconfirmed reservations expire.
type heytea struct{}

// reservationTimeout is how long a reservation can be confirmed.
const reservationTimeout = 30 * time.Second

// reservation is an unconfirmed reservation.
type reservation struct {
	id      string
	request issueRequest
	until   wallet.Instant
}

type heyteaReservation struct {
	Reservation string `json:"reservation,omitempty"`
	Ref         string `json:"ref"`
	State       string `json:"state"`
	Ticket      string `json:"ticket,omitempty"`
	BestBefore  string `json:"best_before,omitempty"` // RFC 3339
}

var heyteaStates = [...]string{live: "confirmed", used: "redeemed", refunded: "cancelled", expired: "stale", failed: "cancelled"}

func (heytea) fail(status int, reason string) Reply {
	return jsonReply(status, map[string]string{"reason": reason})
}

func (h heytea) handle(b *backend, now wallet.Instant, r Request) Reply {
	part := strings.Split(strings.TrimPrefix(r.Path, "/"), "/")
	if part[0] != "reservations" || len(part) > 3 {
		return h.fail(http.StatusBadRequest, "path")
	}
	if len(part) == 1 && r.Method == http.MethodPost {
		return h.reserve(b, now, r)
	}
	if len(part) < 2 {
		return h.fail(http.StatusBadRequest, "path")
	}
	no, ok := b.parse(part[1])
	if !ok {
		return h.fail(http.StatusBadRequest, "ref")
	}
	verb := r.Method + " " + strings.Join(part[2:], "")
	if verb == "POST confirm" {
		return h.confirm(b, now, part[1], r)
	}
	c := b.find(now, no)
	if c == nil {
		return h.unconfirmed(b, now, part[1])
	}
	switch verb {
	case "GET ":
	case "POST redeem":
		b.use(c)
	case "DELETE ":
		b.refund(c)
	default:
		return h.fail(http.StatusMethodNotAllowed, "method")
	}
	return h.found(c)
}

func (heytea) found(c *coupon) Reply {
	out := heyteaReservation{Ref: c.order.String(), State: heyteaStates[c.state], Ticket: c.id}
	if c.issued {
		out.BestBefore = c.expires.Time().In(china).Format(time.RFC3339)
	}
	return jsonReply(http.StatusOK, out)
}

// unconfirmed answers for an order without a confirmed reservation.
func (h heytea) unconfirmed(b *backend, now wallet.Instant, ref string) Reply {
	if held := b.reservations[ref]; held != nil && now < held.until {
		return jsonReply(http.StatusOK, heyteaReservation{Reservation: held.id, Ref: ref, State: "held"})
	}
	return h.fail(http.StatusNotFound, "no_reservation")
}

func (h heytea) reserve(b *backend, now wallet.Instant, r Request) Reply {
	var in struct {
		Ref    string          `json:"ref"`
		Member string          `json:"member"` // "123@douyin"
		Drink  wallet.RewardID `json:"drink"`
	}
	broken := json.Unmarshal(r.Body, &in) != nil
	no, ok := b.parse(in.Ref)
	user, family, _ := strings.Cut(in.Member, "@")
	who, known := account(family, user, "douyin", "toutiao")
	if broken || !ok || !known {
		return h.fail(http.StatusBadRequest, "malformed")
	}
	if c := b.find(now, no); c != nil {
		return h.found(c)
	}
	if b.declines(no) {
		return jsonReply(http.StatusConflict, map[string]string{"reason": "declined", "ref": in.Ref})
	}
	held := b.reservations[in.Ref]
	if held == nil || now >= held.until {
		b.lastID++
		held = &reservation{fmt.Sprintf("r-%d", b.lastID), issueRequest{in.Ref, no, who, in.Drink}, now.Add(reservationTimeout)}
		b.reservations[in.Ref] = held
	}
	return h.unconfirmed(b, now, in.Ref)
}

// confirm issues the item of a reservation. Two confirmations for one order issue one ticket.
func (h heytea) confirm(b *backend, now wallet.Instant, ref string, r Request) Reply {
	var in struct {
		Reservation string `json:"reservation"`
	}
	held := b.reservations[ref]
	switch {
	case json.Unmarshal(r.Body, &in) != nil:
		return h.fail(http.StatusBadRequest, "malformed")
	case held == nil || held.id != in.Reservation || now >= held.until && b.find(now, held.request.order) == nil:
		return h.fail(http.StatusGone, "lapsed")
	}
	c, what := b.issue(now, held.request)
	if what == conflict {
		return h.fail(http.StatusConflict, "another_content")
	}
	return h.found(c)
}
