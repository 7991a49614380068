package cmd

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reference/operator"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// runOperator runs a hongbao operator command against a service, and returns its exit code, stdout and stderr.
func runOperator(t *testing.T, s *servetest.Service, data string, args ...string) (int, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"operator", "--url", s.URL, "--data", data}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

// TestServeAnnouncements: an announcement and the active page configuration are on the next page of every user. A viewer may
// not announce.
func TestServeAnnouncements(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, nil)
	data := s.Config.Data
	page := func() *pb.WalletPageReply {
		m := &pb.WalletPageReply{}
		require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", `{}`, m))
		return m
	}
	require.Empty(t, page().Announcements)
	code, out, errs := runOperator(t, s, data, "announce", "--text", "hello", "--zh", "公告", "--app", "douyin", "--for", "1h", "--json")
	require.Zero(t, code, errs)
	var announced struct{ ID int64 }
	require.NoError(t, json.Unmarshal([]byte(out), &announced))
	require.Len(t, page().Announcements, 1, "at once on the instance that received it")
	code, _, errs = runOperator(t, s, data, "take-down", fmt.Sprint(announced.ID))
	require.Zero(t, code, errs)
	require.Empty(t, page().Announcements)
	code, _, errs = runOperator(t, s, data, "--as", "viewer", "announce", "--text", "hello")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "role")

	file := filepath.Join(t.TempDir(), "page.json")
	for i, body := range []string{`{"a":1}`, `{"a":2}`} {
		require.NoError(t, os.WriteFile(file, []byte(body), 0o600))
		code, out, errs = runOperator(t, s, data, "page", "publish", file)
		require.Zero(t, code, errs)
		require.Equal(t, fmt.Sprintf("version %d is active\n", i+1), out)
	}
	code, _, errs = runOperator(t, s, data, "page", "publish", file, "--was", "1")
	require.Zero(t, code, "a repeat of the last change succeeds: %s", errs)
	code, _, _ = runOperator(t, s, data, "page", "publish", file, "--was", "7")
	require.Equal(t, exitUsage, code)
	code, _, errs = runOperator(t, s, data, "page", "rollback", "1")
	require.Zero(t, code, errs)
	require.EqualValues(t, 3, page().PageConfigVersion)
	var shown pb.NoticesReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/Notices", `{}`, &shown))
	require.Equal(t, `{"a":1}`, shown.Config)
}

// TestServeAnnouncedElsewhere: an announcement sent to one instance appears on another.
func TestServeAnnouncedElsewhere(t *testing.T) {
	real := servetest.OnRealStores(t)
	a := servetest.Start(t, func(c *open.Config) { real(c); c.Instance = "a" })
	b := servetest.Start(t, func(c *open.Config) {
		real(c)
		c.Instance, c.Keys, c.TokenKeys = "b", a.Config.Keys, a.Config.TokenKeys
	})
	code, _, errs := runOperator(t, a, a.Config.Data, "announce", "--text", "hello")
	require.Zero(t, code, errs)
	began := time.Now()
	servetest.Eventually(t, "the other instance shows the announcement", func() bool {
		var m pb.WalletPageReply
		return b.CallByUser(t, 7, "WalletService/WalletPage", `{}`, &m) == "ok" && len(m.Announcements) == 1
	})
	t.Logf("shown by the other instance after %s", time.Since(began).Round(time.Millisecond))
}

