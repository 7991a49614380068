package fake

import (
	"crypto/hmac"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"hongbao/reference/wallet"
)

// card uses flat objects of strings, signed over the sorted fields in both directions. Counts are decimal strings.
type card struct{}

// cardSkew bounds the difference between a request's time and the system's.
const cardSkew = 5 * time.Minute

var cardStates = [...]string{live: "VALID", used: "USED", refunded: "CANCELED", expired: "OVERDUE", failed: "CANCELED"}

func (k card) handle(b *backend, now wallet.Instant, r Request) Reply {
	in := map[string]string{}
	if r.Method != http.MethodPost || r.Path != "/api" || json.Unmarshal(r.Body, &in) != nil {
		return k.reply(b, "MALFORMED", nil)
	}
	if !hmac.Equal([]byte(b.sign(sorted(in))), []byte(in["sign"])) {
		return k.reply(b, "BAD_SIGN", nil)
	}
	at, err := strconv.ParseInt(in["timestamp"], 10, 64)
	if err != nil || now.Time().Sub(time.Unix(at, 0)).Abs() > cardSkew {
		return k.reply(b, "STALE", nil)
	}
	no, ok := b.parse(in["order"])
	if !ok {
		return k.reply(b, "MALFORMED", nil)
	}
	c := b.find(now, no)
	switch in["method"] {
	case "grant":
		return k.grant(b, now, no, in)
	case "cancel":
		c = b.cancel(now, no)
	case "redeem":
		b.use(c)
	case "query":
	default:
		return k.reply(b, "MALFORMED", nil)
	}
	return k.found(b, in["order"], c)
}

func (k card) grant(b *backend, now wallet.Instant, no wallet.OrderNo, in map[string]string) Reply {
	user := in["card_user"]
	if in["quantity"] != "1.00" || len(user) < 3 {
		return k.reply(b, "MALFORMED", nil)
	}
	who, ok := account(user[:2], user[2:], "D-", "T-")
	if !ok {
		return k.reply(b, "MALFORMED", nil)
	}
	c, what := b.issue(now, issueRequest{in["order"], no, who, wallet.RewardID(in["template"])})
	switch what {
	case declined:
		return k.reply(b, "DECLINED", map[string]string{"order": in["order"]})
	case conflict:
		return k.reply(b, "ORDER_USED", map[string]string{"order": in["order"]})
	}
	return k.found(b, in["order"], c)
}

func (k card) found(b *backend, order string, c *coupon) Reply {
	if c == nil {
		return k.reply(b, "NOT_EXIST", map[string]string{"order": order})
	}
	fields := map[string]string{"order": order, "status": cardStates[c.state], "voucher": c.id, "quantity": "1.00"}
	if c.issued {
		fields["expire_s"] = strconv.FormatInt(c.expires.Time().Unix(), 10)
	}
	return k.reply(b, "SUCCESS", fields)
}

func (card) reply(b *backend, code string, fields map[string]string) Reply {
	out := map[string]string{"code": code}
	for k, v := range fields {
		out[k] = v
	}
	out["sign"] = b.sign(sorted(out))
	return jsonReply(http.StatusOK, out)
}
