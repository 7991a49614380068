package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reference/service/open"
	"hongbao/reports"
)

// runLoad runs hongbao load and returns its exit code, its output, and its record or nil.
func runLoad(t *testing.T, ctx context.Context, args ...string) (code int, output string, record *reports.Record) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	var out, errs bytes.Buffer
	code = run(ctx, append([]string{"load", "--out", dir, "--quiet"}, args...), &out, &errs)
	if b, err := os.ReadFile(filepath.Join(dir, reports.RecordFile)); err == nil {
		record = &reports.Record{}
		require.NoError(t, json.Unmarshal(b, record))
		require.NoError(t, record.Validate())
	}
	return code, out.String() + errs.String(), record
}

// requireAllChecksPass checks that the record has all checks of a cash scenario, and that each was evaluated and passed.
func requireAllChecksPass(t *testing.T, r *reports.Record, why string) {
	t.Helper()
	require.NotNil(t, r, why)
	require.Len(t, r.Checks, 12)
	for _, c := range r.Checks {
		require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, why)
		require.Positive(t, c.Evaluations, c.Name)
	}
}

// TestLoadEmbedded plays against a service in this process. If the generator cannot keep up on a busy machine, the verdict is
// unknown, but the money checks are still evaluated.
func TestLoadEmbedded(t *testing.T) {
	code, output, record := runLoad(t, t.Context(), "internal/cmd/testdata/tiny.yaml", "--peak", "60/s")
	requireAllChecksPass(t, record, output)
	run := record.Runs[0]
	require.Equal(t, "api and stores", run.Load.Audit.Over)
	require.Equal(t, &reports.Holdings{}, run.Load.Audit.LiveBefore, "the live wallet is empty")
	require.Equal(t, run.Load.Audit.LiveBefore, run.Load.Audit.LiveAfter)
	require.Positive(t, run.Load.Audit.ShadowBefore.Orders)
	require.Equal(t, &reports.Holdings{}, run.Load.Audit.ShadowAfter, "the load-test data is deleted")
	require.EqualValues(t, 60, run.Offered.Scheduled, "the integral of the rate curve")
	if run.Load.Generator.Saturated {
		t.Logf("the generator did not keep up on this machine: %s", run.Load.Generator.Why)
		require.Equal(t, exitUnknown, code, output)
		return
	}
	require.Equal(t, exitPass, code, output)
	require.Equal(t, run.Offered.Scheduled, run.Offered.OK+run.Offered.Refused, "grants may be refused when the small budget is used up")
	require.Contains(t, output, "PASS")
}

// TestLoadServed plays twice against a running service, over its API only. The first run leaves no data behind that disturbs
// the second.
func TestLoadServed(t *testing.T) {
	s := servetest.Start(t, func(c *open.Config) { c.Scenario = "internal/cmd/testdata/tiny.yaml" })
	code, output, record := runLoad(t, t.Context(), "internal/cmd/testdata/tiny.yaml", "--target", s.URL, "--keys", s.Config.Keys, "--peak", "30/s", "--repeat", "2")
	requireAllChecksPass(t, record, output)
	require.Len(t, record.Runs, 2)
	for _, r := range record.Runs {
		require.Equal(t, "api", r.Load.Audit.Over)
		require.Positive(t, r.Load.Audit.PeopleRead)
	}
	if !record.Runs[0].Load.Generator.Saturated && !record.Runs[1].Load.Generator.Saturated {
		require.Equal(t, exitPass, code, output)
	}
}

// TestLoadRewardCentre plays a window with coupons, a stock, uses and packets against a service in this process. Its fake
// downstreams sometimes reply late or with errors, as the scenario specifies. Every check is evaluated and passes.
func TestLoadRewardCentre(t *testing.T) {
	if testing.Short() {
		t.Skip("waits half a minute for downstreams that complete later: run without -short")
	}
	code, output, record := runLoad(t, t.Context(), "scenarios/reward-centre.yaml", "--window", "rain-on-friends-pages", "--peak", "60/s", "--duration", "2s")
	require.NotNil(t, record, output)
	require.Len(t, record.Checks, 16)
	for _, c := range record.Checks {
		require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, output)
		require.Positive(t, c.Evaluations, c.Name)
	}
	run := record.Runs[0]
	require.Empty(t, run.Load.Audit.Unseen, "the records of the fake downstreams were read too")
	var names []string
	for _, o := range run.Load.Operations {
		names = append(names, o.Name)
	}
	require.Subset(t, names, []string{"grant", "rewards", "use", "send", "open"})
	if !run.Load.Generator.Saturated {
		require.Equal(t, exitPass, code, output)
	}
}

// TestLoadAbsurd requests a rate that no laptop can offer: the verdict is unknown.
func TestLoadAbsurd(t *testing.T) {
	if testing.Short() {
		t.Skip("uses all processors for seconds: run without -short")
	}
	code, output, record := runLoad(t, t.Context(), "internal/cmd/testdata/tiny.yaml", "--peak", "400k/s", "--duration", "1s", "--audit-people", "10")
	require.Equal(t, exitUnknown, code, output)
	require.Equal(t, reports.Unknown, record.Verdict)
	l := record.Runs[0].Load
	require.True(t, l.Generator.Saturated)
	require.Positive(t, l.Total().Unsent)
	require.Contains(t, output, "never sent")

	code, output, record = runLoad(t, t.Context(), "internal/cmd/testdata/tiny.yaml", "--peak", "10M/s", "--duration", "1m")
	require.Equal(t, exitUnknown, code, "too many grants to plan")
	require.Nil(t, record)
	require.Contains(t, output, "nothing was offered")
}

