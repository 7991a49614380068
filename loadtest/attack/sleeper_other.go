//go:build !linux

package attack

import "time"

// timerfdSleeper exists on Linux only.
type timerfdSleeper struct{}

func newTimerfdSleeper() *timerfdSleeper { return nil }

func (*timerfdSleeper) sleep(time.Duration) error { return nil }

func (*timerfdSleeper) close() {}
