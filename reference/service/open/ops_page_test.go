package open_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeOps: the operations page shows in both languages which switches are on. A change by an operator has effect
// within a moment, also a change of the file of an embedded instance.
func TestServeOps(t *testing.T) {
	t.Parallel()
	debug := servetest.ClosedAddr(t)
	data := t.TempDir()
	s := servetest.Start(t, func(c *open.Config) { c.Debug, c.Data = debug, data })
	get := func(path string) (string, int) {
		got, err := s.Client.Get("http://" + debug + path)
		require.NoError(t, err)
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		return string(body), got.StatusCode
	}
	look := func() (v open.OpsStatus) {
		text, status := get("/ops.json")
		require.Equal(t, http.StatusOK, status)
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		return v
	}
	v := look()
	require.Len(t, v.Switches, 26)
	require.NotEmpty(t, v.Dependencies)
	require.True(t, slices.ContainsFunc(v.Breakers, func(b open.OpsBreaker) bool { return b.Name == "bank" && b.State == "closed" }))
	require.Zero(t, v.Settings.Version)
	require.Equal(t, int64(1), v.Settings.Den, "what it was started with")
	for _, sw := range v.Switches {
		require.False(t, sw.On, sw.Name)
	}

	require.Equal(t, "ok", s.CallAs(t, "operator", "OperatorService/SetSwitch", `{"name":"stop-withdrawals","on":true}`, &pb.SetSwitchReply{}))
	is := func(name wallet.Switch) bool {
		for _, sw := range look().Switches {
			if sw.Name == name {
				return sw.On && sw.ByOperator && sw.Since != ""
			}
		}
		return false
	}
	servetest.Eventually(t, "the instance sees the switch", func() bool { return is(wallet.SwitchStopWithdrawals) })
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	require.Equal(t, "switched_off", s.CallByUser(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":80}`, &pb.WithdrawReply{}))

	servetest.Eventually(t, "the metrics have it", func() bool {
		text, _ := get("/metrics")
		return strings.Contains(text, `hongbao_switch_on{switch="stop-withdrawals"} 1`) && strings.Contains(text, `hongbao_breaker_open{system="bank"} 0`)
	})
	text, _ := get("/ops?lang=en")
	require.Contains(t, text, "Starts no withdrawal")
	require.Contains(t, text, `<span class="on">on</span>`)
	text, _ = get("/ops?lang=zh")
	require.Contains(t, text, "不受理新提现")
	_, status := get("/ops/other")
	require.Equal(t, http.StatusNotFound, status)
	got, err := s.Client.Get(s.URL + "/ops")
	require.NoError(t, err)
	require.NoError(t, got.Body.Close())
	require.Equal(t, http.StatusNotFound, got.StatusCode, "not on the port of the API")

	// People may edit the file of an embedded instance.
	file := filepath.Join(data, "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte("settings: {version: 5, release: {num: 1, den: 1}, withdraw_times: 1, short_page: 3}\n"), 0o600))
	servetest.Eventually(t, "the file is read", func() bool { return look().Settings.Version == 5 })
	servetest.Eventually(t, "the switch is off", func() bool { // the page shows the file; the instance obeys it at its next look
		return s.CallByUser(t, 7, "WalletService/Withdraw", `{"request":2,"amount_fen":8}`, &pb.WithdrawReply{}) == "ok"
	})
	require.Equal(t, "daily_limit", s.CallByUser(t, 7, "WalletService/Withdraw", `{"request":3,"amount_fen":8}`, &pb.WithdrawReply{}))

	// A file that is wrong trips local-config, and what was read last holds; also through a restart.
	require.NoError(t, os.WriteFile(file, []byte("switches: [gravity]\n"), 0o600))
	tripped := func() bool {
		for _, sw := range look().Switches {
			if sw.Name == wallet.SwitchLocalConfig {
				return sw.On && !sw.ByOperator && len(sw.Trips) == 1
			}
		}
		return false
	}
	servetest.Eventually(t, "the wrong file is noticed", tripped)
	require.Equal(t, int64(5), look().Settings.Version)
	s.Stop()
	require.True(t, strings.Contains(s.Logs.String(), "gravity"), "the log says what is wrong")
	debug = servetest.ClosedAddr(t)
	s = servetest.Start(t, func(c *open.Config) { c.Debug, c.Data = debug, data })
	require.True(t, tripped())
	require.Equal(t, int64(5), look().Settings.Version)
	require.True(t, look().Settings.FromFile)
	require.Equal(t, "daily_limit", s.CallByUser(t, 7, "WalletService/Withdraw", `{"request":4,"amount_fen":8}`, &pb.WithdrawReply{}))
}
