package downstream

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hongbao/reference/wallet"
)

// MaxCallback bounds a callback's body in bytes: ten times what a protocol's callback has.
const MaxCallback = 1 << 13

// callbackAge is how long after it was signed a callback is taken, and how far its sender's clock may be ahead: what is
// older was caught and sent again, or is of no use, because what it tells was asked for meanwhile.
const callbackAge = 5 * time.Minute

// ReadCallback reads a request that a downstream made of its own accord. It says when to look, and not what to believe:
// its signature is checked, but whoever is told must still ask the downstream with Look before anything is settled, so
// that a stolen secret or a defect at the other end settles nothing by itself. ErrNotFound: no such downstream calls
// back. ErrNotYours: the signature is wrong. ErrTokenExpired: it is too old. ErrInvalid: it cannot be read.
func ReadCallback(award wallet.AwardType, secret []byte, now wallet.Instant, r Request) (wallet.Callback, error) {
	switch {
	case r.Method != http.MethodPost || len(r.Body) > MaxCallback || len(secret) < MinSecret:
		return wallet.Callback{}, badCallback(award)
	case award == wallet.AdCoupon:
		return adCallback(secret, now, r)
	case award == wallet.ConsumerFinanceCoupon:
		return financeCallback(secret, now, r)
	}
	return wallet.Callback{}, fmt.Errorf("%w: %s calls nobody back", wallet.ErrNotFound, award)
}

func badCallback(award wallet.AwardType) error {
	return fmt.Errorf("%w: a callback of %s that cannot be read", wallet.ErrInvalid, award)
}

// timely checks when a callback was signed, in Unix seconds.
func timely(award wallet.AwardType, now wallet.Instant, signedAt string) error {
	n, err := strconv.ParseInt(signedAt, 10, 64)
	at := unix(n)
	switch {
	case err != nil || at == 0:
		return badCallback(award)
	case now.Sub(at) > callbackAge || at.Sub(now) > callbackAge:
		return fmt.Errorf("%w: a callback of %s, signed %s", wallet.ErrTokenExpired, award, at)
	}
	return nil
}

// told turns a claim into a callback.
func (l *line) told(c claim, known states) (wallet.Callback, error) {
	no, err := wallet.ParseOrderNo(c.order)
	if err != nil {
		return wallet.Callback{}, badCallback(l.award)
	}
	r, err := l.believe(wallet.Item{No: no}, c, known)
	if err != nil {
		return wallet.Callback{}, badCallback(l.award)
	}
	return wallet.Callback{Award: l.award, Order: no, Receipt: r}, nil
}

// adCallback reads a task whose signature, over time and body, is in the header. A task that failed was declined, so
// there is nothing of it: it counts as taken back.
func adCallback(secret []byte, now wallet.Instant, r Request) (wallet.Callback, error) {
	const award = wallet.AdCoupon
	at := r.Header["X-Timestamp"]
	if !signed(secret, at+"."+string(r.Body), r.Header["X-Signature"]) {
		return wallet.Callback{}, fmt.Errorf("%w: a callback of %s with a wrong signature", wallet.ErrNotYours, award)
	}
	if err := timely(award, now, at); err != nil {
		return wallet.Callback{}, err
	}
	var in adTask
	if !decode(r.Body, &in) {
		return wallet.Callback{}, badCallback(award)
	}
	c := in.claim()
	if c.state == adFailed {
		c.state, c.ref = "revoked", ""
	}
	return (&line{award: award}).told(c, adStates)
}
