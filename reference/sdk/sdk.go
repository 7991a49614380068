// Package sdk is the base SDK (B6): what plays and pages ask about a person's money and about the running total, answered
// in the asker's own process. There is no hop over a network but the stores' own, and none at all for the running total:
// at festival rates the hop would cost more than the answer.
//
// Units: fen. It asks what the wallet page would show, so an answer here and the page never disagree, and it works for
// any posting strategy. It keeps nothing, and it must not grant or pay.
package sdk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hongbao/reference/runningtotal"
	"hongbao/reference/wallet"
	"hongbao/reference/walletpage"
)

// Pages answers as wallet.Service's Page does: for a request that says Withdraw, what is due is posted first.
type Pages interface {
	Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error)
}

// Ports is what the SDK stands on.
type Ports struct {
	Pages  Pages                // an instance of the wallet service
	Totals *runningtotal.Reader // refreshed by a runner; nil: RunningTotal has no answer

	Coupons Coupons // nil: Stock has no answer
}

// SDK answers queries. Safe for concurrent use.
type SDK struct{ ports Ports }

// New returns an SDK. ErrInvalid when there are no pages to read.
func New(p Ports) (*SDK, error) {
	if p.Pages == nil {
		return nil, fmt.Errorf("%w: sdk: no pages", wallet.ErrInvalid)
	}
	return &SDK{p}, nil
}

// top is just below the top of a list that any real entry is in: a page from here on holds the same grants as the first
// one, without the withdrawals, which nobody here asks for.
func top() wallet.Cursor { return wallet.Cursor{Opened: wallet.Never} }

// Balance returns what the person may withdraw in the present stage, posted or not. ErrUnavailable: a source cannot be
// read, so the sum would be too small. Other errors are the page's.
func (s *SDK) Balance(ctx context.Context, c wallet.Caller) (wallet.Money, error) {
	page, err := s.whole(ctx, c)
	return page.Balance, err
}

// Income returns all that the person has won in the present stage. Errors as Balance.
func (s *SDK) Income(ctx context.Context, c wallet.Caller) (wallet.Money, error) {
	page, err := s.whole(ctx, c)
	return page.Income, err
}

// HasWon says whether the person has won any cash in the present stage; it looks no further than the first grant. One
// grant that is seen answers for all sources, so ErrUnavailable is only for a source that cannot be read while the others
// have nothing. Other errors are the page's.
func (s *SDK) HasWon(ctx context.Context, c wallet.Caller) (bool, error) {
	page, err := s.page(ctx, c)
	if err != nil {
		return false, err
	}
	if len(page.Grants) > 0 {
		return true, nil
	}
	return false, missing(page)
}

// ForcePost posts what is due to the person now, past everybody else's backlog (T6). The tokens are the person's copies,
// where they are at hand; at most wallet.MaxClientTokens. Idempotent; after an error some of it may be posted: repeat.
func (s *SDK) ForcePost(ctx context.Context, c wallet.Caller, tokens [][]byte) error {
	_, err := s.ports.Pages.Page(ctx, wallet.PageRequest{Caller: c, After: top(), Limit: 1, Tokens: tokens, Withdraw: true})
	return err
}

// RunningTotal returns all that was granted in the stage, as this process last heard of it, and whether it ever has. It
// only grows. It takes some nanoseconds, waits for nothing and allocates nothing.
func (s *SDK) RunningTotal(stage wallet.Stage) (wallet.Money, bool) {
	if s.ports.Totals == nil {
		return 0, false
	}
	return s.ports.Totals.Total(stage)
}

// AwaitRunningTotal is RunningTotal for a first read: where the process has not heard of the total yet, it asks the central
// store and waits (R3). ErrUnavailable: there are no totals here, or they cannot be read. ErrInvalid: not of this stage.
func (s *SDK) AwaitRunningTotal(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
	if s.ports.Totals == nil {
		return 0, fmt.Errorf("sdk: no running total: %w", wallet.ErrUnavailable)
	}
	return s.ports.Totals.Await(ctx, stage)
}

// page reads the person's sums and first grant.
func (s *SDK) page(ctx context.Context, c wallet.Caller) (wallet.Page, error) {
	return s.ports.Pages.Page(ctx, wallet.PageRequest{Caller: c, After: top(), Limit: 1})
}

// whole is page, or an error when it lacks a source.
func (s *SDK) whole(ctx context.Context, c wallet.Caller) (wallet.Page, error) {
	page, err := s.page(ctx, c)
	if err == nil {
		err = missing(page)
	}
	if err != nil {
		return wallet.Page{}, err
	}
	return page, nil
}

// missing returns ErrUnavailable when a source that holds the person's winnings could not be read.
func missing(p wallet.Page) error {
	if slices.Contains(p.Missing, walletpage.SourceTokens) || slices.Contains(p.Missing, walletpage.SourceLedger) {
		return fmt.Errorf("sdk: cannot be read: %s: %w", strings.Join(p.Missing, ", "), wallet.ErrUnavailable)
	}
	return nil
}