// payList writes a list of n people who each get fen.
func payList(t *testing.T, n, fen int) string {
	var b strings.Builder
	b.WriteString(operator.Header + "\n")
	for i := range n {
		fmt.Fprintf(&b, "douyin,%d,rain,cash,%d,late\n", i+1, fen)
	}
	file := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// TestServeBulk runs a list through the commands, from the dry run to the outcomes of the rows.
func TestServeBulk(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, nil)
	data, file := s.Config.Data, payList(t, 300, 7)
	code, out, errs := runOperator(t, s, data, "bulk", "check", file, "--json")
	require.Zero(t, code, errs)
	var plan planJSON
	require.NoError(t, json.Unmarshal([]byte(out), &plan))
	require.Equal(t, []needJSON{{"rain", "cash", "red-packet", 300, 2100, int64(open.BuiltInActivity().Children[0].Budget), true}}, plan.Needs)
	servetest.RequireSettled(t, s, 0, 0)

	faulty := filepath.Join(t.TempDir(), "faulty.csv")
	require.NoError(t, os.WriteFile(faulty, []byte(operator.Header+"\nweibo,1,rain,cash,7,\ndouyin,2,rain,cash,9999999,\n"), 0o600))
	code, out, _ = runOperator(t, s, data, "bulk", "check", faulty)
	require.Equal(t, exitUsage, code)
	require.Contains(t, out, `line 2: app "weibo"`)
	code, _, errs = runOperator(t, s, data, "bulk", "create", faulty)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "line 2")
	large := filepath.Join(t.TempDir(), "large.csv")
	require.NoError(t, os.Truncate(create(t, large), 100<<20))
	code, _, errs = runOperator(t, s, data, "bulk", "check", large)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "larger than 700000 bytes", "a large file is refused without reading all of it")

	for range 2 { // the same list gives the same job
		code, out, errs = runOperator(t, s, data, "bulk", "create", file, "--json")
		require.Zero(t, code, errs)
		require.Contains(t, out, `"id": 1,`)
	}
	code, out, errs = runOperator(t, s, data, "bulk", "start", "1", "--wait")
	require.Zero(t, code, errs)
	require.Contains(t, out, "job 1: done, 300 of 300 rows done, 300 granted, 0 not; by operator at ")
	servetest.RequireSettled(t, s, 300, 2100)
	code, out, errs = runOperator(t, s, data, "bulk", "rows", "1")
	require.Zero(t, code, errs)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 301)
	require.Equal(t, []string{"301", "douyin", "300", "rain", "cash", "7", "late", "ok"}, rows[300])
	var page pb.WalletPageReply
	require.Equal(t, "ok", s.CallByUser(t, 300, "WalletService/WalletPage", `{}`, &page))
	require.EqualValues(t, 7, page.BalanceFen)
	for _, wrong := range [][]string{{"bulk", "start", "2"}, {"bulk", "stop", "1"}, {"bulk", "status", "x"}, {"bulk", "rows", "-1"}} {
		code, _, _ = runOperator(t, s, data, wrong...)
		require.Equal(t, exitUsage, code, wrong)
	}

	var log pb.AuditLogReply
	require.Equal(t, "ok", s.CallAs(t, "auditor", "OperatorService/AuditLog", `{"limit":100}`, &log))
	ends := 0
	for _, a := range log.Actions {
		if a.Method == "bulk re-issue done" {
			require.Equal(t, `{"job":1,"granted":300,"refused":0}`, a.Detail)
			ends++
		}
	}
	require.Equal(t, 1, ends)
}

// create creates an empty file and returns its name.
func create(t *testing.T, name string) string {
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	return name
}

// TestServeBulkKilled: the service is killed during a job. After a restart the job continues from the recorded row, and every
// person on the list has the reward exactly once.
func TestServeBulkKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the model test of package operator covers every reply that a kill can lose")
	}
	t.Parallel()
	const people, fen = 1500, 7 // takes about three seconds
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "hongbao.yaml"), fmt.Appendf(nil, "{listen: '127.0.0.1:0', debug: '', data: %q}", data), 0o600))
	first, s := startProcess(t, data, "first")
	code, _, errs := runOperator(t, s, data, "bulk", "create", payList(t, people, fen))
	require.Zero(t, code, errs)
	code, _, errs = runOperator(t, s, data, "bulk", "start", "1")
	require.Zero(t, code, errs)
	var jobs pb.BulkJobsReply
	servetest.Eventually(t, "some rows are done", func() bool {
		return s.CallAs(t, "viewer", "OperatorService/BulkJobs", `{"id":1}`, &jobs) == "ok" && jobs.Jobs[0].Done > 0
	})
	first.Kill()
	require.Less(t, jobs.Jobs[0].Done, int32(people), "the job was done before the kill, so this test shows nothing")

	second, s := startProcess(t, data, "second")
	code, out, errs := runOperator(t, s, data, "bulk", "start", "1", "--wait")
	require.Zero(t, code, errs)
	require.Contains(t, out, "1500 of 1500 rows done, 1500 granted, 0 not")
	servetest.RequireSettled(t, s, people, people*fen)
	require.NoError(t, second.Stop(servetest.WaitTimeout))
	c := open.Default()
	c.Data = data
	b := servetest.ReadRecords(t, &c, false)
	require.Len(t, b.Orders, people)
	require.Zero(t, b.Sum)
	require.EqualValues(t, people*fen, b.Spent)
	for no := range b.Orders {
		require.EqualValues(t, wallet.BulkRain+1, no.Rain)
		require.Equal(t, 1, b.Grants[no])
	}
}
