package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/operator"
	"hongbao/reference/wallet"
)

// auditLines returns the audit log as text, oldest first.
func (f *fixture) auditLines() (out []string) {
	f.audit.mu.Lock()
	defer f.audit.mu.Unlock()
	for _, a := range f.audit.actions {
		out = append(out, a.Operator+" "+a.Role+" "+strings.TrimPrefix(a.Method, "/hongbao.v1.OperatorService/")+" "+a.Detail+" "+a.Outcome)
	}
	return out
}

// TestRoles checks every method against every role. Every call is in the audit log, refused or not.
func TestRoles(t *testing.T) {
	f := start(t)
	now := f.clock.Now()
	bodies := map[string]string{"SetSwitch": `{"name":"distrust-tokens","on":true}`, "AuditBudget": `{"stage":"STAGE_OFFICIAL"}`,
		"ChangeSettings": `{"settings":{"release_den":1,"short_page":5}}`, "WithdrawAnnouncement": `{"id":1}`,
		"Announce":          fmt.Sprintf(`{"announcement":{"text":"x","from_us":%d,"to_us":%d}}`, now, now+1),
		"PublishPageConfig": `{"body":"{}"}`, "RollBackPageConfig": `{"to":1,"was":1}`,
		"CheckBulk": csvBody("x"), "CreateBulk": csvBody(operator.Header + "\ndouyin,7,rain,cash,5,\n"), "StartBulk": `{"id":1}`, "StopBulk": `{"id":1}`, "BulkRows": `{"id":1}`,
		"RefundReward": `{"order":"1_movie_2_10_3"}`}
	anybody, either := []string{"viewer", "operator", "auditor"}, []string{"operator", "auditor"}
	may := []struct {
		name    string
		allowed []string
	}{{"ListSwitches", anybody}, {"SetSwitch", []string{"operator"}}, {"Status", anybody}, {"AuditBudget", []string{"auditor"}}, {"Reconcile", []string{"auditor"}},
		{"AuditLog", []string{"auditor"}}, {"CleanUpLoadTest", []string{"operator"}}, {"GetSettings", anybody}, {"ChangeSettings", []string{"operator"}},
		{"Announcements", anybody}, {"Announce", []string{"operator"}}, {"WithdrawAnnouncement", []string{"operator"}}, {"PublishPageConfig", []string{"operator"}},
		{"RollBackPageConfig", []string{"operator"}}, {"PageConfigs", anybody}, {"GetPageConfig", anybody}, {"CheckBulk", either}, {"CreateBulk", []string{"operator"}},
		{"StartBulk", []string{"operator"}}, {"StopBulk", []string{"operator"}}, {"BulkJobs", anybody}, {"BulkRows", either}, {"RefundReward", []string{"operator"}}}
	calls := 0
	for _, m := range may {
		name, allowed := m.name, m.allowed
		for _, who := range []string{"viewer", "operator", "auditor"} {
			body := bodies[name]
			if body == "" {
				body = `{}`
			}
			want := "unauthorised wrong_role"
			for _, a := range allowed {
				if a == who {
					want = "ok"
				}
				if a == who && name == "CleanUpLoadTest" {
					want = "refused marked_only"
					calls++ // the record of the failure
				}
			}
			got := f.callAs(who, "OperatorService/"+name, body)
			require.Equal(t, want, got.reason(), "%s by %s: %s", name, who, got.body)
			calls++
			require.Len(t, f.auditLines(), calls)
		}
	}
	there := 0
	for _, m := range methods() {
		if m.audience == operators {
			there++
		}
	}
	require.Len(t, may, there, "a new method needs a row here")
	require.True(t, f.inspector.on[wallet.SwitchDistrustTokens])
}

