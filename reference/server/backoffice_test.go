package server

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/operator"
	"hongbao/reference/wallet"
)

func TestAnnouncementsOnTheWire(t *testing.T) {
	f := start(t)
	now := int64(f.clock.Now())
	const hour = int64(time.Hour / time.Microsecond)
	require.Equal(t, "unavailable unavailable", f.callAsUser(7, "WalletService/Notices", `{}`).reason(), "no notices were read yet")
	body := fmt.Sprintf(`{"announcement":{"text":"hello","text_zh":"公告","apps":["APP_XIGUA","APP_DOUYIN"],"from_us":%d,"to_us":%d}}`, now, now+hour)
	id := f.callAs("operator", "OperatorService/Announce", body).text("id")
	require.Equal(t, "1", id)
	require.Equal(t, "1", f.callAs("operator", "OperatorService/Announce", body).text("id"), "a repeat shows nothing twice: same id")
	shown := map[string]any{"id": "1", "text": "hello", "text_zh": "公告", "apps": []any{"APP_DOUYIN", "APP_XIGUA"}, "from_us": fmt.Sprint(now), "to_us": fmt.Sprint(now + hour)}
	require.Equal(t, []any{shown}, f.callAs("viewer", "OperatorService/Announcements", `{}`).list("announcements"))
	require.Equal(t, []any{shown}, f.callAsUser(7, "WalletService/Notices", `{}`).list("announcements"))
	page := f.callAsUser(7, "WalletService/WalletPage", `{}`)
	require.Equal(t, []any{shown}, page.list("announcements"), "each page carries them")
	require.Equal(t, "0", page.text("page_config_version"))
	other := f.do(f.request("WalletService/WalletPage", `{}`, f.session(wallet.Toutiao, 7)))
	require.Empty(t, other.list("announcements"), "another app's users do not see it")
	require.Equal(t, "ok", f.callAs("operator", "OperatorService/WithdrawAnnouncement", `{"id":1}`).reason())
	require.Empty(t, f.callAsUser(7, "WalletService/Notices", `{}`).list("announcements"))

	for _, bad := range []string{`{}`, `{"announcement":{"text":"x"}}`, fmt.Sprintf(`{"announcement":{"text":"x","from_us":%d,"to_us":%d}}`, now-hour, now),
		fmt.Sprintf(`{"announcement":{"id":5,"text":"x","from_us":%d,"to_us":%d}}`, now, now+1), fmt.Sprintf(`{"announcement":{"text":"x","apps":[9],"from_us":%d,"to_us":%d}}`, now, now+1),
		fmt.Sprintf(`{"announcement":{"text":"x","apps":[1,1],"from_us":%d,"to_us":%d}}`, now, now+1), fmt.Sprintf(`{"announcement":{"text":"a\u0000b","from_us":%d,"to_us":%d}}`, now, now+1),
		fmt.Sprintf(`{"announcement":{"text":%q,"from_us":%d,"to_us":%d}}`, strings.Repeat("x", wallet.MaxAnnouncement+1), now, now+1)} {
		require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/Announce", bad).reason(), bad)
	}
	require.Equal(t, "invalid malformed", f.callAs("operator", "OperatorService/Announce", `{"announcement":{"txt":"x"}}`).reason())
	require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/WithdrawAnnouncement", `{}`).reason())
}

