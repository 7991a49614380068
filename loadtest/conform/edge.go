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

// expectRefused sends a request that would grant, and expects a refusal.
func expectRefused(ctx context.Context, p person, what string, r *request, any ...error) error {
	if err := expectError(p.w.send(ctx, r, &pb.GrantReply{}), any...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func unsigned(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	body := encode(p.grantRequest(1, 10))
	garbled := w.new(grantMethod, body)
	garbled.header.Set("Authorization", auth.SchemeHMAC+"caller="+w.Key.ID)
	return cmp.Or(expectRefused(ctx, p, "no header", w.new(grantMethod, body), auth.ErrNoCredentials),
		expectRefused(ctx, p, "a truncated header", garbled, auth.ErrMalformed), p.expectPage(ctx, 0, 0, true))
}

func wrongKey(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	body := encode(p.grantRequest(1, 10))
	other := auth.Key{ID: w.Key.ID, Secret: auth.NewSecret()}
	stranger := auth.Key{ID: "nobody-of-that-name", Secret: w.Key.Secret}
	return cmp.Or(expectRefused(ctx, p, "another key", w.signed(grantMethod, body, other, time.Now()), auth.ErrSignature),
		expectRefused(ctx, p, "an unknown name", w.signed(grantMethod, body, stranger, time.Now()), auth.ErrUnknownKey), p.expectPage(ctx, 0, 0, true))
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
		if err := expectRefused(ctx, p, c.what, r, auth.ErrSignature, published(wallet.CodeRefused, "no_shadow")); err != nil {
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
	return cmp.Or(expectRefused(ctx, p, "the same request", r, auth.ErrReplayed), p.expectPage(ctx, 10, 1, promised(reply)))
}

func stale(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		if err := expectRefused(ctx, p, off.String(), w.signed(grantMethod, encode(p.grantRequest(1, 10)), w.Key, time.Now().Add(off)), auth.ErrTime); err != nil {
			return err
		}
	}
	return p.expectPage(ctx, 0, 0, true)
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
	for _, method := range []string{pageMethod, flowMethod, withdrawMethod} {
		err := expectError(w.send(ctx, w.new(method, []byte("{}")), &pb.WalletPageReply{}), auth.ErrNoCredentials)
		if err == nil {
			err = expectError(w.send(ctx, w.signed(method, []byte("{}"), w.Key, time.Now()), &pb.WalletPageReply{}), auth.ErrNoCredentials)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
	}
	return nil
}

func forgedSession(ctx context.Context, w *wire) error {
	if w.Session == nil {
		return notEvaluated{"the target has no sessions"}
	}
	p := w.newPerson(wallet.Douyin)
	good := w.Session(p.who, time.Now().Add(sessionValidity))
	for _, c := range []struct {
		what, session string
		want          error
	}{
		{"the last character changed", flip(good, len(good)-2), auth.ErrSession},
		{"a character in the middle changed", flip(good, len(good)/3), auth.ErrSession},
		{"an expired session", w.Session(p.who, time.Now().Add(-time.Minute)), auth.ErrSessionExpired},
		{"not a session", "hello", auth.ErrMalformed},
	} {
		r := w.new(pageMethod, []byte("{}"))
		r.header.Set("Authorization", auth.SchemeBearer+c.session)
		if err := expectError(w.send(ctx, r, &pb.WalletPageReply{}), c.want, auth.ErrMalformed); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return nil
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
	for method, body := range map[string][]byte{
		pageMethod: encode(&pb.WalletPageRequest{Who: who}), flowMethod: encode(&pb.FlowRequest{Who: who}),
		withdrawMethod: encode(&pb.WithdrawRequest{Who: who, Request: 1, AmountFen: 60}),
	} {
		if err := expectError(w.send(ctx, thief.session(method, body), &pb.WalletPageReply{}), wallet.ErrNotYours); err != nil {
			return fmt.Errorf("%s of another user: %w", method, err)
		}
	}
	return cmp.Or(thief.expectPage(ctx, 0, 0, true), p.expectPage(ctx, 60, 1, promised(reply)))
}