// TestLoadInterrupted: an interrupted run writes a partial record.
func TestLoadInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := servetest.Start(t, func(c *open.Config) { c.Scenario = "internal/cmd/testdata/tiny.yaml" })
	grantSeen := make(chan struct{})
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		forward(t, s, w, r)
		if strings.HasSuffix(r.URL.Path, "/Grant") && w.Header().Get("Token-Of-Test") == "" {
			select {
			case grantSeen <- struct{}{}:
			default:
			}
		}
	}))
	defer relay.Close()
	go func() {
		for range 20 { // the grant of the probe, and some of the plan
			<-grantSeen
		}
		cancel()
	}()
	code, output, record := runLoad(t, ctx, "internal/cmd/testdata/tiny.yaml", "--target", relay.URL, "--keys", s.Config.Keys, "--peak", "50/s", "--duration", "1m")
	require.Equal(t, exitInterrupted, code, output)
	require.True(t, record.Interrupted)
	require.Equal(t, reports.Unknown, record.Verdict)
	o := record.Runs[0].Offered
	require.Positive(t, o.Sent)
	require.Less(t, o.Sent, int64(1000), "most grants were not due yet")
	require.Contains(t, output, "the partial record is stored")
}

// forward sends a request to a service and copies the reply.
func forward(t *testing.T, s *servetest.Service, w http.ResponseWriter, r *http.Request) {
	q, err := http.NewRequestWithContext(r.Context(), r.Method, s.URL+r.URL.Path, r.Body)
	require.NoError(t, err)
	q.Header = r.Header.Clone()
	got, err := s.Client.Do(q)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has disconnected
	}
	defer got.Body.Close()
	for k, v := range got.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(got.StatusCode)
	var b bytes.Buffer
	_, _ = b.ReadFrom(got.Body)
	_, _ = w.Write(b.Bytes())
}

// TestLoadOfNoTarget: if the target cannot be used, the message gives the reason and the verdict is unknown.
func TestLoadOfNoTarget(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	webPage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	defer webPage.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	s := servetest.Start(t, nil)
	other := servetest.Start(t, func(c *open.Config) { c.Scenario = "internal/cmd/testdata/tiny.yaml" })
	for _, c := range []struct{ why, url, keys, want string }{
		{"nothing listens", "http://" + closed.Addr().String(), s.Config.Keys, "does not answer"},
		{"a web page, not a wallet", webPage.URL, s.Config.Keys, "does not speak the wallet's API"},
		{"a certificate that is not trusted", secure.URL, s.Config.Keys, "cannot be trusted over TLS"},
		{"plain HTTP to a TLS server", strings.Replace(secure.URL, "https", "http", 1), s.Config.Keys, "TLS"},
		{"another service's keys", other.URL, s.Config.Keys, "refuses the keys"},
		{"a service of another scenario", s.URL, s.Config.Keys, "does not grant what the scenario grants"},
	} {
		t.Run(c.why, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			code, output, record := runLoad(t, ctx, "internal/cmd/testdata/tiny.yaml", "--target", c.url, "--keys", c.keys, "--peak", "20/s")
			require.Equal(t, exitUnknown, code, output)
			require.Contains(t, output, c.want)
			require.Contains(t, output, "nothing was offered")
			require.NotNil(t, record, "there is a record without operations")
			require.Equal(t, reports.Unknown, record.Verdict)
			require.Zero(t, record.Runs[0].Load.Total().Sent)
		})
	}
}

// TestLoadFindMax searches the highest rate with a threshold that no rate can meet, so that the search ends soon: it goes
// down, tries each rate twice, and reports what limited it.
func TestLoadFindMax(t *testing.T) {
	tiny, err := os.ReadFile("internal/cmd/testdata/tiny.yaml")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "strict.yaml")
	require.NoError(t, os.WriteFile(file, append(tiny, "\nthresholds:\n  - {operation: grant, p50_ms: 0.001}\n"...), 0o644))
	code, output, record := runLoad(t, t.Context(), file, "--find-max", "--peak", "4/s", "--duration", "1s")
	require.Contains(t, []int{exitMissed, exitUnknown}, code, output)
	require.NotNil(t, record.FindMax, output)
	require.Zero(t, record.FindMax.KneePerS)
	require.NotEmpty(t, record.FindMax.LimitedBy)
	var rates []float64
	for _, s := range record.FindMax.Steps {
		rates = append(rates, s.RatePerS)
		require.NotEqual(t, reports.Pass, s.Result)
		require.NotEmpty(t, s.Why)
	}
	require.Equal(t, []float64{4, 4, 2, 2}, rates, "at 1/s no grant would be due")
	require.Len(t, record.Runs, 1, "the run at the lowest rate")
}
