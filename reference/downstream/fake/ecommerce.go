package fake

import (
	"encoding/json"
	"net/http"

	"hongbao/reference/wallet"
)

// ecommerce takes batches alone, and answers line by line in an order of its own.
type ecommerce struct{}

// maxLines is the most lines that a batch may have.
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

// What a line's code says.
const (
	lineDone      = 0
	lineDuplicate = 1
	lineDeclined  = 2
	lineMissing   = 3
	lineMalformed = 4
	lineConflict  = 5
)

var ecommerceStates = [...]string{live: "valid", used: "used", refunded: "void", expired: "ended", failed: "void"}

func (e ecommerce) handle(b *books, now wallet.Instant, r Request) Reply {
	var in ecommerceBatch
	if r.Method != http.MethodPost || json.Unmarshal(r.Body, &in) != nil || len(in.Lines) == 0 {
		return jsonReply(http.StatusBadRequest, map[string]int{"code": lineMalformed})
	}
	if len(in.Lines) > maxLines {
		return jsonReply(http.StatusRequestEntityTooLarge, map[string]int{"code": lineMalformed})
	}
	out := ecommerceBatch{Lines: make([]ecommerceLine, len(in.Lines))}
	for i, l := range in.Lines { // last come, first told
		out.Lines[len(in.Lines)-1-i] = e.line(b, now, r.Path, l)
	}
	return jsonReply(http.StatusOK, out)
}

// line does one line of a batch.
func (e ecommerce) line(b *books, now wallet.Instant, path string, l ecommerceLine) ecommerceLine {
	no, ok := b.parse(l.No)
	if !ok {
		return ecommerceLine{No: l.No, Code: lineMalformed}
	}
	c, code := b.find(now, no), lineDone
	switch {
	case path == "/issues":
		c, code = e.issue(b, now, no, l)
	case path == "/voids":
		c = b.callOff(now, no)
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
	if c.was {
		out.EndsMS = c.expires.Time().UnixMilli()
	}
	return out
}

func (ecommerce) issue(b *books, now wallet.Instant, no wallet.OrderNo, l ecommerceLine) (*coupon, int) {
	if l.UID == "" {
		return nil, lineMalformed
	}
	who, ok := account(l.UID[:1], l.UID[1:], "d", "t")
	if !ok {
		return nil, lineMalformed
	}
	c, what := b.issue(now, ask{l.No, no, who, l.SKU})
	return c, [...]int{fresh: lineDone, again: lineDuplicate, declined: lineDeclined, conflict: lineConflict}[what]
}
