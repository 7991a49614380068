package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// grantWith returns a valid grant with one part replaced.
func grantWith(from, to string) string { return strings.Replace(grantBody(7, 1, 100), from, to, 1) }

// TestBadGrants: each refusal has its code and reason, and changes nothing.
func TestBadGrants(t *testing.T) {
	f := start(t)
	for _, c := range []struct{ why, body, want string }{
		{"negative", grantWith(`"amount_fen":100`, `"amount_fen":-1`), "invalid invalid"},
		{"zero", grantWith(`"amount_fen":100`, `"amount_fen":0`), "invalid invalid"},
		{"no amount", grantWith(`"amount_fen":100,`, ``), "invalid invalid"},
		{"above the cap", grantWith(`"amount_fen":100`, `"amount_fen":1001`), "refused over_cap"},
		{"the largest int64", grantWith(`"amount_fen":100`, fmt.Sprintf(`"amount_fen":"%d"`, math.MaxInt64)), "refused over_cap"},
		{"above int64", grantWith(`"amount_fen":100`, `"amount_fen":9223372036854775808`), "invalid malformed"},
		{"a fraction", grantWith(`"amount_fen":100`, `"amount_fen":1.5`), "invalid malformed"},
		{"1e30", grantWith(`"amount_fen":100`, `"amount_fen":1e30`), "invalid malformed"},
		{"not a number", grantWith(`"amount_fen":100`, `"amount_fen":NaN`), "invalid malformed"},
		{"unknown scene", grantWith(`"scene":"rain"`, `"scene":"snow"`), "not_found unknown_scene"},
		{"an invalid scene name", grantWith(`"scene":"rain"`, `"scene":"ra_in"`), "not_found unknown_scene"},
		{"unknown activity", grantWith(`"spring"`, `"summer"`), "not_found no_activity"},
		{"an activity of 1,500 letters", grantWith(`"spring"`, `"`+strings.Repeat("a", 1500)+`"`), "not_found no_activity"},
		{"before any stage", grantWith(`"opened_us":1`, `"opened_us":-1`), "invalid invalid"},
		{"no app", grantWith(`"APP_DOUYIN"`, `0`), "invalid invalid"},
		{"an app beyond the eight", grantWith(`"APP_DOUYIN"`, `9`), "invalid invalid"},
		{"an app that is Douyin modulo 256", grantWith(`"APP_DOUYIN"`, `257`), "invalid invalid"},
		{"an unknown app name", grantWith(`"APP_DOUYIN"`, `"APP_WEIXIN"`), "invalid malformed"},
		{"no user", grantWith(`"user":7`, `"user":0`), "invalid invalid"},
		{"a negative rain", grantWith(`"rain":1`, `"rain":-1`), "invalid invalid"},
		{"a rain above int32", grantWith(`"rain":1`, `"rain":2147483648`), "invalid malformed"},
		{"not cash", grantWith(`"AWARD_TYPE_CASH"`, `"AWARD_TYPE_AD_COUPON"`), "invalid invalid"},
		{"cash modulo 256", grantWith(`"AWARD_TYPE_CASH"`, `257`), "invalid invalid"},
		{"an unknown field", grantWith(`"rain":1`, `"rain":1,"amount":5`), "invalid malformed"},
		{"a field twice", grantWith(`"rain":1`, `"rain":1,"rain":2`), "invalid malformed"},
		{"a field under both its names", grantWith(`"rain":1`, `"rain":1,"amountFen":5`), "invalid malformed"},
		{"cut off", grantBody(7, 1, 100)[:40], "invalid malformed"},
		{"two objects", grantBody(7, 1, 100) + `{}`, "invalid malformed"},
		{"an array", `[]`, "invalid malformed"},
		{"an empty body", ``, "invalid malformed"},
		{"bytes", "\xff\xfe\x00", "invalid malformed"},
		{"a truncated character", grantWith(`"spring"`, "\"\xe7\""), "invalid malformed"},
		{"nested 100,000 levels deep", strings.Repeat(`[`, 100_000), "invalid malformed"},
	} {
		got := f.callAs("demo", "GrantService/Grant", c.body)
		require.Equal(t, c.want, got.reason(), "%s: %s", c.why, got.body)
		require.Equal(t, strings.Fields(c.want)[1], got.header.Get("Hongbao-Reason"), c.why)
		require.Less(t, len(got.body), 2000, c.why)
	}
	require.Zero(t, f.records(), "nothing changed")
	for _, c := range []struct{ why, body string }{
		{"empty", `{}`},
		{"one too many", `{"grants":[` + strings.Repeat(grantBody(1, 1, 1)+",", maxBatch) + grantBody(1, 1, 1) + `]}`},
	} {
		require.Equal(t, "invalid invalid", f.callAs("demo", "GrantService/BatchGrant", c.body).reason(), c.why)
	}
	require.Equal(t, "invalid malformed", f.callAs("demo", "GrantService/BatchGrant", `{"grants":[`+grantBody(1, 1, 1)+`,{"amount":5}]}`).reason(), "one grant is malformed")
	require.Zero(t, f.records(), "nothing changed")
}

