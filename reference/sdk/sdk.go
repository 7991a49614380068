// Package sdk is the base SDK (B6): plays and pages use it to query a person's money and the running total within their
// own process. Only the stores are reached over the network, and for the running total not even those: at festival rates
// a network hop would cost more than the query.
//
// Units: fen. Its results are those of the wallet page, so the two never disagree, and it works with every posting
// strategy. wallet.ErrUnavailable: a source cannot be read, so the result would be too small. It stores nothing, and must
// not grant or pay.
//
// A program with a wallet in its process has an SDK in service.Wallet; the example of that type queries it.
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

// Pages is wallet.Service's Page. If the request sets Withdraw, what is due is posted first.
type Pages interface {
	Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error)
}

// Ports holds what the SDK needs.
type Ports struct {
	Pages  Pages                // an instance of the wallet service
	Totals *runningtotal.Reader // refreshed by a runner; nil: RunningTotal returns false

	Coupons Coupons // nil: Stock returns ErrUnavailable
}

// SDK answers queries. Safe for concurrent use.
type SDK struct{ ports Ports }

// New returns an SDK. ErrInvalid: p.Pages is nil.
func New(p Ports) (*SDK, error) {
	if p.Pages == nil {
		return nil, fmt.Errorf("%w: sdk: no pages", wallet.ErrInvalid)
	}
	return &SDK{p}, nil
}

// top is just below the top of the list and above every real entry. A page from there holds the same grants as the
// first page, without the withdrawals, which the SDK does not need.
func top() wallet.Cursor { return wallet.Cursor{Opened: wallet.Never} }

// Balance returns what the person may withdraw in the present stage, posted or not. ErrUnavailable: a source cannot be
// read, so the sum would be too small. Other errors are those of Page.
func (s *SDK) Balance(ctx context.Context, c wallet.Caller) (wallet.Money, error) {
	page, err := s.whole(ctx, c)
	return page.Balance, err
}

// Income returns all that the person has won in the present stage. Errors as for Balance.
func (s *SDK) Income(ctx context.Context, c wallet.Caller) (wallet.Money, error) {
	page, err := s.whole(ctx, c)
	return page.Income, err
}

// HasWon reports whether the person has won any cash in the present stage. It reads only the first grant, and one grant
// in any source is enough. ErrUnavailable: a source cannot be read and the others have no grant. Other errors are those
// of Page.
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

// ForcePost posts what is due to the person now, before the rest of the backlog (T6). tokens are the person's copies,
// if available; at most wallet.MaxClientTokens. Idempotent. After an error part of it may be posted: repeat.
func (s *SDK) ForcePost(ctx context.Context, c wallet.Caller, tokens [][]byte) error {
	_, err := s.ports.Pages.Page(ctx, wallet.PageRequest{Caller: c, After: top(), Limit: 1, Tokens: tokens, Withdraw: true})
	return err
}

// RunningTotal returns all that was granted in the stage, as this process last read it; false: nothing was read yet. It
// only grows. It takes some nanoseconds, does not block and allocates nothing.
func (s *SDK) RunningTotal(stage wallet.Stage) (wallet.Money, bool) {
	if s.ports.Totals == nil {
		return 0, false
	}
	return s.ports.Totals.Total(stage)
}

// AwaitRunningTotal is RunningTotal for a first read: if the process has not read the total yet, it reads the central
// store and waits (R3). ErrUnavailable: there is no Totals port, or the store cannot be read. ErrInvalid: the
// stage is not tracked.
func (s *SDK) AwaitRunningTotal(ctx context.Context, stage wallet.Stage) (wallet.Money, error) {
	if s.ports.Totals == nil {
		return 0, fmt.Errorf("sdk: no totals port: %w", wallet.ErrUnavailable)
	}
	return s.ports.Totals.TotalOrFetch(ctx, stage)
}

// page reads the person's sums and first grant.
func (s *SDK) page(ctx context.Context, c wallet.Caller) (wallet.Page, error) {
	return s.ports.Pages.Page(ctx, wallet.PageRequest{Caller: c, After: top(), Limit: 1})
}

// whole returns page, or an error when a source is missing.
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

// missing returns ErrUnavailable when a source with the person's winnings could not be read.
func missing(p wallet.Page) error {
	if slices.Contains(p.Missing, walletpage.SourceTokens) || slices.Contains(p.Missing, walletpage.SourceLedger) {
		return fmt.Errorf("sdk: cannot be read: %s: %w", strings.Join(p.Missing, ", "), wallet.ErrUnavailable)
	}
	return nil
}
