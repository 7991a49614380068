package downstream

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"hongbao/reference/wallet"
)

// states maps a protocol's state names to wallet.ItemState.
type states map[string]wallet.ItemState

// claim is the content of a reply about one item, before it is verified.
type claim struct {
	order   string
	state   string
	ref     string
	expires wallet.Instant // 0: not given
}

// verify turns a claim into a receipt, if it concerns the item and is complete. A settled, used or expired item must
// have a reference, and a settled one must have an expiry. ErrUnknown: the claim cannot be accepted.
func (l *protocolBase) verify(i wallet.Item, c claim, known states) (wallet.Receipt, error) {
	if c.order != i.No.String() {
		return wallet.Receipt{}, l.malformed("it names another order than %s", i.No)
	}
	s, ok := known[c.state]
	switch {
	case !ok:
		return wallet.Receipt{}, l.malformed("an unknown state")
	case len(c.ref) > wallet.MaxItemRef:
		return wallet.Receipt{}, l.malformed("a reference of %d bytes", len(c.ref))
	case c.ref == "" && s != wallet.ItemRefunded && s != wallet.ItemProcessing:
		return wallet.Receipt{}, l.malformed("an item without a reference")
	case s == wallet.ItemSettled && !validExpiry(c.expires):
		return wallet.Receipt{}, l.malformed("an item without an expiry")
	case i.Ref != "" && c.ref != "" && c.ref != i.Ref:
		return wallet.Receipt{}, l.malformed("the item has another reference than before")
	}
	r := wallet.Receipt{State: s, Ref: c.ref, Expires: wallet.Never}
	if validExpiry(c.expires) {
		r.Expires = c.expires
	}
	return r, nil
}

// horizon bounds the accepted expiries: a coupon of this festival with a later one is garbled.
var horizon = wallet.InstantOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))

// validExpiry reports whether an expiry is plausible.
func validExpiry(i wallet.Instant) bool { return i == wallet.Never || i > 0 && i < horizon }

// unix returns the instant of Unix seconds; 0 if it is not a plausible expiry.
func unix(seconds int64) wallet.Instant {
	if seconds <= 0 || seconds > horizon.Time().Unix() {
		return 0
	}
	return wallet.InstantOf(time.Unix(seconds, 0))
}

// china is the downstreams' time zone. It has had no daylight saving time since 1991.
var china = time.FixedZone("CST", 8*60*60)

// parseTime parses a time, in China if it has no zone; 0 if it is malformed.
func parseTime(layout, text string) wallet.Instant {
	t, err := time.ParseInLocation(layout, text, china)
	if err != nil {
		return 0
	}
	return unix(t.Unix())
}

// decode decodes exactly one JSON value.
func decode(body []byte, v any) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(v) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

// encode encodes v as JSON.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // v consists of strings and numbers
	}
	return body
}
