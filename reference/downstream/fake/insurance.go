package fake

import (
	"encoding/xml"
	"net/http"

	"hongbao/reference/wallet"
)

// insurance uses XML, and its vouchers expire at the end of a day.
type insurance struct{}

type insuranceRequest struct {
	XMLName xml.Name `xml:"request"`
	Code    string   `xml:"code,attr"`
	Serial  string   `xml:"serial"`
	Holder  struct {
		System string `xml:"system,attr"`
		ID     string `xml:",chardata"`
	} `xml:"holder"`
	Product string `xml:"product"`
}

type insuranceResponse struct {
	XMLName xml.Name `xml:"response"`
	Code    string   `xml:"code"`
	Serial  string   `xml:"serial,omitempty"`
	Voucher string   `xml:"voucher,omitempty"`
	Status  string   `xml:"status,omitempty"`
	LastDay string   `xml:"last-day,omitempty"` // valid to the end of this day
}

var insuranceStates = [...]string{live: "A", used: "U", refunded: "C", expired: "L", failed: "C"}

func (s insurance) handle(b *backend, now wallet.Instant, r Request) Reply {
	var in insuranceRequest
	broken := r.Method != http.MethodPost || xml.Unmarshal(r.Body, &in) != nil
	no, ok := b.parse(in.Serial)
	if broken || !ok {
		return s.reply(insuranceResponse{Code: "1000"})
	}
	c := b.find(now, no)
	switch in.Code {
	case "ISSUE":
		who, ok := account(in.Holder.System, in.Holder.ID, "dy", "tt")
		if !ok {
			return s.reply(insuranceResponse{Code: "1000"})
		}
		var what issueResult
		c, what = b.issue(now, issueRequest{in.Serial, no, who, wallet.RewardID(in.Product)})
		switch what {
		case declined:
			return s.reply(insuranceResponse{Code: "2001", Serial: in.Serial})
		case conflict:
			return s.reply(insuranceResponse{Code: "2002", Serial: in.Serial})
		}
	case "CANCEL":
		c = b.cancel(now, no)
	case "USE":
		b.use(c)
	case "QUERY":
	default:
		return s.reply(insuranceResponse{Code: "1000", Serial: in.Serial})
	}
	if c == nil {
		return s.reply(insuranceResponse{Code: "0404", Serial: in.Serial})
	}
	out := insuranceResponse{Code: "0000", Serial: in.Serial, Voucher: c.id, Status: insuranceStates[c.state]}
	if c.issued {
		out.LastDay = c.expires.Time().In(china).AddDate(0, 0, -1).Format("2006-01-02")
	}
	return s.reply(out)
}

func (insurance) reply(out insuranceResponse) Reply {
	body, err := xml.Marshal(out)
	if err != nil {
		return Reply{Status: http.StatusInternalServerError}
	}
	return Reply{Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/xml"}, Body: append([]byte(xml.Header), body...)}
}
