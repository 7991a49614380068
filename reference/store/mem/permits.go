package mem

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// maxPermitNames bounds the names of permits: limits are configured, and there are dozens.
const maxPermitNames = 4096

// Permits counts permits. For each name it stores the latest window: an earlier one has nothing left.
type Permits struct {
	mu    sync.Mutex
	names map[string]*permitWindow
}

type permitWindow struct{ window, taken int64 }

var _ wallet.Permits = (*Permits)(nil)

// NewPermits returns a store in which no permit is taken.
func NewPermits() *Permits { return &Permits{names: map[string]*permitWindow{}} }

// Take implements wallet.Permits. ErrOverloaded: too many names.
func (s *Permits) Take(_ context.Context, name string, window, want, limit int64) (took, left int64, err error) {
	if err := wallet.ValidPermits(name, want, limit); err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.names[name]
	switch {
	case w == nil && len(s.names) >= maxPermitNames:
		return 0, 0, fmt.Errorf("mem: permits of %d names: %w", len(s.names), wallet.ErrOverloaded)
	case w == nil:
		w = &permitWindow{window: window}
		s.names[name] = w
	case window > w.window:
		*w = permitWindow{window: window}
	case window < w.window:
		return 0, 0, nil
	}
	took = min(want, max(0, limit-w.taken))
	w.taken += took
	return took, max(0, limit-w.taken), nil
}
