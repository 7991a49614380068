package fake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// finance answers every request with "in progress". Its result query and its callback, signed over the sorted fields,
// are the only sources of the outcome.
type finance struct{}

type financeResult struct {
	Serial  string `json:"serial"`
	Code    string `json:"code"`
	Voucher string `json:"voucher,omitempty"`
	Until   int64  `json:"until,omitempty"` // Unix milliseconds
}

var financeCodes = [...]string{pending: "P0", live: "S0", used: "U0", refunded: "C0", expired: "X0", failed: "F0"}

// Further codes.
const (
	financeMissing   = "N0"
	financeMalformed = "E1"
	financeConflict  = "E2"
)

func (finance) result(serial string, c *coupon) financeResult {
	if c == nil {
		return financeResult{Serial: serial, Code: financeMissing}
	}
	out := financeResult{Serial: c.order.String(), Code: financeCodes[c.state]}
	if c.issued {
		out.Voucher, out.Until = c.id, c.expires.Time().UnixMilli()
	}
	return out
}

func (f finance) handle(b *backend, now wallet.Instant, r Request) Reply {
	if r.Method == http.MethodGet {
		serial, ok := strings.CutPrefix(r.Path, "/result?serial=")
		no, valid := b.parse(serial)
		if !ok || !valid {
			return jsonReply(http.StatusBadRequest, financeResult{Code: financeMalformed})
		}
		return jsonReply(http.StatusOK, f.result(serial, b.find(now, no)))
	}
	var in struct {
		Serial   string          `json:"serial"`
		Customer string          `json:"customer"` // "DY0000000000123"
		Product  wallet.RewardID `json:"product"`
	}
	broken := json.Unmarshal(r.Body, &in) != nil
	no, ok := b.parse(in.Serial)
	if broken || !ok || r.Method != http.MethodPost {
		return jsonReply(http.StatusBadRequest, financeResult{Code: financeMalformed})
	}
	code := financeCodes[pending]
	switch r.Path {
	case "/apply":
		code = f.apply(b, now, in.Serial, no, in.Customer, in.Product)
	case "/consume":
		b.use(b.find(now, no))
	case "/revoke":
		b.cancel(now, no)
	default:
		code = financeMalformed
	}
	return jsonReply(http.StatusOK, financeResult{Serial: in.Serial, Code: code})
}

func (finance) apply(b *backend, now wallet.Instant, serial string, no wallet.OrderNo, customer string, product wallet.RewardID) string {
	if len(customer) < 2 {
		return financeMalformed
	}
	who, ok := account(customer[:2], customer[2:], "DY", "TT")
	if !ok {
		return financeMalformed
	}
	if _, what := b.issue(now, issueRequest{serial, no, who, product}); what == conflict {
		return financeConflict
	}
	return financeCodes[pending]
}

// callback returns the callback of a decided item.
func (f finance) callback(b *backend, now wallet.Instant, c *coupon) Request {
	res := f.result("", c)
	fields := map[string]string{
		"serial": res.Serial, "code": res.Code, "voucher": res.Voucher,
		"until": strconv.FormatInt(res.Until, 10), "time": strconv.FormatInt(now.Time().Unix(), 10),
	}
	form := url.Values{"sign": {b.sign(sorted(fields))}}
	for k, v := range fields {
		form.Set(k, v)
	}
	return Request{
		Method: http.MethodPost, Path: "/callbacks/" + wallet.ConsumerFinanceCoupon.String(),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: []byte(form.Encode()),
	}
}
