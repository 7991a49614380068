package loadtest

import (
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/loadtest/attack"
	"hongbao/loadtest/crowd"
	"hongbao/loadtest/judge"
	"hongbao/reports"
)

// account converts the generator's counts into the record.
func account(l *reports.Load, r *attack.Report) {
	l.StartedAt = r.Started
	for i, k := range r.Kinds {
		if k.Scheduled == 0 && i > int(crowd.Bind) {
			continue // a scenario with cash only has nothing to use, send or open
		}
		o := reports.Operation{Name: k.Name, Offered: offered(k), Corrected: reports.LatencyOf(k.Corrected), Uncorrected: reports.LatencyOf(k.Uncorrected)}
		if second, due, took := busiest(r, i); due > 0 {
			o.Busiest = &reports.Busiest{Second: int64(second), Offered: due, Corrected: reports.LatencyOf(took)}
		}
		l.Operations = append(l.Operations, o)
	}
	l.Seconds = seconds(r)
	l.Generator = generator(r)
}

// measured converts the same counts for the judge of thresholds.
func measured(window string, r *attack.Report) judge.Measured {
	m := judge.Measured{Window: window, Operations: map[string]judge.Operation{}}
	for i, k := range r.Kinds {
		_, due, took := busiest(r, i)
		m.Operations[k.Name] = judge.Operation{Offered: offered(k), Corrected: k.Corrected, Busiest: judge.Latencies{Due: due, Took: took}}
	}
	return m
}

func offered(k attack.Kind) reports.Offered {
	return reports.Offered{Scheduled: k.Scheduled, Sent: k.Sent, Unsent: k.Unsent, OK: k.OK, Refused: k.Refused, Failed: k.Failed, InFlight: k.InFlight}
}

// busiest returns the second in which most operations of a kind were due, their number, and their latencies.
func busiest(r *attack.Report, kind int) (second int, due int64, took *hdrhistogram.Histogram) {
	for i, s := range r.SecondsOf(kind) {
		if s.Offered > due {
			second, due = i, s.Offered
		}
	}
	at := time.Duration(second) * time.Second
	return second, due, r.Between(kind, at, at+time.Second)
}

// seconds lists the run second by second, for all kinds together.
func seconds(r *attack.Report) (out reports.SecondsSeries) {
	n := len(r.Seconds)
	for _, list := range []*[]int64{&out.Offered, &out.Sent, &out.Done, &out.Failed, &out.P50US, &out.P99US, &out.MaxUS} {
		*list = make([]int64, 0, n)
	}
	for _, s := range r.Seconds {
		out.Offered = append(out.Offered, s.Offered)
		out.Sent = append(out.Sent, s.Sent)
		out.Done = append(out.Done, s.Done)
		out.Failed = append(out.Failed, s.Failed)
		out.P50US = append(out.P50US, s.P50.Microseconds())
		out.P99US = append(out.P99US, s.P99.Microseconds())
		out.MaxUS = append(out.MaxUS, s.Max.Microseconds())
	}
	return out
}

// generator returns the health of the generator.
func generator(r *attack.Report) reports.Generator {
	h := r.Health
	g := reports.Generator{
		Workers: int(h.Workers), LatenessP50US: h.Lateness.ValueAtQuantile(50), LatenessP99US: h.Lateness.ValueAtQuantile(99), LatenessMaxUS: h.Lateness.Max(),
		CPUS: h.CPU.Seconds(), CPUCores: h.CPUShare * float64(h.Processors), GCPauseMS: float64(h.GCPause.Microseconds()) / 1000,
		Saturated: len(h.Saturated) > 0, Why: strings.Join(h.Saturated, "; "),
	}
	for _, j := range h.Jumps {
		g.ClockJumpMS = max(g.ClockJumpMS, float64(j.By.Abs().Milliseconds()))
	}
	return g
}