// TestLargeNumbers: a number that a float cannot represent is read exactly, as a number or as a string.
func TestLargeNumbers(t *testing.T) {
	f := start(t)
	const large = 1<<53 + 1
	for _, written := range []string{`9007199254740993`, `"9007199254740993"`} {
		body := strings.Replace(grantBody(7, 1, 100), `"user":7`, `"user":`+written, 1)
		require.Equal(t, "1_rain_1_1_3", f.callAs("demo", "GrantService/Grant", body).text("order"))
	}
	require.Equal(t, "100", f.callAsUser(large, "WalletService/WalletPage", `{}`).text("balance_fen"))
	require.Equal(t, "0", f.callAsUser(large-1, "WalletService/WalletPage", `{}`).text("balance_fen"), "the neighbour that a float would round to")
}

// TestBadPages: requests that users may not make.
func TestBadPages(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	before := f.records()
	ahead := jsonInt(int(f.clock.Now().Add(auth.Window)) + 1)
	for _, c := range []struct{ why, method, body, want string }{
		{"another user's page", "WalletPage", `{"who":{"app":"APP_DOUYIN","user":8}}`, "unauthorised not_yours"},
		{"the same number in another app", "WalletPage", `{"who":{"app":"APP_XIGUA","user":7}}`, "unauthorised not_yours"},
		{"another user's flow", "Flow", `{"who":{"app":"APP_DOUYIN","user":8}}`, "unauthorised not_yours"},
		{"another user's money", "Withdraw", `{"who":{"app":"APP_DOUYIN","user":8},"request":1,"amount_fen":1}`, "unauthorised not_yours"},
		{"a negative limit", "WalletPage", `{"limit":-1}`, "invalid invalid"},
		{"a limit above the maximum", "WalletPage", `{"limit":101}`, "invalid invalid"},
		{"an invalid cursor", "Flow", `{"after":"here"}`, "invalid invalid"},
		{"a cursor with a truncated order", "Flow", `{"after":"5:1_rain"}`, "invalid invalid"},
		{"too many tokens", "WalletPage", `{"tokens":[` + strings.Repeat(`"",`, wallet.MaxClientTokens) + `""]}`, "invalid invalid"},
		{"more than the balance", "Withdraw", `{"request":9,"amount_fen":101}`, "refused insufficient"},
		{"a negative amount", "Withdraw", `{"request":2,"amount_fen":-5}`, "invalid invalid"},
		{"zero", "Withdraw", `{"request":2,"amount_fen":0}`, "invalid invalid"},
		{"no request number", "Withdraw", `{"amount_fen":1}`, "invalid invalid"},
		{"the page of a future stage", "WalletPage", `{"at_us":` + ahead + `}`, "invalid invalid"},
		{"the flow of a future stage", "Flow", `{"at_us":` + ahead + `}`, "invalid invalid"},
		{"a withdrawal from a future stage", "Withdraw", `{"request":2,"amount_fen":1,"at_us":` + ahead + `}`, "invalid invalid"},
		{"a negative instant", "WalletPage", `{"at_us":-1}`, "invalid invalid"},
		{"an unknown nested field", "WalletPage", `{"who":{"app":1,"user":7,"root":true}}`, "invalid malformed"},
	} {
		got := f.callAsUser(7, "WalletService/"+c.method, c.body)
		require.Equal(t, c.want, got.reason(), "%s: %s", c.why, got.body)
	}
	require.Equal(t, "100", f.callAsUser(7, "WalletService/WalletPage", `{"who":{"app":"APP_DOUYIN","user":7}}`).text("balance_fen"), "the user's own name is accepted")
	fast := jsonInt(int(f.clock.Now().Add(auth.Window)))
	require.Equal(t, "100", f.callAsUser(7, "WalletService/WalletPage", `{"at_us":`+fast+`}`).text("balance_fen"), "a clock that is slightly ahead")
	posted := 1 // the withdrawal that was too large posted what was due first (T6)
	require.Equal(t, before+posted, f.records())
}

