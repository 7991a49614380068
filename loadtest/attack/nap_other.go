//go:build !linux

package attack

import "time"

// napper would wait more exactly than time.Sleep; here there is none.
type napper struct{}

func newNapper() *napper { return nil }

func (*napper) nap(time.Duration) error { return nil }

func (*napper) close() {}
