package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestJourney makes the five calls that the README shows.
func TestJourney(t *testing.T) {
	f := start(t)
	granted := f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100))
	require.Equal(t, "ok", granted.reason(), granted.body)
	require.Equal(t, "1_rain_1_1_3", granted.text("order"))
	require.Equal(t, "100", granted.text("amount_fen"), "64-bit numbers are strings in JSON")
	require.Equal(t, "GRANT_STATE_ACCEPTED", granted.text("state"))
	require.NotEmpty(t, granted.text("token"))

	page := f.callAsUser(7, "WalletService/WalletPage", `{"limit":10}`)
	require.Equal(t, "100", page.text("balance_fen"), page.body)
	require.Equal(t, "100", page.text("income_fen"))
	require.Equal(t, "STAGE_OFFICIAL", page.text("stage"))
	require.Len(t, page.list("lines"), 1)
	require.Empty(t, page.list("missing"))
	require.Equal(t, "0", f.callAsUser(8, "WalletService/WalletPage", `{}`).text("balance_fen"), "another user has no money")

	paid := f.callAsUser(7, "WalletService/Withdraw", `{"request":1,"amount_fen":60}`)
	require.Equal(t, "WITHDRAWAL_STATE_PAID", paid.text("state"), paid.body)
	require.Equal(t, "w_1_7_1", paid.text("number"))

	page = f.callAsUser(7, "WalletService/WalletPage", `{"limit":10}`)
	require.Equal(t, "40", page.text("balance_fen"))
	require.Equal(t, "100", page.text("income_fen"))
	withdrawal := page.list("withdrawals")[0].(map[string]any)
	require.Equal(t, map[string]any{"number": "w_1_7_1", "amount_fen": "60", "created_us": jsonInt(int(f.clock.Now())), "state": "WITHDRAWAL_STATE_PAID", "request": "1"}, withdrawal)

	flow := f.callAsUser(7, "WalletService/Flow", `{}`)
	line := flow.list("lines")[0].(map[string]any)
	require.Equal(t, "1_rain_1_1_3", line["order"], flow.body)
	require.Equal(t, "TOKEN_STATUS_SUCCESS", line["status"], "the withdrawal posted it")
	require.Equal(t, "rain", line["text"])
	require.Equal(t, jsonInt(int(f.clock.Now())), line["opened_us"])
	require.Len(t, flow.list("withdrawals"), 1)
}

// TestRepeat: calls over the wire are idempotent.
func TestRepeat(t *testing.T) {
	f := start(t)
	first := f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100))
	again := f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100))
	require.Equal(t, first.text("order"), again.text("order"))
	require.Equal(t, "conflict conflict", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 101)).reason())
	require.Equal(t, "100", f.callAsUser(7, "WalletService/WalletPage", `{}`).text("balance_fen"))
}

// TestBodiesAreForgotten: the memory of request bodies is returned.
func TestBodiesAreForgotten(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.callAsUser(7, "WalletService/WalletPage", `{}`).reason())
	require.Eventually(t, func() bool { return f.server.bodies.memory.In() == 0 }, 5*time.Second, time.Millisecond)
}

func TestPaging(t *testing.T) {
	f := start(t)
	for rain := range 5 {
		require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, rain+1, 10)).reason())
	}
	var seen []string
	for after, pages := "", 0; ; pages++ {
		require.Less(t, pages, 4, "the paging ends")
		flow := f.callAsUser(7, "WalletService/Flow", `{"limit":2,"after":"`+after+`"}`)
		for _, l := range flow.list("lines") {
			seen = append(seen, l.(map[string]any)["order"].(string))
		}
		if after = flow.text("next"); after == "" {
			break
		}
	}
	require.Equal(t, []string{"1_rain_1_1_3", "1_rain_2_1_3", "1_rain_3_1_3", "1_rain_4_1_3", "1_rain_5_1_3"}, seen)
}

// TestBatch: each grant of a batch has its own result, in the order of the request.
func TestBatch(t *testing.T) {
	f := start(t)
	var grants []string
	for i := range maxBatch {
		grants = append(grants, grantBody(wallet.UserID(i+1), 1, int64(i+1)))
	}
	grants[3] = grantBody(4, 1, 0)
	grants[5] = strings.Replace(grantBody(6, 1, 6), `"rain"`, `"snow"`, 1)
	answer := f.callAs("demo", "GrantService/BatchGrant", `{"grants":[`+strings.Join(grants, ",")+`]}`)
	results := answer.list("results")
	require.Len(t, results, maxBatch, answer.body)
	for i, r := range results {
		result := r.(map[string]any)
		refused, _ := result["error"].(map[string]any)
		switch i {
		case 3:
			require.Equal(t, "invalid", refused["reason"])
		case 5:
			require.Equal(t, "unknown_scene", refused["reason"])
		default:
			require.Nil(t, refused, i)
			require.Equal(t, jsonInt(i+1), result["grant"].(map[string]any)["amount_fen"])
		}
	}
	require.Equal(t, maxBatch-2, f.records())
}

