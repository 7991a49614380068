package world

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkSleep measures the world alone: processes that sleep random spans, so that nearly every step switches processes.
// One operation is one step.
func BenchmarkSleep(b *testing.B) {
	for _, processes := range []int{1, 1_000, 100_000} {
		b.Run(fmt.Sprintf("processes=%d", processes), func(b *testing.B) {
			w := New(1, time.Unix(0, 0))
			defer w.Close()
			spans := w.Stream("spans")
			for range processes {
				w.Go(0, func() {
					for {
						w.Sleep(time.Duration(1 + spans.IntN(int64(time.Second))))
					}
				})
			}
			w.RunUntil(int64(time.Second)) // every process has its stack by now
			first := w.Steps()
			b.ReportAllocs()
			b.ResetTimer()
			w.Run(func() bool { return w.Steps()-first >= int64(b.N) })
			b.StopTimer()
			b.ReportMetric(float64(w.Steps()-first)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}

// BenchmarkGo measures the same spans as scheduled starts instead of sleeps. A long wait is better scheduled than slept,
// because a scheduled function holds no stack.
func BenchmarkGo(b *testing.B) {
	const scheduled = 100_000
	w := New(1, time.Unix(0, 0))
	defer w.Close()
	spans := w.Stream("spans")
	var again func()
	again = func() { w.Go(w.Now()+1+spans.IntN(int64(time.Second)), again) }
	for range scheduled {
		w.Go(0, again)
	}
	w.RunUntil(int64(time.Second))
	first := w.Steps()
	b.ReportAllocs()
	b.ResetTimer()
	w.Run(func() bool { return w.Steps()-first >= int64(b.N) })
	b.ReportMetric(float64(w.Steps()-first)/b.Elapsed().Seconds(), "steps/s")
}

// BenchmarkRequests measures short-lived processes with three sleeps and one gate each, like a grant.
func BenchmarkRequests(b *testing.B) {
	w := New(1, time.Unix(0, 0))
	defer w.Close()
	spans := w.Stream("spans")
	var posted Gate
	request := func() {
		for range 3 {
			w.Sleep(time.Duration(1 + spans.IntN(int64(time.Millisecond))))
		}
		w.Wait(&posted)
	}
	arrivals := 0
	var arrive func()
	arrive = func() {
		w.Go(w.Now(), request)
		w.Release(&posted, 1)
		if arrivals++; arrivals < b.N {
			w.At(w.Now()+1000, arrive)
		}
	}
	w.At(0, arrive)
	b.ReportAllocs()
	w.Run(nil)
	b.ReportMetric(float64(w.Steps())/b.Elapsed().Seconds(), "steps/s")
}
