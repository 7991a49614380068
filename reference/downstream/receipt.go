package downstream

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"hongbao/reference/wallet"
)

// states turns a protocol's names for states into ours.
type states map[string]wallet.ItemState

// claim is what a reply says of one item, before it is believed.
type claim struct {
	order   string
	state   string
	ref     string
	expires wallet.Instant // 0: it does not say
}

// believe turns a claim into a receipt, if it is about the item and whole. What can be used, was used or has expired
// must have a name, and what can be used must say until when. ErrUnknown: it means nothing to us.
func (l *line) believe(i wallet.Item, c claim, known states) (wallet.Receipt, error) {
	if c.order != i.No.String() {
		return wallet.Receipt{}, l.unreadable("it names another order than %s", i.No)
	}
	s, ok := known[c.state]
	switch {
	case !ok:
		return wallet.Receipt{}, l.unreadable("a state that the protocol does not have")
	case len(c.ref) > wallet.MaxItemRef:
		return wallet.Receipt{}, l.unreadable("a name of %d bytes", len(c.ref))
	case c.ref == "" && s != wallet.ItemRefunded && s != wallet.ItemProcessing:
		return wallet.Receipt{}, l.unreadable("an item without a name")
	case s == wallet.ItemSettled && !sound(c.expires):
		return wallet.Receipt{}, l.unreadable("an item without an end")
	case i.Ref != "" && c.ref != "" && c.ref != i.Ref:
		return wallet.Receipt{}, l.unreadable("the item has another name than before")
	}
	r := wallet.Receipt{State: s, Ref: c.ref, Expires: wallet.Never}
	if sound(c.expires) {
		r.Expires = c.expires
	}
	return r, nil
}

// horizon bounds the ends that are believed: a festival's coupon of a later year is a garbled one.
var horizon = wallet.InstantOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))

// sound says whether an end is one that a coupon can have.
func sound(i wallet.Instant) bool { return i == wallet.Never || i > 0 && i < horizon }

// unix returns the moment of that many seconds since 1970; 0 where there is none that an Instant could hold.
func unix(seconds int64) wallet.Instant {
	if seconds <= 0 || seconds > horizon.Time().Unix() {
		return 0
	}
	return wallet.InstantOf(time.Unix(seconds, 0))
}

// china is where the downstreams stand. It has had no summer time since 1991.
var china = time.FixedZone("CST", 8*60*60)

// moment reads a time as layout has it, in China where it names no zone; 0 where it is none.
func moment(layout, text string) wallet.Instant {
	t, err := time.ParseInLocation(layout, text, china)
	if err != nil {
		return 0
	}
	return unix(t.Unix())
}

// decode reads one JSON value and nothing after it.
func decode(body []byte, v any) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(v) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

// encode writes v as JSON.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // v is made of strings and numbers
	}
	return body
}
