package downstream

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"time"

	"hongbao/reference/wallet"
)

// insurance is the downstream of insurance coupons. It uses XML, and its vouchers expire at the end of a day.
type insurance struct{ *protocolBase }

var insuranceStates = states{
	"A": wallet.ItemSettled, "U": wallet.ItemUsed, "L": wallet.ItemExpired, "C": wallet.ItemRefunded,
}

// insuranceDone is the code of a response with a voucher.
const insuranceDone = "0000"

var insuranceRefusals = refusals[string]{missing: "0404", declined: "2001", conflict: "2002", malformed: "1000"}

type insuranceHolder struct {
	System string `xml:"system,attr"`
	ID     string `xml:",chardata"`
}

type insuranceRequest struct {
	XMLName xml.Name         `xml:"request"`
	Code    string           `xml:"code,attr"`
	Serial  string           `xml:"serial"`
	Holder  *insuranceHolder `xml:"holder,omitempty"`
	Product wallet.RewardID  `xml:"product,omitempty"`
}

type insuranceResponse struct {
	XMLName xml.Name `xml:"response"`
	Code    string   `xml:"code"`
	Serial  string   `xml:"serial"`
	Voucher string   `xml:"voucher"`
	Status  string   `xml:"status"`
	LastDay string   `xml:"last-day"`
}

func (s insurance) issue(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	h := &insuranceHolder{System: inFamily(i.Account, "dy", "tt"), ID: decimal(i.Account)}
	return s.do(ctx, i, insuranceRequest{Code: "ISSUE", Serial: i.No.String(), Holder: h, Product: i.Reward})
}

func (s insurance) query(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return s.do(ctx, i, insuranceRequest{Code: "QUERY", Serial: i.No.String()})
}

func (s insurance) use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return s.do(ctx, i, insuranceRequest{Code: "USE", Serial: i.No.String()})
}

// refund also closes an order that the downstream does not know.
func (s insurance) refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return s.do(ctx, i, insuranceRequest{Code: "CANCEL", Serial: i.No.String()})
}

func (s insurance) do(ctx context.Context, i wallet.Item, in insuranceRequest) (wallet.Receipt, error) {
	body, err := xml.Marshal(in)
	if err != nil {
		panic(err) // it consists of strings
	}
	return s.ask(ctx, i, Request{
		Method: http.MethodPost, Path: "/service", Body: append([]byte(xml.Header), body...), Header: map[string]string{"Content-Type": "text/xml"},
	}, s.read)
}

func (s insurance) read(i wallet.Item, r Reply) (wallet.Receipt, error) {
	var in insuranceResponse
	switch {
	case r.Status != http.StatusOK:
		return wallet.Receipt{}, s.unexpectedStatus(r)
	case !decodeXML(r.Body, &in):
		return wallet.Receipt{}, s.malformed("not XML")
	case in.Serial != i.No.String() && in.Code != insuranceRefusals.malformed:
		return wallet.Receipt{}, s.malformed("it names another order than %s", i.No)
	}
	if in.Code != insuranceDone {
		return refused(s.protocolBase, i, in.Code, insuranceRefusals)
	}
	return s.verify(i, claim{in.Serial, in.Status, in.Voucher, endOfDay(in.LastDay)}, insuranceStates)
}

// endOfDay returns the first instant after a day in China; 0 if text is not a date.
func endOfDay(text string) wallet.Instant {
	t, err := time.ParseInLocation(time.DateOnly, text, china)
	if err != nil {
		return 0
	}
	return unix(t.AddDate(0, 0, 1).Unix())
}

// decodeXML decodes exactly one XML element.
func decodeXML(body []byte, v any) bool {
	d := xml.NewDecoder(bytes.NewReader(body))
	if d.Decode(v) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}
