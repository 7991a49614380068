package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"hongbao/reference/wallet"
)

// The schemes of the Authorization header.
const (
	SchemeHMAC   = "Hongbao-HMAC "
	SchemeBearer = "Bearer "
)

// HeaderLoadTest marks a load test's request (K2). Its value is "1".
const HeaderLoadTest = "Hongbao-Load-Test"

// Window is how far a request's time may differ from the server's, in both directions. It is the project's choice:
// synchronised clocks differ by far less, and the server remembers each nonce for this long.
const Window = 5 * time.Minute

// Bounds of a header's fields, in bytes.
const (
	maxID        = 64 // an ID of a caller or operator
	maxNonce     = 64 // NewNonce makes 22
	nonceBytes   = 16
	signedPrefix = "hongbao1"
)

// Request is what a signature covers. Query strings are not used by the API and not covered.
type Request struct {
	Method   string // HTTP method
	Path     string
	Body     []byte // as sent, including framing and compression
	LoadTest bool   // the request has the load-test mark
}

// NewNonce returns a fresh nonce.
func NewNonce() string {
	b := make([]byte, nonceBytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Sign returns the value of the Authorization header for a request. The nonce must never be used twice with one key.
func Sign(k Key, r Request, now time.Time, nonce string) string {
	at := strconv.FormatInt(int64(wallet.InstantOf(now)), 10)
	var mac [sha256.Size]byte
	k.mac(mac[:0], r, at, nonce)
	return SchemeHMAC + "caller=" + k.ID + ",time=" + at + ",nonce=" + nonce + ",signature=" + hex.EncodeToString(mac[:])
}

// mac appends the HMAC-SHA256 of the request to b. The parts are joined by line feeds. Only the path could contain one,
// and the parts after it cannot be confused with a path: a number, a nonce, a hash.
func (k Key) mac(b []byte, r Request, at, nonce string) []byte {
	body := sha256.Sum256(r.Body)
	text := make([]byte, 0, 256)
	text = append(text, signedPrefix...)
	if r.LoadTest {
		text = append(text, "-load-test"...)
	}
	for _, part := range [...]string{r.Method, r.Path, at, nonce} {
		text = append(text, '\n')
		text = append(text, part...)
	}
	text = append(text, '\n')
	text = hex.AppendEncode(text, body[:])
	h := hmac.New(sha256.New, k.Secret)
	h.Write(text)
	return h.Sum(b)
}

// Signed is a parsed Authorization header of SchemeHMAC. Nothing in it is verified before Verify.
type Signed struct {
	ID        string
	At        wallet.Instant
	Nonce     string
	at        string
	signature [sha256.Size]byte
}

// ParseSigned parses the value of an Authorization header. ErrNoCredentials: empty or another scheme. ErrMalformed:
// this scheme, but not in the form that Sign writes.
func ParseSigned(header string) (Signed, error) {
	rest, ok := strings.CutPrefix(header, SchemeHMAC)
	if !ok {
		return Signed{}, ErrNoCredentials
	}
	var s Signed
	signature, more := "", true
	for _, field := range [...]struct {
		name string
		to   *string
	}{{"caller=", &s.ID}, {"time=", &s.at}, {"nonce=", &s.Nonce}, {"signature=", &signature}} {
		var part string
		part, rest, more = strings.Cut(rest, ",")
		if *field.to, ok = strings.CutPrefix(part, field.name); !ok {
			return Signed{}, ErrMalformed
		}
	}
	at, err := strconv.ParseInt(s.at, 10, 64)
	if err != nil || at <= 0 || more || len(signature) != 2*sha256.Size || !goodName(s.ID, maxID) || !goodName(s.Nonce, maxNonce) {
		return Signed{}, ErrMalformed
	}
	if _, err := hex.Decode(s.signature[:], []byte(signature)); err != nil {
		return Signed{}, ErrMalformed
	}
	s.At = wallet.Instant(at)
	return s, nil
}

// Fresh returns ErrTime when the request was signed more than Window before or after now. It needs no body, so a stale
// request is refused before its body is read.
func (s Signed) Fresh(now wallet.Instant) error {
	if d := now.Sub(s.At); s.At > now.Add(Window) || d > Window {
		return ErrTime
	}
	return nil
}

// Verify returns ErrSignature when the request was not signed with the key. It takes the same time wherever the
// signatures differ.
func (s Signed) Verify(k Key, r Request) error {
	var mac [sha256.Size]byte
	k.mac(mac[:0], r, s.at, s.Nonce)
	if subtle.ConstantTimeCompare(mac[:], s.signature[:]) != 1 {
		return ErrSignature
	}
	return nil
}

// goodName reports whether s is 1..limit letters, digits and "._:-".
func goodName(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._:-", rune(c)) {
			return false
		}
	}
	return true
}
