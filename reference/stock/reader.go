package stock

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// Reader caches the issued counts of stocks for callers in the same process (C2), so that a million upstream calls a
// second cost one read per template, process and interval. Safe for concurrent use.
type Reader struct {
	stocks    wallet.Stocks
	templates []wallet.Template

	mu     sync.Mutex
	issued map[wallet.Template]int64
	asked  map[wallet.Template]bool // asked for since the last Refresh
}

// NewReader returns a reader of these templates. It has read nothing yet.
func NewReader(s wallet.Stocks, templates []wallet.Template) *Reader {
	return &Reader{stocks: s, templates: slices.Clone(templates), issued: map[wallet.Template]int64{}, asked: map[wallet.Template]bool{}}
}

// Refresh reads the templates that were never read, or that were asked for since the last call. Call it before the
// first use and then every interval, from one goroutine. A template that cannot be read keeps its old count, and is
// read again by the next call.
func (r *Reader) Refresh(ctx context.Context) error {
	var failed error
	for _, t := range r.templates {
		if !r.due(t) {
			continue
		}
		failed = errors.Join(failed, r.read(ctx, t))
	}
	return failed
}

func (r *Reader) read(ctx context.Context, t wallet.Template) error {
	n, err := r.stocks.Issued(ctx, t)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issued[t] = n
	delete(r.asked, t)
	return nil
}

func (r *Reader) due(t wallet.Template) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.issued[t]
	return !known || r.asked[t]
}

// First returns the count by the last reading, and reads it if there was none, so that a new instance does not take an
// empty stock for a full one. ok is false if it could not be read.
func (r *Reader) First(ctx context.Context, t wallet.Template) (issued int64, ok bool) {
	if issued, ok = r.Issued(t); ok || r.read(ctx, t) != nil {
		return issued, ok
	}
	return r.Issued(t)
}

// Issued returns the count by the last reading; ok is false if there was none.
func (r *Reader) Issued(t wallet.Template) (issued int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	issued, ok = r.issued[t]
	r.asked[t] = true
	return issued, ok
}
