package k6

import (
	"time"

	"go.k6.io/k6/js/modules"
	"go.k6.io/k6/metrics"
)

// The metrics' names.
const (
	metricGrants     = "hongbao_grants"
	metricRefused    = "hongbao_refused"
	metricFailed     = "hongbao_failed"
	metricCalls      = "hongbao_calls"
	metricLatency    = "hongbao_latency"
	metricViolations = "hongbao_violations"
	metricChecks     = "hongbao_checks_evaluated"
	metricUnknown    = "hongbao_checks_unknown"
	metricDrained    = "hongbao_drained_seconds"
	metricUnsent     = "hongbao_unsent"
)

// meter is the extension's metrics.
type meter struct {
	grants     *metrics.Metric // Counter: wins that the service acknowledged
	refused    *metrics.Metric // Rate: calls that were finally refused, by operation and reason
	failed     *metrics.Metric // Rate: calls without an answer, or with an unreadable one, by operation
	calls      *metrics.Metric // Counter: calls that ended, including their repeats, by operation
	latency    *metrics.Metric // Trend: duration of one call, including its repeats, ms, by operation
	violations *metrics.Metric // Counter: violations found by the oracle and the audit
	checks     *metrics.Metric // Counter: checks that the audit evaluated
	unknown    *metrics.Metric // Gauge: checks that it could not evaluate
	drained    *metrics.Metric // Gauge: seconds from the end of the load until no work was left
	unsent     *metrics.Metric // Gauge: share of the scheduled wins that were not sent
}

// newMeter registers the metrics. Registering the same metric twice returns the same one.
func newMeter(r *metrics.Registry) (*meter, error) {
	m := &meter{}
	for _, x := range []struct {
		to   **metrics.Metric
		name string
		kind metrics.MetricType
		of   metrics.ValueType
	}{
		{&m.grants, metricGrants, metrics.Counter, metrics.Default},
		{&m.refused, metricRefused, metrics.Rate, metrics.Default},
		{&m.failed, metricFailed, metrics.Rate, metrics.Default},
		{&m.calls, metricCalls, metrics.Counter, metrics.Default},
		{&m.latency, metricLatency, metrics.Trend, metrics.Time},
		{&m.violations, metricViolations, metrics.Counter, metrics.Default},
		{&m.checks, metricChecks, metrics.Counter, metrics.Default},
		{&m.unknown, metricUnknown, metrics.Gauge, metrics.Default},
		{&m.drained, metricDrained, metrics.Gauge, metrics.Default},
		{&m.unsent, metricUnsent, metrics.Gauge, metrics.Default},
	} {
		var err error
		if *x.to, err = r.NewMetric(x.name, x.kind, x.of); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// reading is one value of one metric.
type reading struct {
	of    *metrics.Metric
	value float64
	tags  []string // names and values in turn
}

// push sends readings to k6, with the tags of the VU.
func push(vu modules.VU, readings ...reading) {
	state := vu.State()
	if state == nil || state.Samples == nil {
		return
	}
	now, base := time.Now(), state.Tags.GetCurrentValues()
	samples := make(metrics.Samples, 0, len(readings))
	for _, r := range readings {
		tags := base.Tags
		for i := 0; i+1 < len(r.tags); i += 2 {
			tags = tags.With(r.tags[i], r.tags[i+1])
		}
		samples = append(samples, metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: r.of, Tags: tags},
			Time: now, Metadata: base.Metadata, Value: r.value})
	}
	// Not under the VU's context: a call that returned as the test ended was sent, and counts.
	state.Samples <- samples
}
