package fake

import (
	"encoding/json"
	"net/http"
	"strings"

	"hongbao/reference/wallet"
)

// cultural uses JSON-RPC. It answers a repeat with an error that names the gift sent before.
type cultural struct{}

type culturalGift struct {
	Order  string `json:"order"`
	GiftNo string `json:"gift_no"`
	Status string `json:"status,omitempty"`
	End    string `json:"end,omitempty"` // in China's time zone
}

type culturalError struct {
	Code    int           `json:"code"`
	Message string        `json:"message"`
	Data    *culturalGift `json:"data,omitempty"`
}

// Error codes.
const (
	rpcMalformed = -32600
	rpcMissing   = -32004
	rpcDuplicate = -32010
	rpcDeclined  = -32020
	rpcConflict  = -32021
)

// culturalTime is the system's time format, in China's time zone.
const culturalTime = "2006-01-02 15:04:05"

var culturalStates = [...]string{live: "ok", used: "taken", refunded: "back", expired: "late", failed: "back"}

func (u cultural) handle(b *backend, now wallet.Instant, r Request) Reply {
	var in struct {
		ID     string `json:"id"`
		Method string `json:"method"`
		Params struct {
			Order string          `json:"order"`
			User  string          `json:"user"` // "urn:user:1:123"
			Gift  wallet.RewardID `json:"gift"`
		} `json:"params"`
	}
	fail := func(e culturalError) Reply {
		return jsonReply(http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": in.ID, "error": e})
	}
	broken := r.Method != http.MethodPost || json.Unmarshal(r.Body, &in) != nil
	no, ok := b.parse(in.Params.Order)
	if broken || !ok {
		return fail(culturalError{Code: rpcMalformed})
	}
	c := b.find(now, no)
	switch in.Method {
	case "gift.send":
		rest, urn := strings.CutPrefix(in.Params.User, "urn:user:")
		family, user, _ := strings.Cut(rest, ":")
		who, known := account(family, user, "1", "2")
		if !urn || !known {
			return fail(culturalError{Code: rpcMalformed})
		}
		var what issueResult
		c, what = b.issue(now, issueRequest{in.Params.Order, no, who, in.Params.Gift})
		switch what {
		case issuedBefore:
			return fail(culturalError{rpcDuplicate, "duplicate order", &culturalGift{Order: in.Params.Order, GiftNo: c.id}})
		case declined:
			return fail(culturalError{Code: rpcDeclined, Message: "declined"})
		case conflict:
			return fail(culturalError{Code: rpcConflict, Message: "order of another content"})
		}
	case "gift.back":
		c = b.cancel(now, no)
	case "gift.take":
		b.use(c)
	case "gift.get":
	default:
		return fail(culturalError{Code: rpcMalformed})
	}
	if c == nil {
		return fail(culturalError{Code: rpcMissing, Message: "no such gift"})
	}
	g := culturalGift{Order: in.Params.Order, GiftNo: c.id, Status: culturalStates[c.state]}
	if c.issued {
		g.End = c.expires.Time().In(china).Format(culturalTime)
	}
	return jsonReply(http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": in.ID, "result": g})
}