func TestQueries(t *testing.T) {
	f := start(t)
	who := `{"who":{"app":"APP_DOUYIN","user":7}}`
	require.Equal(t, "false", f.callAs("asker", "QueryService/HasWon", who).text("won"))
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	require.Equal(t, "true", f.callAs("asker", "QueryService/HasWon", who).text("won"))
	require.Equal(t, "100", f.callAs("asker", "QueryService/Balance", who).text("balance_fen"))
	require.Equal(t, "100", f.callAs("asker", "QueryService/Income", who).text("income_fen"))
	require.Equal(t, 1, f.records(), "an order, no posting")
	require.Equal(t, "ok", f.callAs("asker", "QueryService/ForcePost", who).reason())
	require.Equal(t, 2, f.records(), "posted")
	require.Equal(t, "4242", f.callAs("asker", "QueryService/RunningTotal", `{"stage":"STAGE_OFFICIAL"}`).text("total_fen"))
	require.Equal(t, "unavailable unavailable", f.callAs("asker", "QueryService/RunningTotal", `{"stage":"STAGE_INTERNAL_TEST"}`).reason(), "not read yet")
	for _, body := range []string{`{}`, `{"who":{"app":"APP_DOUYIN"}}`, `{"who":{"app":300,"user":7}}`, `{"who":{"user":7}}`} {
		require.Equal(t, "invalid invalid", f.callAs("asker", "QueryService/Balance", body).reason(), body)
	}
	require.Equal(t, "unauthorised out_of_scope", f.callAs("narrow", "QueryService/Balance", who).reason(), "its key is for another app")
	require.Equal(t, "invalid invalid", f.callAs("asker", "QueryService/RunningTotal", `{"stage":259}`).reason(), "the official stage modulo 256")
}

// TestForcedPage: the withdraw page first posts what is due.
func TestForcedPage(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	require.Equal(t, "100", f.callAsUser(7, "WalletService/WalletPage", `{}`).text("balance_fen"))
	require.Equal(t, 1, f.records(), "an order, no posting")
	require.Equal(t, "100", f.callAsUser(7, "WalletService/WalletPage", `{"withdraw":true}`).text("balance_fen"))
	require.Equal(t, 2, f.records(), "the order and its entry")
}

// TestNotServed: a method without its port is refused as not served by this instance.
func TestNotServed(t *testing.T) {
	f := start(t, func(_ *Config, p *Ports) { p.Query, p.Audit = nil, nil })
	require.Equal(t, "unavailable not_served", f.callAs("asker", "QueryService/Balance", `{}`).reason())
	require.Equal(t, "unavailable not_served", f.callAs("operator", "OperatorService/SetSwitch", `{}`).reason(), "without an audit log operators' calls are not served")
	require.Equal(t, "unavailable not_served", f.callAs("auditor", "OperatorService/AuditLog", `{}`).reason())
	require.Equal(t, "ok", f.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
}

// TestLoadTestMark: load-test requests reach only the shadow wallet, and are refused without one (K2).
func TestLoadTestMark(t *testing.T) {
	shadow := start(t)
	f := start(t, func(_ *Config, p *Ports) { p.Shadow = shadow.node })
	bind := bindBody("DOUYIN", 7, 5)
	require.Equal(t, "refused no_shadow", shadow.do(shadow.loadTestRequest("demo", bindPhone, bind)).reason())
	r := f.loadTestRequest("demo", bindPhone, bind)
	r.Header.Set("Hongbao-Load-Test", "true")
	require.Equal(t, "invalid load_test_mark", f.do(r).reason(), "an ambiguous mark is refused")
	shadow.callAs("demo", bindPhone, bindBody("DOUYIN", 1, 4)) // takes wallet 1 in the shadow only
	require.Equal(t, "2", f.do(f.loadTestRequest("demo", bindPhone, bind)).text("act_id"), "bound in the shadow wallet")
	require.Equal(t, "1", f.callAs("demo", bindPhone, bind).text("act_id"), "the live wallet has no binding yet")
	require.Equal(t, "ok", shadow.callAs("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	r = f.request("WalletService/WalletPage", `{}`, f.session(wallet.Douyin, 7))
	require.Equal(t, "0", f.do(r).text("balance_fen"))
	r.Header.Set("Hongbao-Load-Test", "1")
	r.Body = newBody([]byte(`{}`))
	require.Equal(t, "100", f.do(r).text("balance_fen"), "users' calls go to the shadow wallet too")
	r = f.request("QueryService/Balance", `{}`, "")
	r.Header.Set("Hongbao-Load-Test", "1")
	require.Equal(t, "refused no_shadow", f.do(r).reason(), "queries have no shadow service")

	body := grantBody(9, 1, 10)
	r = f.request("GrantService/Grant", body, f.signed("demo", "GrantService/Grant", body, f.clock.Now()))
	r.Header.Set("Hongbao-Load-Test", "1")
	require.Equal(t, "unauthorised bad_signature", f.do(r).reason(), "the signature covers the mark")
	require.Zero(t, f.records())
}

func TestPages(t *testing.T) {
	f := start(t)
	get := func(path string) answer {
		r, err := http.NewRequest(http.MethodGet, f.url+path, nil)
		require.NoError(t, err)
		return f.do(r)
	}
	require.Equal(t, "ok\n", get("/healthz").body)
	require.Equal(t, "ok\n", get("/readyz").body)
	f.server.SetReady(false, "redis", "the running total")
	require.Equal(t, http.StatusServiceUnavailable, get("/readyz").status)
	require.Equal(t, "not ready: redis, the running total\n", get("/readyz").body)
	require.Equal(t, "ok\n", get("/healthz").body, "the process is healthy nevertheless")
	index := get("/").body
	for path := range f.server.endpoints {
		require.Contains(t, index, path)
	}
	require.Equal(t, "3.1.0", get("/openapi.json").text("openapi"))
	require.Equal(t, "not_found unknown_method", get("/nothing").reason())
	require.Equal(t, http.StatusNotFound, get("/nothing").status)
	require.Equal(t, http.StatusNotFound, get("/debug/pprof/").status, "not on the API's port")
	require.Equal(t, http.StatusNotFound, get("/metrics").status, "metrics neither")
}
