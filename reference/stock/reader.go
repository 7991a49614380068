package stock

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// Reader is the SDK's view of stocks (C2): what was issued, as it was last read, so that a million upstream calls a
// second cost one read a template and process and interval. It is safe for concurrent use.
type Reader struct {
	stocks    wallet.Stocks
	templates []wallet.Template

	mu     sync.Mutex
	issued map[wallet.Template]int64
}

// NewReader returns a reader of these templates that has read nothing yet.
func NewReader(s wallet.Stocks, templates []wallet.Template) *Reader {
	return &Reader{stocks: s, templates: slices.Clone(templates), issued: map[wallet.Template]int64{}}
}

// Refresh reads all templates once. Call it before the first question and then every interval, from one place. What
// could not be read stays as it was.
func (r *Reader) Refresh(ctx context.Context) error {
	var failed error
	for _, t := range r.templates {
		n, err := r.stocks.Issued(ctx, t)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		r.mu.Lock()
		r.issued[t] = n
		r.mu.Unlock()
	}
	return failed
}

// Issued returns the count as it was last read; ok is false when it never was.
func (r *Reader) Issued(t wallet.Template) (issued int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	issued, ok = r.issued[t]
	return issued, ok
}