// TestBadTokens: a page reports each refused client token, and is otherwise complete.
func TestBadTokens(t *testing.T) {
	f := start(t)
	token := f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).text("token")
	foreign := f.callAs("demo", "GrantService/Grant", grantBody(8, 1, 100)).text("token")
	altered := token[:20] + string('A'+(token[20]-'A'+1)%26) + token[21:]
	refused := func(tokens ...string) (reasons []string) {
		page := f.callAsUser(7, "WalletService/WalletPage", `{"tokens":["`+strings.Join(tokens, `","`)+`"]}`)
		require.Equal(t, "ok", page.reason(), page.body)
		require.Equal(t, "100", page.text("balance_fen"))
		for _, r := range page.list("refused") {
			reasons = append(reasons, fmt.Sprint(r.(map[string]any)["index"], " ", r.(map[string]any)["error"].(map[string]any)["reason"]))
		}
		return reasons
	}
	require.Empty(t, refused(token))
	require.Equal(t, []string{"1 token_foreign", "2 token_unreadable", "3 token_unreadable"}, refused(token, foreign, "AAAA", strings.Repeat("A", 100_000)))
	require.Len(t, refused(altered), 1)
	f.clock.Advance(31 * 24 * time.Hour)
	require.Equal(t, []string{"0 token_expired"}, refused(token))
}

// TestMalformedProtobuf: the binary format is decoded as strictly as JSON.
func TestMalformedProtobuf(t *testing.T) {
	f := start(t)
	for _, c := range []struct {
		why  string
		body []byte
	}{
		{"a length beyond the end", []byte{0x1a, 0xff, 0x01, 'x'}},
		{"an unknown field", []byte{0xf8, 0x07, 0x01}},
		{"a group that never ends", []byte{0x0b}},
		{"a number of eleven bytes", bytes.Repeat([]byte{0xff}, 11)},
	} {
		within := append([]byte{0x0a, byte(len(c.body))}, c.body...) // as the only grant of a batch
		for method, body := range map[string][]byte{"GrantService/Grant": c.body, "GrantService/BatchGrant": within} {
			r := f.request(method, string(body), f.signed("demo", method, string(body), f.clock.Now()))
			r.Header.Set("Content-Type", "application/proto")
			require.Equal(t, "invalid malformed", f.do(r).reason(), c.why)
		}
	}
	require.Zero(t, f.records())
	for _, method := range []string{"WalletPage", "Flow", "Withdraw"} {
		body := string([]byte{0x0a, 7, 0x08, 1, 0x10, 7, 0xf8, 0x07, 1}) // an unknown field in "who"
		r := f.request("WalletService/"+method, body, f.session(wallet.Douyin, 7))
		r.Header.Set("Content-Type", "application/proto")
		require.Equal(t, "invalid malformed", f.do(r).reason(), method)
	}
}

// TestMalformedFrames: a truncated gRPC frame is the caller's error.
func TestMalformedFrames(t *testing.T) {
	f := start(t)
	for why, body := range map[string]string{
		"no frame":                   "",
		"half a head":                "\x00\x00",
		"shorter than it says":       "\x00\x00\x00\x00\x02\x08",
		"longer than it says":        "\x00\x00\x00\x00\x00\x08",
		"two messages":               "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"compressed, in no encoding": "\x01\x00\x00\x00\x00",
		"an undefined flag":          "\x02\x00\x00\x00\x00",
	} {
		r := f.request("WalletService/WalletPage", body, f.session(wallet.Douyin, 7))
		r.Header.Set("Content-Type", "application/grpc-web+proto")
		got := f.do(r)
		require.Equal(t, "malformed", got.header.Get(headerReason), "%s: %v", why, got)
	}
}

// TestWrongHTTP: requests that are not calls of the API.
func TestWrongHTTP(t *testing.T) {
	f := start(t)
	good := func() *http.Request {
		return f.request("WalletService/WalletPage", `{}`, f.session(wallet.Douyin, 7))
	}
	for _, c := range []struct {
		why    string
		change func(*http.Request)
		status int
		want   string
	}{
		{"a form", func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "invalid content_type"},
		{"no content type", func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "invalid content_type"},
		{"a stream", func(r *http.Request) { r.Header.Set("Content-Type", "application/connect+json") }, 415, "invalid content_type"},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet; r.Body = nil; r.ContentLength = 0 }, 405, "invalid http_method"},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, 405, "invalid http_method"},
		{"unknown method", func(r *http.Request) { r.URL.Path += "s" }, 404, "not_found unknown_method"},
		{"unknown service", func(r *http.Request) { r.URL.Path = "/hongbao.v2.GrantService/Grant" }, 404, "not_found unknown_method"},
	} {
		r := good()
		c.change(r)
		got := f.do(r)
		require.Equal(t, c.want, got.reason(), "%s: %s", c.why, got.body)
		require.Equal(t, c.status, got.status, c.why)
	}
	// A refusal by Connect itself has a reason too.
	var small bytes.Buffer
	zip := gzip.NewWriter(&small)
	_, err := zip.Write([]byte(`{}`))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	r := f.request("WalletService/WalletPage", small.String(), f.session(wallet.Douyin, 7))
	r.Header.Set("Content-Encoding", "gzip")
	got := f.do(r)
	require.Equal(t, "unsupported", got.header.Get("Hongbao-Reason"), "a small body must not expand into a large one")
	require.NotEqual(t, 200, got.status)
}

