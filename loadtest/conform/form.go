package conform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// tooLarge is a body larger than any wallet accepts, in bytes.
const tooLarge = 2 << 20

// formTests are about the form of requests.
func formTests() []contractCase {
	return []contractCase{
		{"form-json", "a body that is not JSON, or JSON of another shape, is malformed", []string{"B4"}, malformed},
		{"form-large", "a body of 2 MiB is refused", []string{"L1"}, largeBody},
		{"form-http", "a GET, an unknown content type and an unknown method are refused", []string{"B4"}, wrongHTTP},
		{"form-mark", "a load-test mark that is not 1 is refused", []string{"K2"}, wrongMark},
		{"form-binary", "protobuf and JSON requests have the same effect", []string{"T3"}, binary},
		{"form-numbers", "numbers above 2^53 are exact, as numbers and as strings", []string{"B2"}, bigNumbers},
	}
}

func malformed(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	good := string(encode(p.grantRequest(1, 10)))
	var attempts []attempt
	for _, c := range []struct{ what, body string }{
		{"a truncated object", `{"app":"APP_DOUYIN","user":`}, {"a list", `[]`}, {"not JSON", "\xff\xfe\x00"}, {"an empty body", ""},
		{"text instead of a number", `{"user":"seven"}`}, {"a fraction of a fen", strings.Replace(good, `"10"`, `10.5`, 1)},
		{"a number beyond 64 bits", strings.Replace(good, `"10"`, `18446744073709551617`, 1)},
		{"two objects", good + good},
	} {
		attempts = append(attempts, attempt{c.what, w.signed(grantMethod, []byte(c.body), w.Key, time.Now()), published(wallet.CodeInvalid, "malformed")})
	}
	return cmp.Or(w.expectRefused(ctx, attempts, wallet.ErrInvalid), p.expectPage(ctx, 0, 0, true))
}

// largeBody also accepts a closed connection: no server has to read the whole body.
func largeBody(ctx context.Context, w *wire) error {
	body := append([]byte(`{"activity":"`), bytes.Repeat([]byte{'x'}, tooLarge)...)
	err := w.send(ctx, w.signed(grantMethod, append(body, `"}`...), w.Key, time.Now()), &pb.GrantReply{})
	if errors.As(err, new(notEvaluated)) && ctx.Err() == nil {
		return w.checkReachable(ctx)
	}
	return expectError(err, published(wallet.CodeInvalid, "too_large"))
}

func wrongHTTP(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	body := encode(p.grantRequest(1, 10))
	get := w.signed(grantMethod, nil, w.Key, time.Now())
	get.verb = http.MethodGet
	text := w.signed(grantMethod, body, w.Key, time.Now())
	text.header.Set("Content-Type", "text/plain")
	unknown := w.signed("GrantService/Steal", body, w.Key, time.Now())
	err := w.expectRefused(ctx, []attempt{
		{"GET", get, published(wallet.CodeInvalid, "http_method")},
		{"text/plain", text, published(wallet.CodeInvalid, "content_type")},
		{"GrantService/Steal", unknown, published(wallet.CodeNotFound, "unknown_method")},
	})
	return cmp.Or(err, p.expectPage(ctx, 0, 0, true))
}

func wrongMark(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	var attempts []attempt
	for _, mark := range []string{"0", "yes", "true"} {
		r := w.signed(grantMethod, encode(p.grantRequest(1, 10)), w.Key, time.Now())
		r.header.Set(auth.HeaderLoadTest, mark)
		attempts = append(attempts, attempt{strconv.Quote(mark), r, published(wallet.CodeInvalid, "load_test_mark")})
	}
	return cmp.Or(w.expectRefused(ctx, attempts), p.expectPage(ctx, 0, 0, true))
}

func binary(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	first, err := p.expectGrant(ctx, 1, 33)
	if err != nil {
		return err
	}
	body, _ := proto.Marshal(p.grantRequest(1, 33))
	again := &pb.GrantReply{}
	err = w.call(ctx, func() *request {
		r := w.signed(grantMethod, body, w.Key, time.Now())
		r.header.Set("Content-Type", "application/proto")
		return r
	}, again)
	if err == nil {
		err = equal("the order number of the same grant in protobuf", first.Order, again.Order)
	}
	if err != nil {
		return err
	}
	return p.expectPage(ctx, 33, 1, promised(first))
}

// bigNumbers grants to an odd user number above 2^53, which a float cannot represent, once as a number and once as
// a string.
func bigNumbers(ctx context.Context, w *wire) error {
	p := w.newPerson(wallet.Douyin)
	p.who.User = 1<<53 + p.who.User | 1
	text := string(encode(p.grantRequest(1, 47)))
	user := fmt.Sprint(int64(p.who.User))
	bare := strings.Replace(text, `"`+user+`"`, user, 1)
	if bare == text {
		return notEvaluated{"the case could not be built"}
	}
	var replies [2]pb.GrantReply
	for i, body := range []string{bare, text} {
		if err := w.call(ctx, func() *request { return w.signed(grantMethod, []byte(body), w.Key, time.Now()) }, &replies[i]); err != nil {
			return err
		}
	}
	if err := equal("the order number of the same user", replies[0].Order, replies[1].Order); err != nil {
		return err
	}
	for _, beside := range []wallet.UserID{p.who.User - 1, p.who.User + 1} {
		if err := (person{w, wallet.Caller{App: p.who.App, User: beside}}).expectPage(ctx, 0, 0, true); err != nil {
			return fmt.Errorf("user %d is not user %d: %w", beside, p.who.User, err)
		}
	}
	return p.expectPage(ctx, 47, 1, promised(&replies[0]))
}
