package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestJourney is the five calls that the README shows.
func TestJourney(t *testing.T) {
	f := start(t)
	granted := f.as("demo", "GrantService/Grant", grantBody(7, 1, 100))
	require.Equal(t, "ok", granted.reason(), granted.body)
	require.Equal(t, "1_rain_1_1_3", granted.text("order"))
	require.Equal(t, "100", granted.text("amount_fen"), "64-bit numbers are strings in JSON")
	require.Equal(t, "GRANT_STATE_ACCEPTED", granted.text("state"))
	require.NotEmpty(t, granted.text("token"))

	page := f.by(7, "WalletService/WalletPage", `{"limit":10}`)
	require.Equal(t, "100", page.text("balance_fen"), page.body)
	require.Equal(t, "100", page.text("income_fen"))
	require.Equal(t, "STAGE_OFFICIAL", page.text("stage"))
	require.Len(t, page.list("lines"), 1)
	require.Empty(t, page.list("missing"))
	require.Equal(t, "0", f.by(8, "WalletService/WalletPage", `{}`).text("balance_fen"), "somebody else has won nothing")

	paid := f.by(7, "WalletService/Withdraw", `{"request":1,"amount_fen":60}`)
	require.Equal(t, "WITHDRAWAL_STATE_PAID", paid.text("state"), paid.body)
	require.Equal(t, "w_1_7_1", paid.text("number"))

	page = f.by(7, "WalletService/WalletPage", `{"limit":10}`)
	require.Equal(t, "40", page.text("balance_fen"))
	require.Equal(t, "100", page.text("income_fen"))
	withdrawal := page.list("withdrawals")[0].(map[string]any)
	require.Equal(t, map[string]any{"number": "w_1_7_1", "amount_fen": "60", "created_us": jsonInt(int(f.clock.Now())), "state": "WITHDRAWAL_STATE_PAID", "request": "1"}, withdrawal)

	flow := f.by(7, "WalletService/Flow", `{}`)
	line := flow.list("lines")[0].(map[string]any)
	require.Equal(t, "1_rain_1_1_3", line["order"], flow.body)
	require.Equal(t, "TOKEN_STATUS_SUCCESS", line["status"], "withdrawing posted it")
	require.Equal(t, "rain", line["text"])
	require.Equal(t, jsonInt(int(f.clock.Now())), line["opened_us"])
	require.Len(t, flow.list("withdrawals"), 1)
}

// TestRepeat: the wire does not stand in the way of idempotency.
func TestRepeat(t *testing.T) {
	f := start(t)
	first := f.as("demo", "GrantService/Grant", grantBody(7, 1, 100))
	again := f.as("demo", "GrantService/Grant", grantBody(7, 1, 100))
	require.Equal(t, first.text("order"), again.text("order"))
	require.Equal(t, "conflict conflict", f.as("demo", "GrantService/Grant", grantBody(7, 1, 101)).reason())
	require.Equal(t, "100", f.by(7, "WalletService/WalletPage", `{}`).text("balance_fen"))
}

// TestBodiesAreForgotten: the memory that requests took is free again.
func TestBodiesAreForgotten(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.by(7, "WalletService/WalletPage", `{}`).reason())
	require.Eventually(t, func() bool { return f.server.bodies.memory.In() == 0 }, 5*time.Second, time.Millisecond)
}

func TestPaging(t *testing.T) {
	f := start(t)
	for rain := range 5 {
		require.Equal(t, "ok", f.as("demo", "GrantService/Grant", grantBody(7, rain+1, 10)).reason())
	}
	var seen []string
	for after, pages := "", 0; ; pages++ {
		require.Less(t, pages, 4, "the pages end")
		flow := f.by(7, "WalletService/Flow", `{"limit":2,"after":"`+after+`"}`)
		for _, l := range flow.list("lines") {
			seen = append(seen, l.(map[string]any)["order"].(string))
		}
		if after = flow.text("next"); after == "" {
			break
		}
	}
	require.Equal(t, []string{"1_rain_1_1_3", "1_rain_2_1_3", "1_rain_3_1_3", "1_rain_4_1_3", "1_rain_5_1_3"}, seen)
}

// TestBatch: each grant of a batch has its own result, in the requests' order.
func TestBatch(t *testing.T) {
	f := start(t)
	var grants []string
	for i := range MaxBatch {
		grants = append(grants, grantBody(wallet.UserID(i+1), 1, int64(i+1)))
	}
	grants[3] = grantBody(4, 1, 0)
	grants[5] = strings.Replace(grantBody(6, 1, 6), `"rain"`, `"snow"`, 1)
	answer := f.as("demo", "GrantService/BatchGrant", `{"grants":[`+strings.Join(grants, ",")+`]}`)
	results := answer.list("results")
	require.Len(t, results, MaxBatch, answer.body)
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
	require.Equal(t, MaxBatch-2, f.books())
}