// TestWrongCredentials: authentication comes first, and its refusals are precise.
func TestWrongCredentials(t *testing.T) {
	f := start(t)
	now := f.clock.Now()
	body := grantBody(7, 1, 100)
	const grant, page, set = "GrantService/Grant", "WalletService/WalletPage", "OperatorService/SetSwitch"
	replayed := f.signed("demo", grant, body, now)
	other, err := auth.Load(savedKeys(t))
	require.NoError(t, err)
	require.Equal(t, "ok", f.do(f.request(grant, body, replayed)).reason())
	for _, c := range []struct{ why, method, header, want string }{
		{"no credentials", grant, "", "unauthorised no_credentials"},
		{"a user grants", grant, f.session(wallet.Douyin, 7), "unauthorised no_credentials"},
		{"an operator grants", grant, f.signed("operator", grant, body, now), "unauthorised unknown_key"},
		{"an unknown caller", grant, f.signed("nobody", grant, body, now), "unauthorised unknown_key"},
		{"half a header", grant, "Hongbao-HMAC caller=demo", "unauthorised malformed_credentials"},
		{"a header without end", grant, "Hongbao-HMAC caller=demo," + strings.Repeat("x", 5000), "unauthorised malformed_credentials"},
		{"a caller with the query scope only", grant, f.signed("asker", grant, body, now), "unauthorised out_of_scope"},
		{"a caller for another activity", grant, f.signed("narrow", grant, body, now), "unauthorised out_of_scope"},
		{"a replayed request", grant, replayed, "unauthorised replayed_nonce"},
		{"another body", grant, f.signed("demo", grant, body+" ", now), "unauthorised bad_signature"},
		{"another method", grant, f.signed("demo", "GrantService/BatchGrant", body, now), "unauthorised bad_signature"},
		{"signed too long ago", grant, f.signed("demo", grant, body, now.Add(-auth.Window-time.Second)), "unauthorised skewed_time"},
		{"signed in the future", grant, f.signed("demo", grant, body, now.Add(auth.Window+time.Second)), "unauthorised skewed_time"},
		{"a caller reads a page", page, f.signed("demo", page, body, now), "unauthorised no_credentials"},
		{"another key's session", page, auth.SchemeBearer + auth.Session(other.SessionKey, 1, 7, now.Add(time.Hour).Time()), "unauthorised session_forged"},
		{"an old session", page, auth.SchemeBearer + auth.Session(f.keys.SessionKey, 1, 7, now.Time()), "unauthorised session_expired"},
		{"a session of no user", page, auth.SchemeBearer + auth.Session(f.keys.SessionKey, 1, 0, now.Add(time.Hour).Time()), "unauthorised malformed_credentials"},
		{"a session of no app", page, auth.SchemeBearer + auth.Session(f.keys.SessionKey, 9, 7, now.Add(time.Hour).Time()), "unauthorised malformed_credentials"},
		{"half a session", page, "Bearer hbs1.", "unauthorised malformed_credentials"},
		{"an operator's name with another signature", set, f.signed("operator", set, body+" ", now), "unauthorised bad_signature"},
		{"an operator's old request", set, f.signed("operator", set, body, now.Add(-auth.Window-time.Second)), "unauthorised skewed_time"},
		{"a caller sets a switch", set, f.signed("demo", set, body, now), "unauthorised unknown_key"},
	} {
		got := f.do(f.request(c.method, body, c.header))
		require.Equal(t, c.want, got.reason(), "%s: %s", c.why, got.body)
		authenticated := strings.HasSuffix(c.want, "out_of_scope")
		require.Equal(t, map[bool]int{false: 401, true: 403}[authenticated], got.status, c.why)
	}
	require.Equal(t, 1, f.records(), "only the first grant succeeded")
	require.Empty(t, f.audit.actions, "no operator was authenticated")
}

// savedKeys returns the name of a file with new keys.
func savedKeys(t *testing.T) string {
	name := t.TempDir() + "/keys.json"
	require.NoError(t, auth.Save(name, auth.Generate()))
	return name
}
