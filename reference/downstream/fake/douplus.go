package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"hongbao/reference/wallet"
)

// douPlus stores each coupon as a document under its order's path. It is created once, and a change must name the
// current version.
type douPlus struct{}

type douPlusDocument struct {
	No     string                   `json:"no"`
	ID     string                   `json:"id,omitempty"`
	Owner  map[string]wallet.UserID `json:"owner,omitempty"` // {"douyin": 123}
	Kind   wallet.RewardID          `json:"kind,omitempty"`
	Status string                   `json:"status"`
	Until  string                   `json:"until,omitempty"` // HTTP date format
}

var douPlusStates = [...]string{live: "ready", used: "used", refunded: "withdrawn", expired: "over", failed: "withdrawn"}

// version returns a coupon's version. It changes only with the state.
func (douPlus) version(c *coupon) string { return fmt.Sprintf(`"%d"`, c.state) }

func (d douPlus) document(status int, c *coupon) Reply {
	out := douPlusDocument{No: c.order.String(), ID: c.id, Kind: c.reward, Status: douPlusStates[c.state]}
	if c.account.Family != 0 {
		out.Owner = map[string]wallet.UserID{[...]string{"", "douyin", "toutiao"}[c.account.Family]: c.account.User}
	}
	if c.issued {
		out.Until = c.expires.Time().Format(http.TimeFormat)
	}
	r := jsonReply(status, out)
	r.Header["Etag"] = d.version(c)
	return r
}

func (d douPlus) handle(b *backend, now wallet.Instant, r Request) Reply {
	rest, ok := strings.CutPrefix(r.Path, "/coupons/")
	text, verb, _ := strings.Cut(rest, "/")
	no, valid := b.parse(text)
	if !ok || !valid {
		return Reply{Status: http.StatusBadRequest}
	}
	c := b.find(now, no)
	switch r.Method + " " + verb {
	case "PUT ":
		return d.put(b, now, no, c, r)
	case "PUT status":
		return d.change(b, c, r)
	case "GET ":
		if c == nil {
			return jsonReply(http.StatusNotFound, map[string]string{"missing": text})
		}
		return d.document(http.StatusOK, c)
	}
	return Reply{Status: http.StatusMethodNotAllowed}
}

// put creates a document. A document with the refunded status closes the order.
func (d douPlus) put(b *backend, now wallet.Instant, no wallet.OrderNo, c *coupon, r Request) Reply {
	var in douPlusDocument
	if json.Unmarshal(r.Body, &in) != nil || in.No != no.String() || r.Header["If-None-Match"] != "*" {
		return Reply{Status: http.StatusBadRequest}
	}
	if c != nil {
		return Reply{Status: http.StatusPreconditionFailed}
	}
	if in.Status == douPlusStates[refunded] {
		return d.document(http.StatusCreated, b.cancel(now, no))
	}
	var who wallet.Account
	for f, name := range []string{"", "douyin", "toutiao"} {
		if user, ok := in.Owner[name]; ok && f > 0 {
			who = wallet.Account{Family: wallet.Family(f), User: user}
		}
	}
	if len(in.Owner) != 1 || who.Family == 0 {
		return Reply{Status: http.StatusBadRequest}
	}
	c, what := b.issue(now, issueRequest{in.No, no, who, in.Kind})
	if what == declined {
		return jsonReply(http.StatusConflict, map[string]string{"declined": in.No})
	}
	return d.document(http.StatusCreated, c)
}

func (d douPlus) change(b *backend, c *coupon, r Request) Reply {
	var in douPlusDocument
	switch {
	case json.Unmarshal(r.Body, &in) != nil:
		return Reply{Status: http.StatusBadRequest}
	case c == nil || r.Header["If-Match"] != d.version(c):
		return Reply{Status: http.StatusPreconditionFailed}
	case c.state == live && in.Status == douPlusStates[used]:
		b.use(c)
	case c.state == live && in.Status == douPlusStates[refunded]:
		b.refund(c)
	default:
		return Reply{Status: http.StatusConflict}
	}
	return Reply{Status: http.StatusNoContent, Header: map[string]string{"Etag": d.version(c)}}
}