func TestOperatorAnswers(t *testing.T) {
	f := start(t)
	list := f.callAs("viewer", "OperatorService/ListSwitches", `{}`).list("switches")
	require.Equal(t, []any{map[string]any{"name": "distrust-tokens", "on": false, "passive": false, "dependency": "client tokens", "does": "distrusts", "does_zh": "不信", "notice": "nothing",
		"notice_zh": "无", "tripped": []any{}, "since_us": "0"}, map[string]any{"name": "break-bank", "on": false, "passive": true, "dependency": "bank", "does": "", "does_zh": "", "notice": "",
		"notice_zh": "", "tripped": []any{"bank: 5 of 5 failed"}, "since_us": "77"}}, list, "switches that were never set are listed")
	require.Equal(t, "ok", f.callAs("operator", "OperatorService/SetSwitch", `{"name":"distrust-tokens","on":true}`).reason())
	list = f.callAs("viewer", "OperatorService/ListSwitches", `{}`).list("switches")
	require.Equal(t, true, list[0].(map[string]any)["on"])
	require.Equal(t, false, list[1].(map[string]any)["on"])
	f.inspector.on["unheard-of"] = true
	list = f.callAs("viewer", "OperatorService/ListSwitches", `{}`).list("switches")
	require.Equal(t, "unheard-of", list[2].(map[string]any)["name"], "a switch that is on is listed even if it is unknown")

	status := f.callAs("viewer", "OperatorService/Status", `{}`)
	require.Equal(t, []any{"a", "b"}, status.list("instances"))
	require.Equal(t, "3", status.text("backlog_depth"))
	require.Equal(t, "1000000", status.text("backlog_age_us"))
	require.Equal(t, "4", status.text("open_orders"))
	require.Equal(t, "token", status.text("strategy"))
	require.Equal(t, "spring", status.text("activity"))
	require.Equal(t, fmt.Sprint(int64(f.clock.Now())), status.text("now_us"))
	require.Equal(t, map[string]any{"stage": "STAGE_OFFICIAL", "budget_fen": "1000", "reserved_fen": "100", "leased_fen": "300", "stranded_fen": "50"}, status.list("budgets")[0])

	require.Equal(t, "21", f.callAs("auditor", "OperatorService/AuditBudget", `{"stage":"STAGE_OFFICIAL"}`).text("returned_fen"))
	reconciled := f.callAs("auditor", "OperatorService/Reconcile", `{}`)
	for _, body := range []string{`{}`, `{"stage":4}`, `{"stage":259}`} {
		require.Equal(t, "invalid invalid", f.callAs("auditor", "OperatorService/AuditBudget", body).reason(), body)
	}
	require.Equal(t, "9", reconciled.text("orders"))
	require.Equal(t, "8", reconciled.text("entries"))
	require.Equal(t, "-3", reconciled.text("ledger_sum_fen"))
	require.Equal(t, "150", reconciled.text("differences"))
	require.Len(t, reconciled.list("lines"), maxDifferences, "only the first differences")
	require.Equal(t, "orders/ledger missing: want 5 fen, got 0 fen", reconciled.list("lines")[0])

	page := f.callAs("auditor", "OperatorService/AuditLog", `{"limit":2}`).list("actions")
	require.Len(t, page, 2)
	newest := page[0].(map[string]any)
	require.Equal(t, "14", newest["id"], "this call itself")
	require.Equal(t, "/hongbao.v1.OperatorService/AuditLog", newest["method"])
	older := f.callAs("auditor", "OperatorService/AuditLog", `{"before":3,"limit":1}`).list("actions")
	require.Len(t, older, 1)
	first := older[0].(map[string]any)
	require.Equal(t, "operator", first["operator"])
	require.JSONEq(t, `{"name":"distrust-tokens","on":true}`, first["detail"].(string))
	require.Equal(t, "ok", first["outcome"])
}

// TestAudited: the log is written first. If the write fails nothing is done; a call that fails later has a second
// record.
func TestAudited(t *testing.T) {
	f := start(t)
	const set, on = "OperatorService/SetSwitch", `{"name":"distrust-tokens","on":true}`
	f.audit.broken = errors.New("disk full")
	got := f.callAs("operator", set, on)
	require.Equal(t, "unavailable unavailable", got.reason(), got.body)
	require.NotContains(t, got.body, "disk", "internal causes are not shown")
	require.Empty(t, f.inspector.on, "not done")
	f.audit.broken = nil

	header := f.signed("operator", set, on, f.clock.Now())
	require.Equal(t, "ok", f.do(f.request(set, on, header)).reason())
	require.Equal(t, "unauthorised replayed_nonce", f.do(f.request(set, on, header)).reason())
	require.Equal(t, "not_found not_found", f.callAs("operator", set, `{"name":"off-with-it"}`).reason())
	require.Equal(t, "invalid malformed", f.callAs("operator", set, `{"name":5}`).reason())
	f.inspector.err = wallet.ErrUnknown
	require.Equal(t, "unknown unknown_outcome", f.callAs("operator", set, on).reason())
	f.inspector.err = errors.New("bug")
	require.Equal(t, "internal internal", f.callAs("operator", set, on).reason())

	f.inspector.err, f.inspector.defect = nil, true
	require.Equal(t, "internal internal", f.callAs("auditor", "OperatorService/AuditBudget", `{"stage":"STAGE_INTERNAL_TEST"}`).reason(), "a panic")

	var outcomes []string
	for _, a := range f.audit.actions {
		outcomes = append(outcomes, a.Outcome)
	}
	require.Equal(t, []string{"ok", "replayed_nonce", "ok", "not_found", "malformed", "ok", "unknown_outcome", "ok", "internal", "ok", "internal"}, outcomes)
}