func TestQueries(t *testing.T) {
	f := start(t)
	who := `{"who":{"app":"APP_DOUYIN","user":7}}`
	require.Equal(t, "false", f.as("asker", "QueryService/HasWon", who).text("won"))
	require.Equal(t, "ok", f.as("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	require.Equal(t, "true", f.as("asker", "QueryService/HasWon", who).text("won"))
	require.Equal(t, "100", f.as("asker", "QueryService/Balance", who).text("balance_fen"))
	require.Equal(t, "100", f.as("asker", "QueryService/Income", who).text("income_fen"))
	require.Equal(t, 1, f.books(), "an order, nothing posted")
	require.Equal(t, "ok", f.as("asker", "QueryService/ForcePost", who).reason())
	require.Equal(t, 2, f.books(), "posted")
	require.Equal(t, "4242", f.as("asker", "QueryService/RunningTotal", `{"stage":"STAGE_OFFICIAL"}`).text("total_fen"))
	require.Equal(t, "unavailable unavailable", f.as("asker", "QueryService/RunningTotal", `{"stage":"STAGE_INTERNAL_TEST"}`).reason(), "not heard of yet")
	for _, body := range []string{`{}`, `{"who":{"app":"APP_DOUYIN"}}`, `{"who":{"app":300,"user":7}}`, `{"who":{"user":7}}`} {
		require.Equal(t, "invalid invalid", f.as("asker", "QueryService/Balance", body).reason(), body)
	}
	require.Equal(t, "unauthorised out_of_scope", f.as("narrow", "QueryService/Balance", who).reason(), "its key names another app")
	require.Equal(t, "invalid invalid", f.as("asker", "QueryService/RunningTotal", `{"stage":259}`).reason(), "the official stage modulo 256")
}

// TestForcedPage: the withdraw page posts what is due first.
func TestForcedPage(t *testing.T) {
	f := start(t)
	require.Equal(t, "ok", f.as("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	require.Equal(t, "100", f.by(7, "WalletService/WalletPage", `{}`).text("balance_fen"))
	require.Equal(t, 1, f.books(), "an order")
	require.Equal(t, "100", f.by(7, "WalletService/WalletPage", `{"withdraw":true}`).text("balance_fen"))
	require.Equal(t, 2, f.books(), "and its entry")
}

// TestNotServed: what an instance has no port for is said to be elsewhere.
func TestNotServed(t *testing.T) {
	f := start(t, func(_ *Config, p *Ports) { p.Query, p.Audit = nil, nil })
	require.Equal(t, "unavailable not_served", f.as("asker", "QueryService/Balance", `{}`).reason())
	require.Equal(t, "unavailable not_served", f.as("operator", "OperatorService/SetSwitch", `{}`).reason(), "no audit log, no operators")
	require.Equal(t, "unavailable not_served", f.as("auditor", "OperatorService/AuditLog", `{}`).reason())
	require.Equal(t, "ok", f.as("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
}

// TestLoadTestMark: marked requests reach the shadow and nothing else, and are refused where there is none (K2).
func TestLoadTestMark(t *testing.T) {
	shadow := start(t)
	f := start(t, func(_ *Config, p *Ports) { p.Shadow = shadow.node })
	bind := bindBody("DOUYIN", 7, 5)
	require.Equal(t, "refused no_shadow", shadow.do(shadow.marked("demo", bindPhone, bind)).reason())
	r := f.marked("demo", bindPhone, bind)
	r.Header.Set("Hongbao-Load-Test", "true")
	require.Equal(t, "invalid load_test_mark", f.do(r).reason(), "a mark that could be read either way is not guessed at")
	shadow.as("demo", bindPhone, bindBody("DOUYIN", 1, 4)) // takes wallet 1 of the shadow alone
	require.Equal(t, "2", f.do(f.marked("demo", bindPhone, bind)).text("act_id"), "bound in the shadow")
	require.Equal(t, "1", f.as("demo", bindPhone, bind).text("act_id"), "not marked: nobody was bound here yet")
	require.Equal(t, "ok", shadow.as("demo", "GrantService/Grant", grantBody(7, 1, 100)).reason())
	r = f.request("WalletService/WalletPage", `{}`, f.session(wallet.Douyin, 7))
	require.Equal(t, "0", f.do(r).text("balance_fen"))
	r.Header.Set("Hongbao-Load-Test", "1")
	r.Body = again([]byte(`{}`))
	require.Equal(t, "100", f.do(r).text("balance_fen"), "users' calls go there too")
	r = f.request("QueryService/Balance", `{}`, "")
	r.Header.Set("Hongbao-Load-Test", "1")
	require.Equal(t, "refused no_shadow", f.do(r).reason(), "queries have no shadow")

	body := grantBody(9, 1, 10)
	r = f.request("GrantService/Grant", body, f.signed("demo", "GrantService/Grant", body, f.clock.Now()))
	r.Header.Set("Hongbao-Load-Test", "1")
	require.Equal(t, "unauthorised bad_signature", f.do(r).reason(), "the signature covers the mark")
	require.Zero(t, f.books())
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
	require.Equal(t, "ok\n", get("/healthz").body, "it lives all the same")
	index := get("/").body
	for path := range f.server.endpoints {
		require.Contains(t, index, path)
	}
	require.Equal(t, "3.1.0", get("/openapi.json").text("openapi"))
	require.Equal(t, "not_found unknown_method", get("/nothing").reason())
	require.Equal(t, http.StatusNotFound, get("/nothing").status)
	require.Equal(t, http.StatusNotFound, get("/debug/pprof/").status, "never on the API's port")
	require.Equal(t, http.StatusNotFound, get("/metrics").status, "nor these")
}
