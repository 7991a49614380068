package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hongbao/reference/wallet"
)

// Metrics holds the service's metrics in a separate registry. Its methods record events and never block.
// deploy/grafana/hongbao.json shows exactly these names.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	panics   prometheus.Counter

	backlogDepth prometheus.Gauge
	backlogAge   prometheus.Gauge
	openOrders   prometheus.Gauge
	batch        prometheus.Histogram
	budgetLeft   *prometheus.GaugeVec
	orphaned     *prometheus.GaugeVec
	alarms       *prometheus.CounterVec
	tokens       *prometheus.CounterVec
	ready        prometheus.Gauge
	switches     *prometheus.GaugeVec
	breakers     *prometheus.GaugeVec
}

// latencyBuckets ranges from 100 µs to 13 s. Each bound is √2 times the previous one, so a quantile read from the
// middle of a bucket is off by at most a fifth.
func latencyBuckets() []float64 { return prometheus.ExponentialBuckets(100e-6, 1.4142135623730951, 35) }

// NewMetrics returns metrics at zero.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = counters(m, "hongbao_requests_total", "Requests by method and outcome: ok, or the reason of the refusal.", "method", "reason")
	m.seconds = add(m, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "hongbao_request_seconds",
		Help: "From the request's headers to the last byte of the response.", Buckets: latencyBuckets()}, []string{"method"}))
	m.inFlight = gauges(m, "hongbao_in_flight", "Requests in progress.", "audience")
	m.panics = add(m, prometheus.NewCounter(prometheus.CounterOpts{Name: "hongbao_panics_total", Help: "Requests that panicked."}))
	m.backlogDepth = gauge(m, "hongbao_backlog_depth", "Postings that are not in the ledger yet.")
	m.backlogAge = gauge(m, "hongbao_backlog_age_seconds", "Age of the oldest posting in the backlog.")
	m.openOrders = gauge(m, "hongbao_open_orders", "Recorded orders that are neither posted nor void.")
	m.batch = add(m, prometheus.NewHistogram(prometheus.HistogramOpts{Name: "hongbao_batch_size",
		Help: "Credits in one posting.", Buckets: prometheus.ExponentialBuckets(1, 2, 11)}))
	m.budgetLeft = gauges(m, "hongbao_budget_left_fen", "Budget that no instance has leased.", "stage")
	m.orphaned = gauges(m, "hongbao_budget_stranded_fen", "Budget leased to lost instances; it cannot be granted until an audit.", "stage")
	m.alarms = counters(m, "hongbao_alarms_total", "Alarms; each kind has a line in the runbook.", "kind")
	m.tokens = counters(m, "hongbao_tokens_refused_total", "Client tokens that were refused.", "reason")
	m.ready = gauge(m, "hongbao_ready", "1 while this instance is ready.")
	m.switches = gauges(m, "hongbao_switch_on", "1 while a degrade switch is on at this instance, turned on by an operator or tripped.", "switch")
	m.breakers = gauges(m, "hongbao_breaker_open", "1 while a system's breaker is not closed.", "system")
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, kind := range alarmKinds() {
		m.alarms.WithLabelValues(string(kind)) // start at zero, so that the first alarm is an increase
	}
	return m
}

// alarmKinds lists the alarms.
func alarmKinds() []wallet.AlarmKind {
	return []wallet.AlarmKind{wallet.AlarmPostingRefused, wallet.AlarmNotOnRecord, wallet.AlarmPayoutConflict, wallet.AlarmPacketMove,
		wallet.AlarmForgedTokens, wallet.AlarmReconciliation}
}

func add[C prometheus.Collector](m *Metrics, c C) C {
	m.registry.MustRegister(c)
	return c
}

func gauge(m *Metrics, name, help string) prometheus.Gauge {
	return add(m, prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help}))
}

func gauges(m *Metrics, name, help string, labels ...string) *prometheus.GaugeVec {
	return add(m, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels))
}

func counters(m *Metrics, name, help string, labels ...string) *prometheus.CounterVec {
	return add(m, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
}

// Alarm counts an alarm.
func (m *Metrics) Alarm(kind wallet.AlarmKind) { m.alarms.WithLabelValues(string(kind)).Inc() }

// Batch records a posting of n credits. Empty postings are not recorded.
func (m *Metrics) Batch(n int) {
	if n > 0 {
		m.batch.Observe(float64(n))
	}
}

// Status records the service's state. An unknown age leaves the last value.
func (m *Metrics) Status(s Status) {
	m.backlogDepth.Set(float64(s.Backlog))
	if s.BacklogAge >= 0 {
		m.backlogAge.Set(s.BacklogAge.Seconds())
	}
	m.openOrders.Set(float64(s.OpenOrders))
	for _, b := range s.Budgets {
		m.budgetLeft.WithLabelValues(b.Stage.String()).Set(float64(b.Budget - b.Leased))
		m.orphaned.WithLabelValues(b.Stage.String()).Set(float64(b.Orphaned))
	}
}

// Switch records whether a degrade switch is on.
func (m *Metrics) Switch(name wallet.Switch, on bool) {
	m.switches.WithLabelValues(string(name)).Set(asNumber(on))
}

// Breaker records whether a system's breaker is open.
func (m *Metrics) Breaker(system string, open bool) {
	m.breakers.WithLabelValues(system).Set(asNumber(open))
}

func asNumber(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// tokenRefused counts a refused client token.
func (m *Metrics) tokenRefused(err error) { m.tokens.WithLabelValues(wallet.ReasonOf(err)).Inc() }

// handler serves the metrics in Prometheus' format.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// meter holds one method's metrics.
type meter struct {
	seconds prometheus.Observer
	ok      prometheus.Counter
	others  *prometheus.CounterVec
}

func (m *Metrics) meter(method string) meter {
	return meter{m.seconds.WithLabelValues(method), m.requests.WithLabelValues(method, "ok"),
		m.requests.MustCurryWith(prometheus.Labels{"method": method})}
}

// done records one request.
func (m meter) done(reason string, took time.Duration) {
	m.seconds.Observe(took.Seconds())
	if reason == "ok" {
		m.ok.Inc()
		return
	}
	m.others.WithLabelValues(reason).Inc()
}
