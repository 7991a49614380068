package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"hongbao/reference/wallet"
)

// sessionPrefix names the session token's format and version.
const sessionPrefix = "hbs1."

// maxSession bounds a session token in bytes: three numbers and a MAC in Base64 take less than 120.
const maxSession = 160

// Session returns the token of a logged-in user, valid until expires: hbs1.<payload>.<mac>, both in unpadded
// base64url. The payload is app, user and Unix microseconds, joined by '.'. The MAC is HMAC-SHA256.
func Session(key []byte, app wallet.App, user wallet.UserID, expires time.Time) string {
	text := make([]byte, 0, 64)
	text = strconv.AppendUint(text, uint64(app), 10)
	text = append(text, '.')
	text = strconv.AppendInt(text, int64(user), 10)
	text = append(text, '.')
	text = strconv.AppendInt(text, int64(wallet.InstantOf(expires)), 10)
	signed := sessionPrefix + base64.RawURLEncoding.EncodeToString(text)
	return signed + "." + base64.RawURLEncoding.EncodeToString(sessionMAC(key, signed))
}

func sessionMAC(key []byte, signed string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(signed))
	return h.Sum(nil)
}

// OpenSession returns the user of a session from the value of an Authorization header. ErrNoCredentials: empty or
// another scheme. ErrMalformed, ErrSession (not signed with the key), ErrSessionExpired.
func OpenSession(key []byte, header string, now wallet.Instant) (wallet.Caller, error) {
	token, ok := strings.CutPrefix(header, SchemeBearer)
	if !ok {
		return wallet.Caller{}, ErrNoCredentials
	}
	if len(token) > maxSession {
		return wallet.Caller{}, ErrMalformed
	}
	dot := strings.LastIndexByte(token, '.')
	if dot < len(sessionPrefix) || !strings.HasPrefix(token, sessionPrefix) {
		return wallet.Caller{}, ErrMalformed
	}
	encoding := base64.RawURLEncoding.Strict()
	mac, err := encoding.DecodeString(token[dot+1:])
	if err != nil {
		return wallet.Caller{}, ErrMalformed
	}
	if subtle.ConstantTimeCompare(mac, sessionMAC(key, token[:dot])) != 1 {
		return wallet.Caller{}, ErrSession
	}
	payload, err := encoding.DecodeString(token[len(sessionPrefix):dot])
	if err != nil {
		return wallet.Caller{}, ErrMalformed
	}
	return readSession(string(payload), now)
}

// readSession decodes a payload whose MAC is verified.
func readSession(payload string, now wallet.Instant) (wallet.Caller, error) {
	app, rest, _ := strings.Cut(payload, ".")
	user, expires, _ := strings.Cut(rest, ".")
	a, err1 := strconv.ParseUint(app, 10, 8)
	u, err2 := strconv.ParseInt(user, 10, 64)
	e, err3 := strconv.ParseInt(expires, 10, 64)
	c := wallet.Caller{App: wallet.App(a), User: wallet.UserID(u)}
	if err1 != nil || err2 != nil || err3 != nil || !c.App.Valid() || c.User <= 0 {
		return wallet.Caller{}, ErrMalformed
	}
	if wallet.Instant(e) <= now {
		return wallet.Caller{}, ErrSessionExpired
	}
	return c, nil
}
