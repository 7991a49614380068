package fake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hongbao/reference/wallet"
)

// ad accepts a task, decides later, and sends a signed callback. If the callback is lost, a query gives the result.
type ad struct{}

type adTask struct {
	Task       string `json:"task"`
	Status     string `json:"status"`
	CouponID   string `json:"coupon_id,omitempty"`
	ValidUntil string `json:"valid_until,omitempty"` // RFC 3339
}

var adStates = [...]string{pending: "queued", live: "done", used: "redeemed", refunded: "revoked", expired: "lapsed", failed: "failed"}

func (ad) task(c *coupon) adTask {
	t := adTask{Task: c.order.String(), Status: adStates[c.state]}
	if c.issued {
		t.CouponID, t.ValidUntil = c.id, c.expires.Time().In(china).Format(time.RFC3339)
	}
	return t
}

func (a ad) handle(b *backend, now wallet.Instant, r Request) Reply {
	fail := func(status int, text string) Reply { return jsonReply(status, map[string]string{"message": text}) }
	if r.Path == "/tasks" && r.Method == http.MethodPost {
		return a.accept(b, now, r, fail)
	}
	rest, ok := strings.CutPrefix(r.Path, "/tasks/")
	order, verb, _ := strings.Cut(rest, "/")
	no, valid := b.parse(order)
	if !ok || !valid {
		return fail(http.StatusBadRequest, "bad task")
	}
	c := b.find(now, no)
	if c == nil {
		return fail(http.StatusNotFound, "unknown task")
	}
	switch r.Method + " " + verb {
	case "GET ":
	case "DELETE ":
		b.refund(c)
	case "POST redeem":
		b.use(c)
	default:
		return fail(http.StatusMethodNotAllowed, "no such method")
	}
	return jsonReply(http.StatusOK, a.task(c))
}

func (a ad) accept(b *backend, now wallet.Instant, r Request, fail func(int, string) Reply) Reply {
	var in struct {
		Task    string          `json:"task"`
		Account string          `json:"account"` // "1:123"
		Coupon  wallet.RewardID `json:"coupon"`
	}
	if json.Unmarshal(r.Body, &in) != nil {
		return fail(http.StatusBadRequest, "bad task")
	}
	no, ok := b.parse(in.Task)
	family, user, _ := strings.Cut(in.Account, ":")
	who, known := account(family, user, "1", "2")
	if !ok || !known {
		return fail(http.StatusBadRequest, "bad task")
	}
	c, what := b.issue(now, issueRequest{in.Task, no, who, in.Coupon})
	if what == conflict {
		return fail(http.StatusConflict, "task exists with another content")
	}
	return jsonReply(http.StatusAccepted, a.task(c))
}

// callback returns the callback of a decided task.
func (a ad) callback(b *backend, now wallet.Instant, c *coupon) Request {
	body, err := json.Marshal(a.task(c))
	if err != nil {
		return Request{}
	}
	at := strconv.FormatInt(now.Time().Unix(), 10)
	return Request{
		Method: http.MethodPost, Path: "/callbacks/" + wallet.AdCoupon.String(), Body: body,
		Header: map[string]string{"Content-Type": "application/json", "X-Timestamp": at, "X-Signature": b.sign(at + "." + string(body))},
	}
}
