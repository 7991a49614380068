package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

const bindPhone = "AccountService/BindPhone"

// bindBody binds a phone to a user of an app.
func bindBody(app string, user wallet.UserID, phone wallet.Phone) string {
	return fmt.Sprintf(`{"who":{"app":"APP_%s","user":%d},"phone":"%d"}`, app, user, phone)
}

// TestBind: two accounts with one phone share one wallet, and the reply names the former wallets.
func TestBind(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	first := f.callAs("demo", bindPhone, bindBody("DOUYIN", 7, 13800000000))
	require.Equal(t, "1", first.text("act_id"), first.body)
	require.Empty(t, first.list("former"))

	toutiao := f.session(wallet.Toutiao, 9)
	see := func() string { return f.do(f.request("WalletService/WalletPage", `{}`, toutiao)).text("balance_fen") }
	require.Equal(t, "0", see(), "a separate wallet, the second")
	joined := f.callAs("demo", bindPhone, bindBody("TOUTIAO", 9, 13800000000))
	require.Equal(t, "1", joined.text("act_id"), joined.body)
	require.Equal(t, []any{"2"}, joined.list("former"))
	require.Equal(t, "100", see())
	again := f.callAs("demo", bindPhone, bindBody("TOUTIAO", 9, 13800000000))
	require.Equal(t, joined.fields, again.fields, "a repeat gets the same reply")
}

// TestWhoMayBind: a phone gives access to a wallet, so only the account system may bind one. Every other attempt is
// refused and changes nothing.
func TestWhoMayBind(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	require.Equal(t, "ok", f.callAs("demo", bindPhone, bindBody("DOUYIN", 7, 13800000000)).reason(), "the victim's phone")
	theft := bindBody("DOUYIN", 8, 13800000000)
	for _, c := range []struct{ why, method, header, want string }{
		{"a user, for their own account", bindPhone, f.session(wallet.Douyin, 8), "unauthorised no_credentials"},
		{"a user, under the user service's path", "WalletService/BindPhone", f.session(wallet.Douyin, 8), "not_found unknown_method"},
		{"no credentials", bindPhone, "", "unauthorised no_credentials"},
		{"a caller with the query scope", bindPhone, f.signed("asker", bindPhone, theft, f.clock.Now()), "unauthorised out_of_scope"},
		{"a caller with the grant scope", bindPhone, f.signed("giver", bindPhone, theft, f.clock.Now()), "unauthorised out_of_scope"},
		{"another app's account system", bindPhone, f.signed("binder", bindPhone, theft, f.clock.Now()), "unauthorised out_of_scope"},
		{"an operator", bindPhone, f.signed("operator", bindPhone, theft, f.clock.Now()), "unauthorised unknown_key"},
		{"a signature for another body", bindPhone, f.signed("demo", bindPhone, bindBody("DOUYIN", 8, 5), f.clock.Now()), "unauthorised bad_signature"},
		{"an old signature", bindPhone, f.signed("demo", bindPhone, theft, f.clock.Now().Add(-2*auth.Window)), "unauthorised skewed_time"},
	} {
		require.Equal(t, c.want, f.do(f.request(c.method, theft, c.header)).reason(), c.why)
	}
	require.Equal(t, "unauthorised out_of_scope", f.callAs("binder", "QueryService/Balance", theft).reason(), "the bind scope does not allow queries")
	require.Equal(t, "unauthorised out_of_scope", f.callAs("binder", "GrantService/Grant", grantBody(8, 1, 100)).reason(), "nor grants")
	require.Equal(t, "0", f.callAsUser(8, "WalletService/WalletPage", `{}`).text("balance_fen"), "nothing was joined")
	require.Equal(t, "refused insufficient", f.callAsUser(8, "WalletService/Withdraw", `{"request":1,"amount_fen":1}`).reason())
	require.Equal(t, "ok", f.callAs("binder", bindPhone, bindBody("XIGUA", 8, 6)).reason(), "it may bind users of the app that it serves")
}

// TestBadBinds: each refusal has its code and reason.
func TestBadBinds(t *testing.T) {
	f := start(t)
	for _, c := range []struct{ why, body, want string }{
		{"nobody", `{"phone":5}`, "invalid invalid"},
		{"no app", `{"who":{"user":7},"phone":5}`, "invalid invalid"},
		{"an app that is Douyin modulo 256", `{"who":{"app":257,"user":7},"phone":5}`, "invalid invalid"},
		{"no user", `{"who":{"app":"APP_DOUYIN"},"phone":5}`, "invalid invalid"},
		{"a negative user", `{"who":{"app":"APP_DOUYIN","user":-7},"phone":5}`, "invalid invalid"},
		{"no phone", `{"who":{"app":"APP_DOUYIN","user":7}}`, "invalid invalid"},
		{"a negative phone", bindBody("DOUYIN", 7, -5), "invalid invalid"},
		{"a phone of 16 digits", bindBody("DOUYIN", 7, 1e15), "invalid invalid"},
		{"a phone with + and a space", `{"who":{"app":"APP_DOUYIN","user":7},"phone":"+86 138"}`, "invalid malformed"},
	} {
		require.Equal(t, c.want, f.callAs("demo", bindPhone, c.body).reason(), c.why)
	}
	require.Equal(t, "1", f.callAs("demo", bindPhone, bindBody("DOUYIN", 7, 5)).text("act_id"), "no refused call created a wallet")
}

// TestBindAgainElsewhere: a captured request to bind cannot be replayed at another instance to undo a later one. A
// load-test request goes to the shadow wallet and leaves no record in the live wallet's stores.
func TestBindAgainElsewhere(t *testing.T) {
	shared := &leases{held: map[string]string{}}
	share := func(_ *Config, p *Ports) { p.Leases, p.Shadow = shared, p.Service }
	a := start(t, share)
	b := start(t, share, func(c *Config, _ *Ports) { c.Keys = a.keys })
	body := bindBody("DOUYIN", 7, 5)
	header := a.signed("demo", bindPhone, body, a.clock.Now())
	require.Equal(t, "ok", a.do(a.request(bindPhone, body, header)).reason())
	require.Equal(t, "unauthorised replayed_nonce", b.do(b.request(bindPhone, body, header)).reason())
	require.Equal(t, "ok", a.callAs("demo", bindPhone, body).reason(), "signed again")
	require.Len(t, shared.held, 2)
	require.Equal(t, "unauthorised out_of_scope", a.callAs("asker", bindPhone, body).reason())
	require.Equal(t, "ok", a.do(a.loadTestRequest("demo", bindPhone, body)).reason())
	require.Equal(t, "ok", a.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason(), "a grant may be repeated")
	require.Len(t, shared.held, 2, "only the two binds hold a lease")
	shared.err = wallet.ErrUnavailable
	require.Equal(t, "unavailable unavailable", a.callAs("demo", bindPhone, body).reason(), "a replay cannot be ruled out")
}
