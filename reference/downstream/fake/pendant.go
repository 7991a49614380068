package fake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hongbao/reference/wallet"
)

// pendant recognises a repeat by its request id for some minutes. A later repeat is a new request and issues a second
// pendant.
type pendant struct{}

// pendantWindow is how long a request id is remembered.
const pendantWindow = 10 * time.Minute

type pendantGrant struct {
	Grant string `json:"grant"`
	Order string `json:"order"`
	Worn  bool   `json:"worn"`
	Gone  bool   `json:"gone"`
	Until string `json:"until"` // "never": pendants do not expire
}

func (p pendant) grant(c *coupon) pendantGrant {
	return pendantGrant{Grant: c.id, Order: c.order.String(), Worn: c.state == used, Gone: c.state == refunded, Until: "never"}
}

func (p pendant) handle(b *backend, now wallet.Instant, r Request) Reply {
	b.window = pendantWindow
	fail := func(status int, why string) Reply { return jsonReply(status, map[string]string{"why": why}) }
	if text, ok := strings.CutPrefix(r.Path, "/grants?order="); ok && r.Method == http.MethodGet {
		no, valid := b.parse(text)
		if !valid {
			return fail(http.StatusBadRequest, "malformed")
		}
		grants := []pendantGrant{}
		if page := b.orders[no]; page != nil {
			for _, c := range page.coupons {
				grants = append(grants, p.grant(c))
			}
		}
		return jsonReply(http.StatusOK, map[string]any{"order": text, "grants": grants})
	}
	if r.Path == "/grants" && r.Method == http.MethodPost {
		return p.give(b, now, r, fail)
	}
	rest, ok := strings.CutPrefix(r.Path, "/grants/")
	id, verb, _ := strings.Cut(rest, "/")
	c := b.byID(now, id)
	if !ok || c == nil || r.Method != http.MethodPost {
		return fail(http.StatusNotFound, "no_grant")
	}
	b.currentOrder = c.order.String()
	switch verb {
	case "wear":
		b.use(c)
	case "revoke":
		b.refund(c)
	default:
		return fail(http.StatusNotFound, "no_verb")
	}
	return jsonReply(http.StatusOK, p.grant(c))
}

func (p pendant) give(b *backend, now wallet.Instant, r Request, fail func(int, string) Reply) Reply {
	var in struct {
		RequestID string          `json:"request_id"`
		Order     string          `json:"order"`
		Family    string          `json:"family"`
		User      string          `json:"user"` // hexadecimal
		Pendant   wallet.RewardID `json:"pendant"`
	}
	broken := json.Unmarshal(r.Body, &in) != nil
	no, ok := b.parse(in.Order)
	n, err := strconv.ParseInt(in.User, 16, 64)
	who, known := account(in.Family, strconv.FormatInt(n, 10), "dy", "tt")
	if broken || !ok || !known || err != nil || in.RequestID == "" {
		return fail(http.StatusBadRequest, "malformed")
	}
	c, what := b.issue(now, issueRequest{in.RequestID, no, who, in.Pendant})
	switch what {
	case declined:
		return jsonReply(http.StatusForbidden, map[string]string{"why": "declined", "order": in.Order})
	case conflict:
		return fail(http.StatusConflict, "request_id_used")
	}
	return jsonReply(http.StatusOK, p.grant(c))
}
