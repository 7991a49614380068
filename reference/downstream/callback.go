package downstream

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hongbao/reference/wallet"
)

// maxCallback bounds a callback's body in bytes: ten times the largest callback of any protocol.
const maxCallback = 1 << 13

// callbackAge bounds the age of a callback, and how far its sender's clock may be ahead. An older callback is either a
// replay, or useless because the result was queried meanwhile.
const callbackAge = 5 * time.Minute

// ReadCallback decodes and verifies a request that a downstream sent on its own initiative. A callback says when to
// query the downstream, not what to record: the receiver must still call Query before anything is settled, so that a
// stolen secret or a bug of the downstream settles nothing by itself. ErrNotFound: this downstream sends no callbacks.
// ErrNotYours: the signature is wrong. ErrTokenExpired: it is too old. ErrInvalid: it is malformed.
func ReadCallback(award wallet.AwardType, secret []byte, now wallet.Instant, r Request) (wallet.Callback, error) {
	switch {
	case r.Method != http.MethodPost || len(r.Body) > maxCallback || len(secret) < MinSecret:
		return wallet.Callback{}, badCallback(award)
	case award == wallet.AdCoupon:
		return adCallback(secret, now, r)
	case award == wallet.ConsumerFinanceCoupon:
		return financeCallback(secret, now, r)
	}
	return wallet.Callback{}, fmt.Errorf("%w: %s sends no callbacks", wallet.ErrNotFound, award)
}

func badCallback(award wallet.AwardType) error {
	return fmt.Errorf("%w: a malformed callback of %s", wallet.ErrInvalid, award)
}

// checkAge checks the time of signing, in Unix seconds.
func checkAge(award wallet.AwardType, now wallet.Instant, signedAt string) error {
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

// callbackOf turns a claim into a callback.
func (l *protocolBase) callbackOf(c claim, known states) (wallet.Callback, error) {
	no, err := wallet.ParseOrderNo(c.order)
	if err != nil {
		return wallet.Callback{}, badCallback(l.award)
	}
	r, err := l.verify(wallet.Item{No: no}, c, known)
	if err != nil {
		return wallet.Callback{}, badCallback(l.award)
	}
	return wallet.Callback{Award: l.award, Order: no, Receipt: r}, nil
}

// adCallback decodes a task. The signature, over time and body, is in the header. A failed task was declined, so
// nothing was issued: it counts as refunded.
func adCallback(secret []byte, now wallet.Instant, r Request) (wallet.Callback, error) {
	const award = wallet.AdCoupon
	at := r.Header["X-Timestamp"]
	if !signed(secret, at+"."+string(r.Body), r.Header["X-Signature"]) {
		return wallet.Callback{}, fmt.Errorf("%w: a callback of %s with a wrong signature", wallet.ErrNotYours, award)
	}
	if err := checkAge(award, now, at); err != nil {
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
	return (&protocolBase{award: award}).callbackOf(c, adStates)
}
