package fake

import (
	"encoding/json"
	"net/http"
	"strings"

	"hongbao/reference/wallet"
)

// video answers at once, in JSON. It knows repeats by the header Idempotency-Key and by nothing else.
type video struct{}

type videoSubsidy struct {
	Order   string `json:"order"`
	Subsidy string `json:"subsidy,omitempty"`
	State   string `json:"state"`
	Expires int64  `json:"expires,omitempty"` // Unix seconds
}

var videoStates = [...]string{used: "used", live: "granted", refunded: "cancelled", expired: "expired", failed: "cancelled"}

func (video) reply(status int, c *coupon) Reply {
	s := videoSubsidy{Order: c.order.String(), Subsidy: c.id, State: videoStates[c.state]}
	if c.issued {
		s.Expires = c.expires.Time().Unix()
	}
	return jsonReply(status, s)
}

func (v video) handle(b *backend, now wallet.Instant, r Request) Reply {
	fail := func(status int, name string) Reply { return jsonReply(status, map[string]string{"error": name}) }
	if r.Path == "/subsidies" && r.Method == http.MethodPost {
		return v.grant(b, now, r, fail)
	}
	rest, ok := strings.CutPrefix(r.Path, "/subsidies/")
	order, verb, _ := strings.Cut(rest, "/")
	no, valid := b.parse(order)
	if !ok || !valid {
		return fail(http.StatusBadRequest, "malformed")
	}
	c := b.find(now, no)
	switch r.Method + " " + verb {
	case "POST cancel":
		return v.reply(http.StatusOK, b.cancel(now, no))
	case "GET ", "POST use":
		if c == nil {
			return fail(http.StatusNotFound, "no_such_order")
		}
		if verb == "use" {
			b.use(c)
		}
		return v.reply(http.StatusOK, c)
	}
	return fail(http.StatusMethodNotAllowed, "method")
}

func (v video) grant(b *backend, now wallet.Instant, r Request, fail func(int, string) Reply) Reply {
	var in struct {
		Order string `json:"order"`
		User  struct {
			Family wallet.Family `json:"family"`
			ID     wallet.UserID `json:"id"`
		} `json:"user"`
		Template wallet.RewardID `json:"template"`
	}
	if json.Unmarshal(r.Body, &in) != nil {
		return fail(http.StatusBadRequest, "malformed")
	}
	no, ok := b.parse(in.Order)
	key := r.Header["Idempotency-Key"]
	if !ok || key == "" {
		return fail(http.StatusBadRequest, "malformed")
	}
	c, v2 := b.issue(now, issueRequest{key, no, wallet.Account{Family: in.User.Family, User: in.User.ID}, in.Template})
	switch v2 {
	case declined:
		return jsonReply(http.StatusUnprocessableEntity, map[string]string{"error": "declined", "order": in.Order})
	case conflict:
		return fail(http.StatusConflict, "key_reused")
	case issuedBefore:
		return v.reply(http.StatusOK, c)
	}
	return v.reply(http.StatusCreated, c)
}
