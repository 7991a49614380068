package downstream

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// protocolBase holds one downstream's exchange and what all protocols share.
type protocolBase struct {
	award    wallet.AwardType
	exchange Exchange
	clock    wallet.Clock
	secret   []byte

	mu          sync.Mutex
	pausedUntil wallet.Instant // the downstream asked for no calls before this instant
}

const (
	// defaultPause is the pause after a 429 without a valid Retry-After.
	defaultPause = time.Second
	// maxPause bounds Retry-After: a garbled number must not stop the calls for a day.
	maxPause = time.Minute
)

// send makes one exchange. With a nil error the reply is complete: any status but 429, and at most MaxBody.
// ErrUnavailable, ErrOverloaded, ErrLimited: nothing was done. ErrUnknown: it may have been done.
func (l *protocolBase) send(ctx context.Context, r Request) (Reply, error) {
	if l.isPaused() {
		return Reply{}, fmt.Errorf("%w: %s asked for a pause", wallet.ErrLimited, l.award)
	}
	reply, err := l.exchange(ctx, r)
	if err != nil {
		return Reply{}, l.exchangeError(err)
	}
	if reply.Status == http.StatusTooManyRequests {
		l.pause(reply.Header["Retry-After"])
		return Reply{}, fmt.Errorf("%w: %s refused the call: rate limit", wallet.ErrLimited, l.award)
	}
	if len(reply.Body) > MaxBody {
		return Reply{}, l.malformed("a body of more than %d bytes", MaxBody)
	}
	return reply, nil
}

// ask makes one exchange about an item and decodes the reply.
func (l *protocolBase) ask(ctx context.Context, i wallet.Item, r Request, read func(wallet.Item, Reply) (wallet.Receipt, error)) (wallet.Receipt, error) {
	reply, err := l.send(ctx, r)
	if err != nil {
		return wallet.Receipt{}, err
	}
	return read(i, reply)
}

// postJSON returns a request that posts v as JSON.
func postJSON(path string, v any) Request {
	return Request{Method: http.MethodPost, Path: path, Body: encode(v), Header: map[string]string{"Content-Type": "application/json"}}
}

// inFamily returns a downstream's name for the account's system: one of the two given.
func inFamily(a wallet.Account, douyin, toutiao string) string {
	if a.Family == wallet.ToutiaoFamily {
		return toutiao
	}
	return douyin
}

// decimal returns the account's user number.
func decimal(a wallet.Account) string { return strconv.FormatInt(int64(a.User), 10) }

// exchangeError converts an exchange's error for the caller.
func (l *protocolBase) exchangeError(err error) error {
	code := wallet.CodeOf(err)
	if code == wallet.CodeUnavailable || code == wallet.CodeOverloaded || errors.Is(err, wallet.ErrUnknown) {
		return fmt.Errorf("%w (%s)", err, l.award)
	}
	return fmt.Errorf("%w: %s: %v", wallet.ErrUnknown, l.award, err)
}

func (l *protocolBase) isPaused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clock.Now() < l.pausedUntil
}

func (l *protocolBase) pause(after string) {
	wait := defaultPause
	if n, err := strconv.ParseInt(after, 10, 32); err == nil && n > 0 {
		wait = min(time.Duration(n)*time.Second, maxPause)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pausedUntil = l.clock.Now().Add(wait)
}

// malformed returns the error for a reply that cannot be accepted: the request may have been carried out. The reply is
// not quoted, because it may contain personal data.
func (l *protocolBase) malformed(format string, args ...any) error {
	return fmt.Errorf("%w: the reply of %s: %s", wallet.ErrUnknown, l.award, fmt.Sprintf(format, args...))
}

// unexpectedStatus returns the error for a status that the protocol does not define. With 4xx the downstream, or a
// proxy before it, refused to process the request: nothing was done. With other statuses the outcome is unknown.
func (l *protocolBase) unexpectedStatus(r Reply) error {
	if r.Status >= 400 && r.Status < 500 && r.Status != http.StatusRequestTimeout {
		return fmt.Errorf("%w: %s refused the request with status %d", wallet.ErrUnavailable, l.award, r.Status)
	}
	return l.malformed("status %d", r.Status)
}

// notStarted converts the error of a query made before the actual request: even without a reply nothing was done.
func (l *protocolBase) notStarted(err error) error {
	if wallet.CodeOf(err) != wallet.CodeUnknown {
		return err
	}
	return fmt.Errorf("%w: the request to %s was not sent: %v", wallet.ErrUnavailable, l.award, err)
}

func (l *protocolBase) declined() error { return fmt.Errorf("%w: %s", wallet.ErrDeclined, l.award) }

func (l *protocolBase) notFound(i wallet.Item) error {
	return fmt.Errorf("%w: %s does not know order %s", wallet.ErrNotFound, l.award, i.No)
}

func (l *protocolBase) conflict(i wallet.Item) error {
	return l.malformed("order %s exists with another content", i.No)
}

// refusals are a protocol's codes for a reply without an item.
type refusals[C comparable] struct{ missing, declined, conflict, malformed C }

// refused returns the error of a reply without an item. With the code malformed the request was not processed.
func refused[C comparable](l *protocolBase, i wallet.Item, code C, known refusals[C]) (wallet.Receipt, error) {
	switch code {
	case known.missing:
		return wallet.Receipt{}, l.notFound(i)
	case known.declined:
		return wallet.Receipt{}, l.declined()
	case known.conflict:
		return wallet.Receipt{}, l.conflict(i)
	case known.malformed:
		return wallet.Receipt{}, l.unexpectedStatus(Reply{Status: http.StatusBadRequest})
	}
	return wallet.Receipt{}, l.malformed("an unknown code")
}

// sign returns the HMAC-SHA256 of text with the shared secret, in hexadecimal digits.
func sign(secret []byte, text string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// signed reports whether signature is that of text, in constant time.
func signed(secret []byte, text, signature string) bool {
	return hmac.Equal([]byte(sign(secret, text)), []byte(signature))
}

// sorted joins fields as k=v pairs with &, in order of their names, without the signature field.
func sorted(fields map[string]string) string {
	var pairs []string
	for k, v := range fields {
		if k != "sign" {
			pairs = append(pairs, k+"="+v)
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}