func TestPageConfigOnTheWire(t *testing.T) {
	f := start(t)
	publish := func(body string, was int) answer {
		return f.callAs("operator", "OperatorService/PublishPageConfig", fmt.Sprintf(`{"body":%q,"was":%d}`, body, was))
	}
	require.Equal(t, "1", publish(`{"a":1}`, 0).text("version"))
	require.Equal(t, "2", publish(`{"a":2}`, 1).text("version"))
	require.Equal(t, "2", publish(`{"a":2}`, 1).text("version"), "a repeat")
	require.Equal(t, "conflict stale", publish(`{"a":3}`, 1).reason())
	require.Equal(t, "3", f.callAs("operator", "OperatorService/RollBackPageConfig", `{"to":1,"was":2}`).text("version"))
	got := f.callAsUser(7, "WalletService/Notices", `{"have_version":2}`)
	require.Equal(t, `{"a":1}`, got.text("config"))
	require.Equal(t, "3", got.text("version"))
	require.Empty(t, f.callAsUser(7, "WalletService/Notices", `{"have_version":3}`).text("config"), "the client has it")
	require.Equal(t, "3", f.callAsUser(7, "WalletService/WalletPage", `{}`).text("page_config_version"))
	list := f.callAs("viewer", "OperatorService/PageConfigs", `{"limit":2}`).list("versions")
	require.Len(t, list, 2)
	require.Equal(t, map[string]any{"version": "3", "by": "operator", "at_us": fmt.Sprint(int64(f.clock.Now())), "body": ""}, list[0])
	require.Equal(t, `{"a":2}`, f.callAs("viewer", "OperatorService/GetPageConfig", `{"version":2}`).fields["config"].(map[string]any)["body"])
	require.Equal(t, "not_found not_found", f.callAs("viewer", "OperatorService/GetPageConfig", `{"version":9}`).reason())
	for method, bodies := range map[string][]string{
		"PublishPageConfig": {`{}`, `{"body":"[]","was":3}`, `{"body":"{}","was":-1}`, `{"body":"null","was":3}`}, "RollBackPageConfig": {`{}`, `{"to":4,"was":3}`, `{"to":-1,"was":3}`},
		"PageConfigs": {`{"limit":101}`}} {
		for _, body := range bodies {
			require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/"+method, body).reason(), body)
		}
	}
	require.Equal(t, "invalid invalid", f.callAsUser(7, "WalletService/Notices", `{"have_version":-1}`).reason())
}

func TestSettingsOnTheWire(t *testing.T) {
	settings := &fakeConfigCentre{fakeInspector: &fakeInspector{}, now: wallet.Settings{Version: 4, Release: wallet.Release{Num: 1, Den: 10, WhiteList: []wallet.ActID{5}}, WithdrawPerDay: 100, WithdrawTimes: 3, ShortPage: 5}}
	f := start(t, func(_ *Config, p *Ports) { p.Settings = settings })
	want := map[string]any{"version": "4", "release_num": "1", "release_den": "10", "white_list": []any{"5"}, "withdraw_per_day_fen": "100", "withdraw_times": 3.0, "short_page": 5.0}
	require.Equal(t, want, f.callAs("viewer", "OperatorService/GetSettings", `{}`).fields["settings"])
	good := `{"settings":{"version":4,"release_num":2,"release_den":10,"white_list":[5,6],"withdraw_per_day_fen":200,"withdraw_times":4,"short_page":6}}`
	require.Equal(t, "5", f.callAs("operator", "OperatorService/ChangeSettings", good).text("version"))
	require.Equal(t, wallet.Settings{Version: 5, Release: wallet.Release{Num: 2, Den: 10, WhiteList: []wallet.ActID{5, 6}}, WithdrawPerDay: 200, WithdrawTimes: 4, ShortPage: 6}, settings.now)
	require.Equal(t, "conflict stale", f.callAs("operator", "OperatorService/ChangeSettings", good).reason())
	for _, bad := range []string{`{}`, `{"settings":{"version":5}}`, `{"settings":{"release_num":2,"release_den":1,"short_page":5}}`, `{"settings":{"release_num":-1,"release_den":1,"short_page":5}}`,
		`{"settings":{"release_den":1,"short_page":101}}`, `{"settings":{"release_den":1,"short_page":5,"withdraw_per_day_fen":-1}}`, `{"settings":{"release_den":1,"short_page":5,"withdraw_times":-1}}`,
		`{"settings":{"release_den":1,"short_page":5,"white_list":[0]}}`, `{"settings":{"release_den":1,"short_page":5,"white_list":[1` + strings.Repeat(",1", maxWhiteList) + `]}}`} {
		require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/ChangeSettings", bad).reason(), bad)
	}
	require.Equal(t, "invalid malformed", f.callAs("operator", "OperatorService/ChangeSettings", `{"settings":{"shortpage":5}}`).reason())
}

// csvBody returns a request with a bulk list.
func csvBody(text string) string {
	return fmt.Sprintf(`{"csv":%q}`, base64.StdEncoding.EncodeToString([]byte(text)))
}

