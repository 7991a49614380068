package crowd

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// badTarget is a target that a load test cannot use, and the reported problem.
type badTarget struct {
	why  string
	want targetProblem
	rig  rig
}

// Problems of a target are reported before any load, by name and with a hint.
func TestPrepareSaysWhatIsWrong(t *testing.T) {
	for _, c := range slices.Concat(foreignTargets(t), targetsOfTLS(), deniedTargets(), otherActivities(t), unreliableTargets()) {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if c.rig.scenario == nil {
				c.rig.scenario = festival(t, quick)
			}
			err := c.rig.start(t).Prepare(t.Context(), nil)
			e := (*targetError)(nil)
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.want, e.Problem, err)
			require.Contains(t, err.Error(), "the target http")
			require.Contains(t, err.Error(), "hint: ")
		})
	}
}

// withoutOperator removes the operator's clients.
func withoutOperator(o *Options) { o.Operator, o.Live = nil, nil }

// at removes the operator's clients and sets the URL of the target.
func at(url string) func(*Options) {
	return func(o *Options) { withoutOperator(o); o.URLs = []string{url} }
}

// foreignTargets returns targets that are down or are not a wallet.
func foreignTargets(t *testing.T) []badTarget {
	answering := func(h http.HandlerFunc) func(*Options) {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return at(s.URL)
	}
	return []badTarget{
		{"nothing listens", down, rig{options: at("http://127.0.0.1:1")}},
		{"it accepts connections but never answers", down, rig{options: func(o *Options) {
			answering(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() })(o)
			s := *o.Scenario
			s.People.Client.Timeout = 20 * time.Millisecond
			o.Scenario = &s
		}}},
		{"it is a web site", notWallet, rig{options: answering(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>It works!</html>")
		})}},
		{"it has no such paths", notWallet, rig{options: answering(http.NotFound)}},
	}
}

// targetsOfTLS returns targets whose use of TLS differs from the URL.
func targetsOfTLS() []badTarget {
	return []badTarget{
		{"its certificate has no trusted issuer", wrongTLS, rig{tls: true, options: withoutOperator}},
		{"it does not speak TLS", wrongTLS, rig{options: func(o *Options) { withoutOperator(o); o.URLs[0] = strings.Replace(o.URLs[0], "http:", "https:", 1) }}},
		{"it speaks TLS but is called without it", notWallet, rig{tls: true, options: func(o *Options) { withoutOperator(o); o.URLs[0] = strings.Replace(o.URLs[0], "https:", "http:", 1) }}},
	}
}

// deniedTargets returns targets that deny the load test.
func deniedTargets() []badTarget {
	return []badTarget{
		{"it does not know the key", denied, rig{options: withoutOperator, keys: func(k auth.Keys) auth.Keys { k.Callers[0].ID = "who"; return k }}},
		{"the key is wrong", denied, rig{options: withoutOperator, keys: func(k auth.Keys) auth.Keys { k.Callers[0].Secret = auth.NewSecret(); return k }}},
		{"the session key is wrong", denied, rig{options: withoutOperator, keys: func(k auth.Keys) auth.Keys { k.SessionKey = auth.NewSecret(); return k }}},
		{"the operator's key is wrong", denied, rig{keys: func(k auth.Keys) auth.Keys {
			for i := range k.Operators {
				k.Operators[i].Secret = auth.NewSecret()
			}
			return k
		}}},
		{"it does not accept the load-test mark", noLoadTest, rig{options: withoutOperator, ports: func(p *server.Ports) { p.Shadow = nil }}},
	}
}

// otherActivities returns targets with another activity.
func otherActivities(t *testing.T) []badTarget {
	other := festival(t, quick)
	other.Windows[0].Scene = "autumn"
	foreign := festival(t, quick)
	foreign.Activity.Parent = "autumn-2022"
	return []badTarget{
		{"it does not know the scene", otherActivity, rig{options: func(o *Options) { withoutOperator(o); o.Scenario = other }}},
		{"it does not know the activity", otherActivity, rig{options: func(o *Options) { withoutOperator(o); o.Scenario = foreign }}},
		{"its operator names another activity", otherActivity, rig{options: func(o *Options) { o.Scenario = foreign }}},
	}
}

// unreliableTargets returns targets with a wrong clock or lost answers.
func unreliableTargets() []badTarget {
	return []badTarget{
		{"its clock is wrong by its Date header", wrongClock, rig{options: withoutOperator, edge: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
				next.ServeHTTP(w, r)
			})
		}}},
		{"its clock is wrong by its operator's status", wrongClock, rig{ports: func(p *server.Ports) { p.Clock = lateClock{} }}},
		{"it answers one of ten", down, rig{options: withoutOperator, edge: func(next http.Handler) http.Handler {
			var n atomic.Int64
			return edge("WalletPage", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if n.Add(1)%10 == 1 {
					next.ServeHTTP(w, r)
				}
			})(next)
		}}},
	}
}

// lateClock is half a minute slow.
type lateClock struct{}

func (lateClock) Now() wallet.Instant { return clock{}.Now().Add(-30 * time.Second) }

