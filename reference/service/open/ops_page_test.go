package open_test

import (
	"encoding/json"
	"fmt"
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

// opsTest is a service and the address of its operations page.
type opsTest struct {
	*testing.T
	s     *servetest.Service
	debug string
}

// startOps starts a service with an operations page over the data in a folder.
func startOps(t *testing.T, data string) opsTest {
	debug := servetest.ClosedAddr(t)
	return opsTest{t, servetest.Start(t, func(c *open.Config) { c.Debug, c.Data = debug, data }), debug}
}

// get returns a page and its HTTP status.
func (o opsTest) get(path string) (string, int) {
	got, err := o.s.Client.Get("http://" + o.debug + path)
	require.NoError(o, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(o, err)
	return string(body), got.StatusCode
}

// status reads the data of the operations page.
func (o opsTest) status() (v open.OpsStatus) {
	text, status := o.get("/ops.json")
	require.Equal(o, http.StatusOK, status)
	require.NoError(o, json.Unmarshal([]byte(text), &v))
	return v
}

// turnedOn reports whether the page shows that an operator turned the switch on.
func (o opsTest) turnedOn(name wallet.Switch) bool {
	for _, sw := range o.status().Switches {
		if sw.Name == name {
			return sw.On && sw.ByOperator && sw.Since != ""
		}
	}
	return false
}

// tripped reports whether the page shows that local-config tripped once.
func (o opsTest) tripped() bool {
	for _, sw := range o.status().Switches {
		if sw.Name == wallet.SwitchLocalConfig {
			return sw.On && !sw.ByOperator && len(sw.Trips) == 1
		}
	}
	return false
}

// withdraw tries to withdraw and returns the reason of the reply.
func (o opsTest) withdraw(request, fen int) string {
	return o.s.CallByUser(o.T, 7, "WalletService/Withdraw", fmt.Sprintf(`{"request":%d,"amount_fen":%d}`, request, fen), &pb.WithdrawReply{})
}

// TestServeOps: the operations page shows in both languages which switches are on. A change by an operator has effect
// within a moment, also a change of the file of an embedded instance.
func TestServeOps(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	o := startOps(t, data)
	o.requireAllOff()
	o.turnOffWithdrawals()
	o.requirePages()
	o.editFile(filepath.Join(data, "config.yaml"))
	o.s.Stop()
	require.True(t, strings.Contains(o.s.Logs.String(), "gravity"), "the log says what is wrong")

	o = startOps(t, data) // the last valid file applies also after a restart
	require.True(t, o.tripped())
	require.Equal(t, int64(5), o.status().Settings.Version)
	require.True(t, o.status().Settings.FromFile)
	require.Equal(t, "daily_limit", o.withdraw(4, 8))
}

// requireAllOff requires the state of a new service.
func (o opsTest) requireAllOff() {
	v := o.status()
	require.Len(o, v.Switches, 26)
	require.NotEmpty(o, v.Dependencies)
	require.True(o, slices.ContainsFunc(v.Breakers, func(b open.OpsBreaker) bool { return b.Name == "bank" && b.State == "closed" }))
	require.Zero(o, v.Settings.Version)
	require.Equal(o, int64(1), v.Settings.Den, "what it was started with")
	for _, sw := range v.Switches {
		require.False(o, sw.On, sw.Name)
	}
}

// turnOffWithdrawals turns stop-withdrawals on as an operator, and requires that it has effect.
func (o opsTest) turnOffWithdrawals() {
	require.Equal(o, "ok", o.s.CallAs(o.T, "operator", "OperatorService/SetSwitch", `{"name":"stop-withdrawals","on":true}`, &pb.SetSwitchReply{}))
	servetest.Eventually(o.T, "the instance sees the switch", func() bool { return o.turnedOn(wallet.SwitchStopWithdrawals) })
	require.Equal(o, "ok", o.s.CallAs(o.T, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	require.Equal(o, "switched_off", o.withdraw(1, 80))
}

// requirePages requires that the metrics and the page in each language show that stop-withdrawals is on.
func (o opsTest) requirePages() {
	servetest.Eventually(o.T, "the metrics have it", func() bool {
		text, _ := o.get("/metrics")
		return strings.Contains(text, `hongbao_switch_on{switch="stop-withdrawals"} 1`) && strings.Contains(text, `hongbao_breaker_open{system="bank"} 0`)
	})
	text, _ := o.get("/ops?lang=en")
	require.Contains(o, text, "Starts no withdrawal")
	require.Contains(o, text, `<span class="on">on</span>`)
	text, _ = o.get("/ops?lang=zh")
	require.Contains(o, text, "不受理新提现")
	_, status := o.get("/ops/other")
	require.Equal(o, http.StatusNotFound, status)
	got, err := o.s.Client.Get(o.s.URL + "/ops")
	require.NoError(o, err)
	require.NoError(o, got.Body.Close())
	require.Equal(o, http.StatusNotFound, got.StatusCode, "not on the port of the API")
}

// editFile changes the configuration file of an embedded instance: first to a valid file, then to an invalid one, which
// trips local-config and leaves the settings of the valid one in force.
func (o opsTest) editFile(file string) {
	require.NoError(o, os.WriteFile(file, []byte("settings: {version: 5, release: {num: 1, den: 1}, withdraw_times: 1, short_page: 3}\n"), 0o600))
	servetest.Eventually(o.T, "the file is read", func() bool { return o.status().Settings.Version == 5 })
	// The page shows the file at once. The instance applies it when it reads the file the next time.
	servetest.Eventually(o.T, "the switch is off", func() bool { return o.withdraw(2, 8) == "ok" })
	require.Equal(o, "daily_limit", o.withdraw(3, 8))

	require.NoError(o, os.WriteFile(file, []byte("switches: [gravity]\n"), 0o600))
	servetest.Eventually(o.T, "the wrong file is noticed", o.tripped)
	require.Equal(o, int64(5), o.status().Settings.Version)
}