func TestBulkOnTheWire(t *testing.T) {
	f := start(t)
	list := operator.Header + "\ndouyin,7,rain,cash,100,late\ndouyin,8,rain,cash,50,\n"
	checked := f.callAs("auditor", "OperatorService/CheckBulk", csvBody(list))
	require.Equal(t, "ok", checked.reason(), checked.body)
	plan := checked.fields["plan"].(map[string]any)
	require.Equal(t, true, plan["fits"])
	require.Equal(t, []any{map[string]any{"scene": "rain", "award": "AWARD_TYPE_CASH", "reward": "cash", "rows": 2.0, "amount_fen": "150", "left": fmt.Sprint(1 << 50), "fits": true}}, plan["needs"])
	require.Zero(t, f.records(), "a dry run grants nothing")

	made := f.callAs("operator", "OperatorService/CreateBulk", csvBody(list))
	require.Equal(t, "ok", made.reason(), made.body)
	require.Equal(t, true, made.fields["is_new"])
	again := f.callAs("operator", "OperatorService/CreateBulk", csvBody(list))
	require.Equal(t, false, again.fields["is_new"])
	require.Equal(t, made.fields["job"], again.fields["job"])
	n, err := f.bulk.Step(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "the job was not started")
	require.Equal(t, "BULK_STATE_RUNNING", f.callAs("operator", "OperatorService/StartBulk", `{"id":1}`).fields["job"].(map[string]any)["state"])
	_, err = f.bulk.Step(t.Context())
	require.NoError(t, err)
	job := f.callAs("viewer", "OperatorService/BulkJobs", `{"id":1}`).list("jobs")[0].(map[string]any)
	require.Equal(t, "BULK_STATE_DONE", job["state"])
	require.Equal(t, 2.0, job["granted"])
	require.Equal(t, "operator", job["by"])
	rows := f.callAs("auditor", "OperatorService/BulkRows", `{"id":1,"from":1}`).list("rows")
	require.Equal(t, []any{map[string]any{"line": 3.0, "app": "APP_DOUYIN", "user": "8", "scene": "rain", "award": "AWARD_TYPE_CASH", "amount_fen": "50", "reason": "", "outcome": "ok"}}, rows)
	require.Equal(t, "100", f.callAsUser(7, "WalletService/WalletPage", `{}`).text("balance_fen"), "granted through the same path as other grants")
	line := f.callAsUser(7, "WalletService/WalletPage", `{}`).list("lines")[0].(map[string]any)
	require.Equal(t, fmt.Sprintf("1_rain_%d_1_3", wallet.BulkRain+1), line["order"])

	lines := f.auditLines()
	require.Contains(t, lines[1], `CreateBulk {"csv":"90 bytes, SHA-256 `, "the log has the list's digest, which identifies the job")
	found := false
	f.audit.mu.Lock()
	for _, a := range f.audit.actions {
		found = found || a.Method == "bulk re-issue done" && a.Detail == `{"job":1,"granted":2,"refused":0}`
	}
	f.audit.mu.Unlock()
	require.True(t, found)
}

func TestBulkRefusals(t *testing.T) {
	f := start(t)
	faulty := operator.Header + "\r\nweibo,7,rain,cash,100,\r\ndouyin,8,rain,cash,\"50\r\n"
	plan := f.callAs("operator", "OperatorService/CheckBulk", csvBody(faulty)).fields["plan"].(map[string]any)
	require.Len(t, plan["faults"], 2)
	require.Equal(t, 2.0, plan["faults"].([]any)[0].(map[string]any)["line"])
	got := f.callAs("operator", "OperatorService/CreateBulk", csvBody(faulty))
	require.Equal(t, "invalid invalid", got.reason())
	require.Contains(t, got.body, "2 faults, the first in line 2")
	require.Equal(t, "invalid too_large", f.callAs("operator", "OperatorService/CheckBulk", csvBody(strings.Repeat("x", 1<<20))).reason())
	for _, nothing := range []string{`{}`, `{"csv":""}`, csvBody("\x00\x00"), csvBody("\ufeff"), csvBody("\xff\xfe")} {
		require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/CreateBulk", nothing).reason(), nothing)
	}
	for _, method := range []string{"StartBulk", "StopBulk", "BulkRows"} {
		require.Equal(t, "not_found not_found", f.callAs("operator", "OperatorService/"+method, `{"id":5}`).reason(), method)
	}
	require.Equal(t, "not_found not_found", f.callAs("operator", "OperatorService/BulkJobs", `{"id":5}`).reason())
	for method, body := range map[string]string{"BulkJobs": `{"limit":101}`, "BulkRows": `{"id":1,"limit":1001}`} {
		require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/"+method, body).reason(), method)
	}
	require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/BulkRows", `{"id":1,"from":-1}`).reason())
	require.Equal(t, "invalid invalid", f.callAs("operator", "OperatorService/BulkJobs", `{"before":-1}`).reason())
}
