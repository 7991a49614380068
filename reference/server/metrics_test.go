package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// withRecordedMetrics returns a fixture whose metrics recorded each kind of event once.
func withRecordedMetrics(t *testing.T) *fixture {
	f := start(t)
	m := f.server.metrics
	m.Batch(0)
	m.Batch(500)
	m.Alarm(wallet.AlarmForgedTokens)
	m.Switch(wallet.SwitchStopCash, true)
	m.Switch(wallet.SwitchStopUse, true)
	m.Switch(wallet.SwitchStopUse, false)
	m.Breaker("bank", true)
	m.tokenRefused(fmt.Errorf("%w: 1", wallet.ErrTokenForged))
	m.Status(Status{Backlog: 3, BacklogAge: 1500 * time.Millisecond, OpenOrders: 4,
		Budgets: []BudgetStatus{{wallet.Official, 1000, wallet.Quota{Leased: 300, Orphaned: 50}}}})
	m.Status(Status{Backlog: 5, BacklogAge: -1, OpenOrders: 4})
	return f
}

// TestMetrics: recorded events appear in the exposition.
func TestMetrics(t *testing.T) {
	f := withRecordedMetrics(t)
	require.Equal(t, "ok", f.callAsUser(7, "WalletService/WalletPage", `{}`).reason())
	require.Equal(t, "ok", f.callAsUser(7, "WalletService/WalletPage", `{"tokens":["AAAA"]}`).reason())
	require.Equal(t, "invalid malformed", f.callAsUser(7, "WalletService/WalletPage", `{`).reason())
	require.Equal(t, "unauthorised no_credentials", f.do(f.request("WalletService/WalletPage", `{}`, "")).reason())
	text := scrape(t, f)
	for _, line := range []string{
		`hongbao_requests_total{method="hongbao.v1.WalletService/WalletPage",reason="ok"} 2`,
		`hongbao_requests_total{method="hongbao.v1.WalletService/WalletPage",reason="malformed"} 1`,
		`hongbao_requests_total{method="hongbao.v1.WalletService/WalletPage",reason="no_credentials"} 1`,
		`hongbao_requests_total{method="hongbao.v1.GrantService/Grant",reason="ok"} 0`,
		`hongbao_request_seconds_count{method="hongbao.v1.WalletService/WalletPage"} 4`,
		`hongbao_in_flight{audience="users"} 0`,
		`hongbao_backlog_depth 5`,
		`hongbao_backlog_age_seconds 1.5`,
		`hongbao_open_orders 4`,
		`hongbao_batch_size_count 1`,
		`hongbao_batch_size_sum 500`,
		`hongbao_budget_left_fen{stage="official"} 700`,
		`hongbao_budget_stranded_fen{stage="official"} 50`,
		`hongbao_alarms_total{kind="forged_tokens"} 1`,
		`hongbao_alarms_total{kind="reconciliation"} 0`,
		`hongbao_tokens_refused_total{reason="token_forged"} 1`,
		`hongbao_tokens_refused_total{reason="token_unreadable"} 1`,
		`hongbao_switch_on{switch="stop-cash"} 1`,
		`hongbao_switch_on{switch="stop-use"} 0`,
		`hongbao_breaker_open{system="bank"} 1`,
		`hongbao_panics_total 0`,
		`hongbao_ready 1`,
	} {
		require.Contains(t, text, "\n"+line+"\n")
	}
	require.Contains(t, text, "\ngo_goroutines ")
}

// TestDashboard: the dashboard shows every metric that the server has, and no others.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("../../deploy/grafana/hongbao.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	shown := map[string][]string{}
	var ids []int
	for _, p := range dashboard.Panels {
		require.NotContains(t, ids, p.ID, "two panels have the same id")
		ids = append(ids, p.ID)
		for _, target := range p.Targets {
			for _, metric := range regexp.MustCompile(`\b(hongbao|go|process)_\w+`).FindAllString(target.Expr, -1) {
				by := regexp.MustCompile(`by \(([\w, ]+)\)`).FindStringSubmatch(target.Expr)
				shown[metric] = nil
				if by != nil {
					shown[metric] = strings.Split(by[1], ", ")
				}
			}
		}
	}
	families, err := withRecordedMetrics(t).server.metrics.registry.Gather()
	require.NoError(t, err)
	var served []string
	for _, family := range families {
		metric := family.GetName()
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			labels, found := shown[metric+suffix]
			if !found {
				continue
			}
			served = append(served, metric+suffix)
			for _, label := range labels {
				has := label == "le" || label == "instance" // added by Prometheus
				for _, pair := range family.GetMetric()[0].GetLabel() {
					has = has || pair.GetName() == label
				}
				require.True(t, has, "%s has no label %s", metric, label)
			}
			delete(shown, metric+suffix)
		}
		if strings.HasPrefix(metric, "hongbao_") {
			require.True(t, slices.ContainsFunc(served, func(s string) bool { return strings.HasPrefix(s, metric) }), "%s is not on the dashboard", metric)
		}
	}
	require.Empty(t, shown, "these metrics are not served")
}

// TestProfiles: the debug port serves profiles, but not the command line, which may contain a password.
func TestProfiles(t *testing.T) {
	f := start(t)
	status := func(profile string) int {
		got, err := f.client.Get(f.server.debugURL() + "/debug/pprof/" + profile)
		require.NoError(t, err)
		defer got.Body.Close()
		return got.StatusCode
	}
	require.Equal(t, http.StatusOK, status(""))
	require.Equal(t, http.StatusOK, status("heap"))
	require.Equal(t, http.StatusNotFound, status("cmdline"))
}
