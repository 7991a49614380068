package conform

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// signingTests are about authentication of grants.
func signingTests() []contractCase {
	return []contractCase{
		{"sign-missing", "an unsigned grant is refused", []string{"B4"}, unsigned},
		{"sign-key", "a signature with another key, or with an unknown key name, is refused", []string{"B4"}, wrongKey},
		{"sign-content", "a request whose body, path, time, nonce or mark differs from what was signed is refused", []string{"B4", "K2"}, changed},
		{"sign-replay", "a replayed request is refused", []string{"T7"}, replayed},
		{"sign-time", "a request signed an hour ago, or an hour in the future, is refused", []string{"T7"}, stale},
	}
}

func unsigned(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	body := encode(p.grantRequest(1, 10))
	garbled := w.new(grantMethod, body)
	garbled.header.Set("Authorization", auth.SchemeHMAC+"caller="+w.Key.ID)
	err := w.expectRefused(ctx, []attempt{{"no header", w.new(grantMethod, body), auth.ErrNoCredentials}, {"a truncated header", garbled, auth.ErrMalformed}})
	return cmp.Or(err, p.expectPage(ctx, 0, 0, true))
}

func wrongKey(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	body := encode(p.grantRequest(1, 10))
	other := auth.Key{ID: w.Key.ID, Secret: auth.NewSecret()}
	stranger := auth.Key{ID: "nobody-of-that-name", Secret: w.Key.Secret}
	err := w.expectRefused(ctx, []attempt{{"another key", w.signed(grantMethod, body, other, time.Now()), auth.ErrSignature},
		{"an unknown name", w.signed(grantMethod, body, stranger, time.Now()), auth.ErrUnknownKey}})
	return cmp.Or(err, p.expectPage(ctx, 0, 0, true))
}

func changed(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	body := encode(p.grantRequest(1, 10))
	for _, c := range []struct {
		what   string
		change func(*request)
	}{
		{"another amount", func(r *request) { r.body = encode(p.grantRequest(1, 11)) }},
		{"an additional space", func(r *request) { r.body = append(bytes.Clone(r.body), ' ') }},
		{"another method", func(r *request) { r.path = "/hongbao.v1." + batchMethod }},
		{"another time", func(r *request) { replaceField(r, "time=", fmt.Sprint(int64(w.winTime))) }},
		{"another nonce", func(r *request) { replaceField(r, "nonce=", auth.NewNonce()) }},
		{"the mark added or removed", func(r *request) {
			if w.LoadTest {
				r.header.Del(auth.HeaderLoadTest)
			} else {
				r.header.Set(auth.HeaderLoadTest, "1")
			}
		}},
	} {
		r := w.signed(grantMethod, body, w.Key, time.Now())
		c.change(r)
		// A wallet without a load-test wallet says so before it checks the signature.
		if err := w.expectRefused(ctx, []attempt{{c.what, r, auth.ErrSignature}}, published(wallet.CodeRefused, "no_shadow")); err != nil {
			return err
		}
	}
	return p.expectPage(ctx, 0, 0, true)
}

// replaceField replaces one field of a signature.
func replaceField(r *request, name, value string) {
	parts := strings.Split(r.header.Get("Authorization"), ",")
	for i, part := range parts {
		if strings.HasPrefix(part, name) {
			parts[i] = name + value
		}
	}
	r.header.Set("Authorization", strings.Join(parts, ","))
}

func replayed(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	r, reply := w.signed(grantMethod, encode(p.grantRequest(1, 10)), w.Key, time.Now()), &pb.GrantReply{}
	if err := w.send(ctx, r, reply); err != nil {
		return err
	}
	return cmp.Or(w.expectRefused(ctx, []attempt{{"the same request", r, auth.ErrReplayed}}), p.expectPage(ctx, 10, 1, promised(reply)))
}

func stale(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	var attempts []attempt
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		attempts = append(attempts, attempt{off.String(), w.signed(grantMethod, encode(p.grantRequest(1, 10)), w.Key, time.Now().Add(off)), auth.ErrTime})
	}
	return cmp.Or(w.expectRefused(ctx, attempts), p.expectPage(ctx, 0, 0, true))
}

// sessionTests are about access to pages and withdrawals.
func sessionTests() []contractCase {
	return []contractCase{
		{"session-missing", "a page without a session, or with a signature instead, is refused", []string{"T7"}, noSession},
		{"session-forged", "an altered or expired session is refused", []string{"T7"}, forgedSession},
		{"session-other", "a session gives no access to another user's page or money", []string{"T7"}, otherSession},
	}
}

func noSession(ctx context.Context, w *wire) error {
	var attempts []attempt
	for _, method := range []string{pageMethod, flowMethod, withdrawMethod} {
		attempts = append(attempts, attempt{method, w.new(method, []byte("{}")), auth.ErrNoCredentials},
			attempt{method, w.signed(method, []byte("{}"), w.Key, time.Now()), auth.ErrNoCredentials})
	}
	return w.expectRefused(ctx, attempts)
}

func forgedSession(ctx context.Context, w *wire) error {
	if w.Session == nil {
		return notEvaluated{"the target has no sessions"}
	}
	p := w.newPerson(wallet.Douyin)
	good := w.Session(p.who, time.Now().Add(sessionValidity))
	with := func(session string) *request {
		r := w.new(pageMethod, []byte("{}"))
		r.header.Set("Authorization", auth.SchemeBearer+session)
		return r
	}
	return w.expectRefused(ctx, []attempt{
		{"the last character changed", with(flip(good, len(good)-2)), auth.ErrSession},
		{"a character in the middle changed", with(flip(good, len(good)/3)), auth.ErrSession},
		{"an expired session", with(w.Session(p.who, time.Now().Add(-time.Minute))), auth.ErrSessionExpired},
		{"not a session", with("hello"), auth.ErrMalformed},
	}, auth.ErrMalformed)
}

// flip changes one character of a base64url text.
func flip(text string, at int) string {
	b := []byte(text)
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}

func otherSession(ctx context.Context, w *wire) error {
	if w.Session == nil {
		return notEvaluated{"the target has no sessions"}
	}
	p, thief := w.newPerson(wallet.Douyin), w.newPerson(wallet.Douyin)
	reply, err := p.expectGrant(ctx, 1, 60)
	if err != nil {
		return err
	}
	who := &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)}
	err = w.expectRefused(ctx, []attempt{
		{pageMethod + " of another user", thief.session(pageMethod, encode(&pb.WalletPageRequest{Who: who})), wallet.ErrNotYours},
		{flowMethod + " of another user", thief.session(flowMethod, encode(&pb.FlowRequest{Who: who})), wallet.ErrNotYours},
		{withdrawMethod + " of another user", thief.session(withdrawMethod, encode(&pb.WithdrawRequest{Who: who, Request: 1, AmountFen: 60})), wallet.ErrNotYours},
	})
	return cmp.Or(err, thief.expectPage(ctx, 0, 0, true), p.expectPage(ctx, 60, 1, promised(reply)))
}
