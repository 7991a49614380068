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

// signingTests are about who may grant.
func signingTests() []test {
	return []test{
		{"sign-missing", "a grant that nobody has signed is refused", []string{"B4"}, unsigned},
		{"sign-key", "a signature under another key, or a name that nobody has, is refused", []string{"B4"}, wrongKey},
		{"sign-content", "body, path, time, nonce and mark are what was signed, or the request is refused", []string{"B4", "K2"}, changed},
		{"sign-replay", "a captured request that is sent again is refused", []string{"T7"}, replayed},
		{"sign-time", "a request that was signed an hour ago, or will be in an hour, is refused", []string{"T7"}, stale},
	}
}

// nothing sends a request that would grant and wants it refused, with nothing granted.
func nothing(ctx context.Context, p person, what string, r *request, any ...error) error {
	if err := wants(p.w.send(ctx, r, &pb.GrantReply{}), any...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func unsigned(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	body := encode(p.win(1, 10))
	garbled := w.new(grantMethod, body)
	garbled.header.Set("Authorization", auth.SchemeHMAC+"caller="+w.Key.ID)
	return cmp.Or(nothing(ctx, p, "no header", w.new(grantMethod, body), auth.ErrNoCredentials),
		nothing(ctx, p, "half a header", garbled, auth.ErrMalformed), p.sees(ctx, 0, 0, true))
}

func wrongKey(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	body := encode(p.win(1, 10))
	other := auth.Key{ID: w.Key.ID, Secret: auth.NewSecret()}
	stranger := auth.Key{ID: "nobody-of-that-name", Secret: w.Key.Secret}
	return cmp.Or(nothing(ctx, p, "another key", w.signed(grantMethod, body, other, time.Now()), auth.ErrSignature),
		nothing(ctx, p, "an unknown name", w.signed(grantMethod, body, stranger, time.Now()), auth.ErrUnknownKey), p.sees(ctx, 0, 0, true))
}

func changed(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	body := encode(p.win(1, 10))
	for _, c := range []struct {
		what   string
		change func(*request)
	}{
		{"another amount", func(r *request) { r.body = encode(p.win(1, 11)) }},
		{"a blank more", func(r *request) { r.body = append(bytes.Clone(r.body), ' ') }},
		{"another method", func(r *request) { r.path = "/hongbao.v1." + batchMethod }},
		{"another time", func(r *request) { field(r, "time=", fmt.Sprint(int64(w.begun))) }},
		{"another nonce", func(r *request) { field(r, "nonce=", auth.NewNonce()) }},
		{"the mark put in or left out", func(r *request) {
			if w.LoadTest {
				r.header.Del(auth.HeaderLoadTest)
			} else {
				r.header.Set(auth.HeaderLoadTest, "1")
			}
		}},
	} {
		r := w.signed(grantMethod, body, w.Key, time.Now())
		c.change(r)
		// A wallet that takes no marked load says so before it looks at the signature.
		if err := nothing(ctx, p, c.what, r, auth.ErrSignature, published(wallet.CodeRefused, "no_shadow")); err != nil {
			return err
		}
	}
	return p.sees(ctx, 0, 0, true)
}

// field replaces one field of a signature.
func field(r *request, name, value string) {
	parts := strings.Split(r.header.Get("Authorization"), ",")
	for i, part := range parts {
		if strings.HasPrefix(part, name) {
			parts[i] = name + value
		}
	}
	r.header.Set("Authorization", strings.Join(parts, ","))
}

func replayed(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	r, reply := w.signed(grantMethod, encode(p.win(1, 10)), w.Key, time.Now()), &pb.GrantReply{}
	if err := w.send(ctx, r, reply); err != nil {
		return err
	}
	return cmp.Or(nothing(ctx, p, "the same request", r, auth.ErrReplayed), p.sees(ctx, 10, 1, promised(reply)))
}

func stale(ctx context.Context, w *wire) error {
	p := w.somebody(wallet.Douyin)
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		if err := nothing(ctx, p, off.String(), w.signed(grantMethod, encode(p.win(1, 10)), w.Key, time.Now().Add(off)), auth.ErrTime); err != nil {
			return err
		}
	}
	return p.sees(ctx, 0, 0, true)
}

// sessionTests are about who may look and withdraw.
func sessionTests() []test {
	return []test{
		{"session-missing", "a page without a session, or with a signature instead, is refused", []string{"T7"}, noSession},
		{"session-forged", "a session that was changed, or is over, is refused", []string{"T7"}, forgedSession},
		{"session-other", "in a session nobody sees or moves what is another's", []string{"T7"}, otherSession},
	}
}

func noSession(ctx context.Context, w *wire) error {
	for _, method := range []string{pageMethod, flowMethod, withdrawMethod} {
		err := wants(w.send(ctx, w.new(method, []byte("{}")), &pb.WalletPageReply{}), auth.ErrNoCredentials)
		if err == nil {
			err = wants(w.send(ctx, w.signed(method, []byte("{}"), w.Key, time.Now()), &pb.WalletPageReply{}), auth.ErrNoCredentials)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
	}
	return nil
}

func forgedSession(ctx context.Context, w *wire) error {
	if w.Session == nil {
		return unanswered{"no sessions were given"}
	}
	p := w.somebody(wallet.Douyin)
	good := w.Session(p.who, time.Now().Add(sessionLife))
	for _, c := range []struct {
		what, session string
		want          error
	}{
		{"the last character changed", flip(good, len(good)-2), auth.ErrSession},
		{"a character in the middle changed", flip(good, len(good)/3), auth.ErrSession},
		{"a session that is over", w.Session(p.who, time.Now().Add(-time.Minute)), auth.ErrSessionExpired},
		{"no session at all", "hello", auth.ErrMalformed},
	} {
		r := w.new(pageMethod, []byte("{}"))
		r.header.Set("Authorization", auth.SchemeBearer+c.session)
		if err := wants(w.send(ctx, r, &pb.WalletPageReply{}), c.want, auth.ErrMalformed); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return nil
}

// flip changes one character of a text in base64url to another.
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
		return unanswered{"no sessions were given"}
	}
	p, thief := w.somebody(wallet.Douyin), w.somebody(wallet.Douyin)
	reply, err := p.granted(ctx, 1, 60)
	if err != nil {
		return err
	}
	who := &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)}
	for method, body := range map[string][]byte{
		pageMethod: encode(&pb.WalletPageRequest{Who: who}), flowMethod: encode(&pb.FlowRequest{Who: who}),
		withdrawMethod: encode(&pb.WithdrawRequest{Who: who, Request: 1, AmountFen: 60}),
	} {
		if err := wants(w.send(ctx, thief.session(method, body), &pb.WalletPageReply{}), wallet.ErrNotYours); err != nil {
			return fmt.Errorf("%s of another user: %w", method, err)
		}
	}
	return cmp.Or(thief.sees(ctx, 0, 0, true), p.sees(ctx, 60, 1, promised(reply)))
}
