package fake

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// payment uses forms, has its own user ids, and identifies an issued coupon only by its own id.
type payment struct{}

var paymentStates = [...]string{live: "SENDED", used: "USED", refunded: "REVOKED", expired: "EXPIRED", failed: "REVOKED"}

// paymentTime is the system's time format, in China's time zone.
const paymentTime = "20060102150405"

func (p payment) handle(b *backend, now wallet.Instant, r Request) Reply {
	in, err := url.ParseQuery(string(r.Body))
	if err != nil || r.Method != http.MethodPost || r.Path != "/gateway" {
		return p.reply("MALFORMED", nil)
	}
	switch in.Get("method") {
	case "openid.get":
		return p.openID(in)
	case "coupon.send":
		return p.send(b, now, in)
	case "coupon.query":
		no, ok := b.parse(in.Get("out_no"))
		if !ok {
			return p.reply("MALFORMED", nil)
		}
		return p.found(b.find(now, no))
	}
	c := b.byID(now, in.Get("coupon_id"))
	if c != nil {
		b.currentOrder = c.order.String()
		switch in.Get("method") {
		case "coupon.use":
			b.use(c)
		case "coupon.revoke":
			b.refund(c)
		default:
			return p.reply("MALFORMED", nil)
		}
	}
	return p.found(c)
}

func (payment) reply(result string, more url.Values) Reply {
	out := url.Values{"result": {result}}
	for k, v := range more {
		out[k] = v
	}
	return Reply{
		Status: http.StatusOK, Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: []byte(out.Encode() + "&end=."),
	}
}

func (p payment) found(c *coupon) Reply {
	if c == nil {
		return p.reply("NOT_FOUND", nil)
	}
	more := url.Values{"out_no": {c.order.String()}, "coupon_id": {c.id}, "status": {paymentStates[c.state]}}
	if c.issued {
		more.Set("valid_to", c.expires.Time().In(china).Format(paymentTime))
	}
	return p.reply("OK", more)
}

// openIDs are the prefixes of the system's user ids, by account family.
var openIDs = [...]string{wallet.DouyinFamily: "ou_dy", wallet.ToutiaoFamily: "ou_tt"}

func (p payment) openID(in url.Values) Reply {
	who, ok := account(in.Get("family"), in.Get("uid"), "douyin", "toutiao")
	if !ok {
		return p.reply("MALFORMED", nil)
	}
	return p.reply("OK", url.Values{"uid": {in.Get("uid")}, "openid": {openIDs[who.Family] + strconv.FormatInt(int64(who.User), 36)}})
}

func (p payment) send(b *backend, now wallet.Instant, in url.Values) Reply {
	no, ok := b.parse(in.Get("out_no"))
	id := in.Get("openid")
	var who wallet.Account
	for f := wallet.DouyinFamily; f <= wallet.ToutiaoFamily; f++ {
		if user, mine := strings.CutPrefix(id, openIDs[f]); mine {
			n, err := strconv.ParseInt(user, 36, 64)
			ok = ok && err == nil
			who = wallet.Account{Family: f, User: wallet.UserID(n)}
		}
	}
	if !ok || who.Family == 0 {
		return p.reply("MALFORMED", nil)
	}
	c, what := b.issue(now, issueRequest{in.Get("out_no"), no, who, wallet.RewardID(in.Get("stock_id"))})
	switch what {
	case declined:
		return p.reply("RULE_LIMIT", url.Values{"out_no": {in.Get("out_no")}})
	case conflict:
		return p.reply("OUT_NO_USED", nil)
	}
	return p.found(c)
}
