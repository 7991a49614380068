package fake

import (
	"encoding/json"
	"net/http"

	"hongbao/reference/wallet"
)

// ecommerce accepts only batches, and answers line by line in another order.
type ecommerce struct{}

// maxLines bounds the lines of a batch.
const maxLines = 50

type ecommerceLine struct {
	No     string          `json:"no"`
	UID    string          `json:"uid,omitempty"` // "d123"
	SKU    wallet.RewardID `json:"sku,omitempty"`
	Code   int             `json:"code"`
	Coupon string          `json:"coupon,omitempty"`
	Status string          `json:"status,omitempty"`
	EndsMS int64           `json:"ends_ms,omitempty"`
}

type ecommerceBatch struct {
	Lines []ecommerceLine `json:"lines"`
}

// The codes of a line.
const (
	lineDone      = 0
	lineDuplicate = 1
	lineDeclined  = 2
	lineMissing   = 3
	lineMalformed = 4
	lineConflict  = 5
)

var ecommerceStates = [...]string{live: "valid", used: "used", refunded: "void", expired: "ended", failed: "void"}

func (e ecommerce) handle(b *backend, now wallet.Instant, r Request) Reply {
	var in ecommerceBatch
	if r.Method != http.MethodPost || json.Unmarshal(r.Body, &in) != nil || len(in.Lines) == 0 {
		return jsonReply(http.StatusBadRequest, map[string]int{"code": lineMalformed})
	}
	if len(in.Lines) > maxLines {
		return jsonReply(http.StatusRequestEntityTooLarge, map[string]int{"code": lineMalformed})
	}
	out := ecommerceBatch{Lines: make([]ecommerceLine, len(in.Lines))}
	for i, l := range in.Lines { // in reverse order
		out.Lines[len(in.Lines)-1-i] = e.line(b, now, r.Path, l)
	}
	return jsonReply(http.StatusOK, out)
}

// line handles one line of a batch.
func (e ecommerce) line(b *backend, now wallet.Instant, path string, l ecommerceLine) ecommerceLine {
	no, ok := b.parse(l.No)
	if !ok {
		return ecommerceLine{No: l.No, Code: lineMalformed}
	}
	c, code := b.find(now, no), lineDone
	switch {
	case path == "/issues":
		c, code = e.issue(b, now, no, l)
	case path == "/voids":
		c = b.cancel(now, no)
	case c == nil:
		code = lineMissing
	case path == "/uses":
		b.use(c)
	case path != "/queries":
		code = lineMalformed
	}
	out := ecommerceLine{No: l.No, Code: code}
	if c == nil {
		return out
	}
	out.Coupon, out.Status = c.id, ecommerceStates[c.state]
	if c.issued {
		out.EndsMS = c.expires.Time().UnixMilli()
	}
	return out
}

func (ecommerce) issue(b *backend, now wallet.Instant, no wallet.OrderNo, l ecommerceLine) (*coupon, int) {
	if l.UID == "" {
		return nil, lineMalformed
	}
	who, ok := account(l.UID[:1], l.UID[1:], "d", "t")
	if !ok {
		return nil, lineMalformed
	}
	c, what := b.issue(now, issueRequest{l.No, no, who, l.SKU})
	return c, [...]int{issuedNew: lineDone, issuedBefore: lineDuplicate, declined: lineDeclined, conflict: lineConflict}[what]
}
