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

// line is one downstream's exchange, and what all protocols do alike on it.
type line struct {
	award    wallet.AwardType
	exchange Exchange
	clock    wallet.Clock
	secret   []byte

	mu    sync.Mutex
	quiet wallet.Instant // until then the downstream has asked not to be called
}

const (
	// quietDefault is how long a downstream is left alone that does not say how long.
	quietDefault = time.Second
	// quietMax bounds what a downstream may ask for: a garbled number must not silence it for a day.
	quietMax = time.Minute
)

// send makes one exchange. What comes back with nil is a reply that came in whole: any status but 429, and not more than
// MaxBody. ErrUnavailable, ErrOverloaded, ErrLimited: nothing was done. ErrUnknown: it may have been.
func (l *line) send(ctx context.Context, r Request) (Reply, error) {
	if l.silenced() {
		return Reply{}, fmt.Errorf("%w: %s asked to be called later", wallet.ErrLimited, l.award)
	}
	reply, err := l.exchange(ctx, r)
	if err != nil {
		return Reply{}, l.lost(err)
	}
	if reply.Status == http.StatusTooManyRequests {
		l.silence(reply.Header["Retry-After"])
		return Reply{}, fmt.Errorf("%w: %s takes no more calls now", wallet.ErrLimited, l.award)
	}
	if len(reply.Body) > MaxBody {
		return Reply{}, l.unreadable("a body of more than %d bytes", MaxBody)
	}
	return reply, nil
}

// lost turns an exchange's error into what it means for the caller.
func (l *line) lost(err error) error {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnavailable, wallet.CodeOverloaded:
		return fmt.Errorf("%w (%s)", err, l.award)
	}
	if errors.Is(err, wallet.ErrUnknown) {
		return fmt.Errorf("%w (%s)", err, l.award)
	}
	return fmt.Errorf("%w: %s: %v", wallet.ErrUnknown, l.award, err)
}

func (l *line) silenced() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clock.Now() < l.quiet
}

func (l *line) silence(after string) {
	pause := quietDefault
	if n, err := strconv.ParseInt(after, 10, 32); err == nil && n > 0 {
		pause = min(time.Duration(n)*time.Second, quietMax)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet = l.clock.Now().Add(pause)
}

// unreadable is the error of a reply that means nothing to us: what was asked for may have been done. The reply itself
// is not quoted, because it may name people.
func (l *line) unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: the reply of %s: %s", wallet.ErrUnknown, l.award, fmt.Sprintf(format, args...))
}

// status is the error of a reply with a status that the protocol has no meaning for. Up to 499 the downstream, or
// something before it, has refused to look at the request: nothing was done. From 500 on nobody knows.
func (l *line) status(r Reply) error {
	switch {
	case r.Status >= 400 && r.Status < 500 && r.Status != http.StatusRequestTimeout:
		return fmt.Errorf("%w: %s refused the request with status %d", wallet.ErrUnavailable, l.award, r.Status)
	}
	return l.unreadable("status %d", r.Status)
}

// nothingDone turns the error of a question that came before anything was asked for: where it has no answer, nothing was
// done.
func (l *line) nothingDone(err error) error {
	if wallet.CodeOf(err) != wallet.CodeUnknown {
		return err
	}
	return fmt.Errorf("%w: nothing was asked of %s yet: %v", wallet.ErrUnavailable, l.award, err)
}

func (l *line) declined() error { return fmt.Errorf("%w: %s", wallet.ErrDeclined, l.award) }

func (l *line) notFound(i wallet.Item) error {
	return fmt.Errorf("%w: %s knows no order %s", wallet.ErrNotFound, l.award, i.No)
}

func (l *line) conflict(i wallet.Item) error {
	return l.unreadable("order %s is there with another content", i.No)
}

// sign returns the signature of text under the shared secret, in hexadecimal digits.
func sign(secret []byte, text string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// signed says whether signature is that of text. It takes the same time for each wrong one.
func signed(secret []byte, text, signature string) bool {
	return hmac.Equal([]byte(sign(secret, text)), []byte(signature))
}

// sorted writes fields as k=v pairs joined by &, in order of their names, without the one that holds the signature.
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