// leases is the part of wallet.Leases that two instances share.
type leases struct {
	wallet.Leases
	mu   sync.Mutex
	held map[string]string
	err  error
}

func (l *leases) Hold(_ context.Context, name, holder string, _ time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[name] == "" {
		l.held[name] = holder
	}
	return l.held[name] == holder, l.err
}

// TestReplayAtAnotherInstance: an operator's captured request is refused at other instances too.
func TestReplayAtAnotherInstance(t *testing.T) {
	shared := &leases{held: map[string]string{}}
	share := func(_ *Config, p *Ports) { p.Leases = shared }
	a := start(t, share)
	b := start(t, share, func(c *Config, _ *Ports) { c.Keys = a.keys })
	const set, on = "OperatorService/SetSwitch", `{"name":"distrust-tokens","on":true}`
	header := a.signed("operator", set, on, a.clock.Now())
	require.Equal(t, "ok", a.do(a.request(set, on, header)).reason())
	require.Equal(t, "unauthorised replayed_nonce", b.do(b.request(set, on, header)).reason())
	require.Empty(t, b.inspector.on)
	shared.err = wallet.ErrUnavailable
	require.Equal(t, "unavailable unavailable", a.callAs("operator", set, on).reason(), "a replay cannot be ruled out")
}

// fakeShadowAdmin is a ShadowAdmin.
type fakeShadowAdmin struct {
	fakeInspector
	forced []bool
}

func (s *fakeShadowAdmin) CleanUp(_ context.Context, force bool) (int64, error) {
	s.forced = append(s.forced, force)
	return 12, s.err
}

// TestMarkedOperators: with the load-test mark operators see the shadow wallet. Methods that have no meaning there are
// refused, and the audit log distinguishes the two wallets.
func TestMarkedOperators(t *testing.T) {
	shadow := &fakeShadowAdmin{}
	f := start(t, func(_ *Config, p *Ports) { p.Shadow, p.ShadowAdmin = p.Service, shadow })
	ask := func(id, method, body string) answer {
		return f.do(f.loadTestRequest(id, "OperatorService/"+method, body))
	}

	f.inspector.err = wallet.ErrUnavailable // the live inspector is not called
	for method, who := range map[string]string{"Status": "viewer", "Reconcile": "auditor"} {
		require.Equal(t, "ok", ask(who, method, "{}").reason(), method)
	}
	require.Equal(t, "14", ask("auditor", "AuditBudget", `{"stage":"STAGE_EXTERNAL_DRILL"}`).text("returned_fen"))
	f.audit.actions = nil
	for method, who := range map[string]string{"ListSwitches": "viewer", "SetSwitch": "operator", "AuditLog": "auditor"} {
		require.Equal(t, "refused live_only", ask(who, method, "{}").reason(), method)
	}
	require.Empty(t, f.inspector.on)
	require.Len(t, f.audit.actions, 6, "each attempt and its failure")
	require.Equal(t, "load test: {}", f.audit.actions[0].Detail)

	f.audit.actions = nil
	require.Equal(t, "refused marked_only", f.callAs("operator", "OperatorService/CleanUpLoadTest", `{"force":true}`).reason())
	require.Empty(t, shadow.forced, "a live call does not reach the shadow wallet")
	require.Equal(t, "unauthorised wrong_role", ask("auditor", "CleanUpLoadTest", "{}").reason())
	require.Equal(t, "12", ask("operator", "CleanUpLoadTest", "{}").text("keys"))
	require.Equal(t, "ok", ask("operator", "CleanUpLoadTest", `{"force":true}`).reason())
	require.Equal(t, []bool{false, true}, shadow.forced)
	for _, c := range []struct {
		err  error
		want string
	}{{ErrShadowBusy, "overloaded load_test_busy"}, {ErrShadowHeld, "overloaded load_test_backlog"},
		{ErrShadowShared, "refused load_test_shared"}, {ErrShadowCleaning, "unavailable load_test_clean_up"}} {
		shadow.err = c.err
		require.Equal(t, c.want, ask("operator", "CleanUpLoadTest", "{}").reason())
	}

	unmarked := start(t)
	require.Equal(t, "refused no_shadow", unmarked.do(unmarked.loadTestRequest("viewer", "OperatorService/Status", "{}")).reason())
}
