package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hongbao/reference/wallet"
)

// heytea reserves first and hands out when the reservation is confirmed in time. It drops reservations that are not.
type heytea struct{}

// holdFor is how long a reservation waits to be confirmed.
const holdFor = 30 * time.Second

// hold is a reservation that is not confirmed yet.
type hold struct {
	id    string
	ask   ask
	until wallet.Instant
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

func (h heytea) handle(b *books, now wallet.Instant, r Request) Reply {
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
	if c.was {
		out.BestBefore = c.expires.Time().In(china).Format(time.RFC3339)
	}
	return jsonReply(http.StatusOK, out)
}

// unconfirmed answers for a reservation that was never confirmed.
func (h heytea) unconfirmed(b *books, now wallet.Instant, ref string) Reply {
	if held := b.holds[ref]; held != nil && now < held.until {
		return jsonReply(http.StatusOK, heyteaReservation{Reservation: held.id, Ref: ref, State: "held"})
	}
	return h.fail(http.StatusNotFound, "no_reservation")
}

func (h heytea) reserve(b *books, now wallet.Instant, r Request) Reply {
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
	held := b.holds[in.Ref]
	if held == nil || now >= held.until {
		b.told++
		held = &hold{fmt.Sprintf("r-%d", b.told), ask{in.Ref, no, who, in.Drink}, now.Add(holdFor)}
		b.holds[in.Ref] = held
	}
	return h.unconfirmed(b, now, in.Ref)
}

// confirm hands out what a reservation holds. Two confirmed reservations of one order hand out one ticket.
func (h heytea) confirm(b *books, now wallet.Instant, ref string, r Request) Reply {
	var in struct {
		Reservation string `json:"reservation"`
	}
	held := b.holds[ref]
	switch {
	case json.Unmarshal(r.Body, &in) != nil:
		return h.fail(http.StatusBadRequest, "malformed")
	case held == nil || held.id != in.Reservation || now >= held.until && b.find(now, held.ask.order) == nil:
		return h.fail(http.StatusGone, "lapsed")
	}
	c, what := b.issue(now, held.ask)
	if what == conflict {
		return h.fail(http.StatusConflict, "another_content")
	}
	return h.found(c)
}
