package cmd

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeOperators: an operator changes a switch, other roles are refused, and the audit log contains both.
func TestServeOperators(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, nil)
	var won pb.GrantReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &won))
	servetest.RequireSettled(t, s, 1, 88) // also the first entry of the auditor in the log

	const on, off = `{"name":"distrust-tokens","on":true}`, `{"name":"distrust-tokens"}`
	refusedWith := func(reason string) func() bool {
		return func() bool {
			var page pb.WalletPageReply
			require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", servetest.PageBody(won.Token), &page))
			require.EqualValues(t, 88, page.BalanceFen, "the grant itself stays on the page")
			return servetest.RefusalReasons(1, page.Refused)[0] == reason
		}
	}
	require.Equal(t, "wrong_role", s.CallAs(t, "viewer", "OperatorService/SetSwitch", on, &pb.SetSwitchReply{}))
	require.Equal(t, "wrong_role", s.CallAs(t, "auditor", "OperatorService/SetSwitch", on, &pb.SetSwitchReply{}))
	require.Equal(t, "wrong_role", s.CallAs(t, "operator", "OperatorService/Reconcile", "{}", &pb.ReconcileReply{}))
	require.Equal(t, "not_found", s.CallAs(t, "operator", "OperatorService/SetSwitch", `{"name":"gravity","on":true}`, &pb.SetSwitchReply{}))
	require.Equal(t, "unknown_key", s.CallAs(t, "demo", "OperatorService/SetSwitch", on, &pb.SetSwitchReply{}), "an upstream is not an operator")
	require.True(t, refusedWith("token_replayed")(), "the switch is still off")

	for _, c := range []struct {
		body, reason string
		on           bool
	}{{on, "token_distrusted", true}, {off, "token_replayed", false}} {
		require.Equal(t, "ok", s.CallAs(t, "operator", "OperatorService/SetSwitch", c.body, &pb.SetSwitchReply{}))
		servetest.Eventually(t, "the switch takes effect: "+c.reason, refusedWith(c.reason))
		var list pb.ListSwitchesReply
		require.Equal(t, "ok", s.CallAs(t, "viewer", "OperatorService/ListSwitches", "{}", &list))
		require.Len(t, list.Switches, 26)
		require.NotEmpty(t, list.Switches[0].NoticeZh, "the list contains what users notice")
		require.Equal(t, string(wallet.SwitchDistrustTokens), list.Switches[0].Name)
		require.Equal(t, c.on, list.Switches[0].On)
	}

	require.Equal(t, "wrong_role", s.CallAs(t, "operator", "OperatorService/AuditLog", "{}", &pb.AuditLogReply{}))
	var log pb.AuditLogReply
	require.Equal(t, "ok", s.CallAs(t, "auditor", "OperatorService/AuditLog", `{"limit":100}`, &log))
	type line struct{ who, role, what, outcome string }
	var lines []line
	for _, a := range log.Actions {
		if a.Method == "/hongbao.v1.OperatorService/SetSwitch" {
			// Protobuf's JSON has spaces in some builds only.
			lines = append(lines, line{a.Operator, a.Role, strings.ReplaceAll(a.Detail, " ", ""), a.Outcome})
		}
	}
	require.Len(t, lines, 6)
	require.Equal(t, line{"operator", "operator", `{"name":"distrust-tokens"}`, "ok"}, lines[0], "the newest first")
	require.Equal(t, line{"operator", "operator", `{"name":"distrust-tokens","on":true}`, "ok"}, lines[1])
	require.Equal(t, line{"operator", "operator", `{"name":"gravity","on":true}`, "not_found"}, lines[2], "the outcome")
	require.Equal(t, line{"operator", "operator", `{"name":"gravity","on":true}`, "ok"}, lines[3], "the attempt")
	require.Equal(t, line{"auditor", "auditor", "", "wrong_role"}, lines[4])
	require.Equal(t, line{"viewer", "viewer", "", "wrong_role"}, lines[5])
	require.Equal(t, "/hongbao.v1.OperatorService/AuditLog", log.Actions[0].Method, "reading the log is logged too")
}

// TestServeSwitchCommands: the commands show the effect of a switch and what users notice, in the list and after a change.
func TestServeSwitchCommands(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := servetest.Start(t, func(c *open.Config) { c.Data = data })
	const effect = "Starts no withdrawal. Recorded withdrawals continue."
	code, out, errs := runOperator(t, s, data, "switch", "list")
	require.Zero(t, code, errs)
	require.Contains(t, out, "stop-withdrawals: off (active, bank)\n    "+effect)
	require.Contains(t, out, "break-bank: off (passive, bank)\n")

	code, out, errs = runOperator(t, s, data, "switch", "set", "stop-withdrawals", "on")
	require.Zero(t, code, errs)
	require.Contains(t, out, "stop-withdrawals: ON (active, bank)\n    "+effect)
	require.Contains(t, out, "users: Withdrawing is temporarily not possible")
	require.NotContains(t, out, "break-bank", "only this switch")

	code, out, errs = runOperator(t, s, data, "switch", "set", "stop-withdrawals", "off", "--json")
	require.Zero(t, code, errs)
	require.JSONEq(t, `{"name":"stop-withdrawals","on":false}`, out)
	code, _, errs = runOperator(t, s, data, "switch", "set", "gravity", "on")
	require.NotZero(t, code)
	require.Contains(t, errs, "not found")
}