// The URL of a target may contain a password, which no message shows.
func TestTargetErrorsShowNoPassword(t *testing.T) {
	require.NotContains(t, problem(t.Context(), "http://me:secret@host", wallet.ErrUnavailable).Error(), "secret")
	require.NotContains(t, problem(t.Context(), "http://me:secret@host:%zz", wallet.ErrUnavailable).Error(), "secret")
}

// After the preparation everybody whose phone joins two wallets has bound it, and nothing is granted.
func TestPrepareBindsPhonesAndGrantsNothing(t *testing.T) {
	t.Parallel()
	r := rig{}
	run := r.start(t)
	var last, total atomic.Int64
	require.NoError(t, run.Prepare(t.Context(), func(done, of int64) { last.Store(max(last.Load(), done)); total.Store(of) }))
	require.Equal(t, total.Load(), last.Load())
	require.NotZero(t, total.Load())
	s, err := run.shadow.Status(t.Context())
	require.NoError(t, err)
	require.Zero(t, reservedOf(s))

	bound := int64(0)
	run.winners(func(p int64) bool {
		persona := run.traffic.Persona(p)
		var first [wallet.ToutiaoFamily + 1]wallet.App
		for _, app := range persona.Apps[:persona.Held] {
			first[app.Family()] = app
		}
		if !persona.HasPhone || first[wallet.DouyinFamily] == 0 || first[wallet.ToutiaoFamily] == 0 {
			return true
		}
		bound++
		r := wallet.GrantRequest{Activity: run.activity.Parent, Scene: run.scenario.Windows[0].Scene, Rain: 77, Award: wallet.Cash, Amount: 1, Opened: wallet.InstantOf(time.Now())}
		var won [2]wallet.GrantReply
		for i, f := range []wallet.Family{wallet.DouyinFamily, wallet.ToutiaoFamily} {
			r.Caller = run.caller(uint32(p), first[f])
			won[i], err = run.shadow.Grant(t.Context(), r)
			require.NoError(t, err)
		}
		require.Equal(t, won[0].Order, won[1].Order, "one person in both account systems")
		return true
	})
	require.Positive(t, bound)
	require.Equal(t, bound, total.Load())
}

func reservedOf(s server.Status) (sum wallet.Money) {
	for _, b := range s.Budgets {
		sum += b.Reserved
	}
	return sum
}

// A preparation stops when its context is cancelled.
func TestPrepareStops(t *testing.T) {
	t.Parallel()
	run := rig{}.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run.Prepare(ctx, nil), context.Canceled)
	ctx, cancel = context.WithCancel(t.Context())
	run.options.Operator = nil
	err := run.bindPhones(ctx, nil)
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, run.bindPhones(ctx, nil), context.Canceled)
}

// Invalid options are refused.
func TestNewRefuses(t *testing.T) {
	for why, change := range map[string]func(*Options){
		"no scenario":                func(o *Options) { o.Scenario = nil },
		"no window":                  func(o *Options) { o.Scenario.Windows = nil },
		"no official stage":          func(o *Options) { o.Scenario.Activity.Children[0].Stage = wallet.ExternalDrill },
		"no target":                  func(o *Options) { o.URLs = nil },
		"a target that is not a URL": func(o *Options) { o.URLs = []string{"localhost"} },
		"an amount above the cap":    func(o *Options) { o.Scenario.Windows[0].Amount[0].Max = 8_801 },
		"no people":                  func(o *Options) { o.Scenario.People.Count = 0 },
		"too many people":            func(o *Options) { o.Scenario.People.Count = 1 << 32 },
		"clients without tries":      func(o *Options) { o.Scenario.People.Client.Tries = 0 },
		"clients without a timeout":  func(o *Options) { o.Scenario.People.Client.Timeout = 0 },
		"too many grants": func(o *Options) {
			o.Scenario.People.Count = 100_000_000
			o.Scenario.Windows[0].Rate = []scenarios.Point{{At: 0, Rate: scenarios.Ratio{Num: 1_000_000, Den: 1}}, {At: time.Minute, Rate: scenarios.Ratio{Num: 1_000_000, Den: 1}}}
		},
	} {
		o := Options{Scenario: festival(t, nil), URLs: []string{"http://127.0.0.1:1"}}
		change(&o)
		_, err := New(o)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
}

// The fast transport, with two instances, gives the same results as the default client.
func TestOverTheFastTransport(t *testing.T) {
	t.Parallel()
	var transports []*attack.Transport
	r := rig{options: func(o *Options) {
		o.URLs = append(o.URLs, o.URLs[0])
		o.HTTP = func(url string) (Doer, error) {
			tr, err := attack.NewTransport(attack.TransportConfig{URL: url})
			transports = append(transports, tr)
			return tr, err
		}
	}}
	run, a := r.play(t)
	for _, c := range a.Checks {
		require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
	require.Len(t, transports, 2)
	require.Equal(t, run.scenario.Grants(), run.report.Kinds[Grant].OK)
	for _, tr := range transports {
		tr.CloseIdleConnections()
	}
}
