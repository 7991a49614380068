// Package identity is the account centre: it tells which person stands behind a user of an app (B2).
//
// The two account systems number their users on their own, so only a phone number joins accounts: all accounts bound
// to one phone are one person with one ActID, and every reward hangs on that. Binding a phone later, or another one,
// loses nothing: rules.go says what becomes of the wallets.
//
// It keeps no state of its own, it never merges balances or moves money (a joined wallet stays a wallet, listed as
// former), and it does not check that the caller may use the phone: the edge has done that.
package identity

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// maxTries bounds how often a change is worked out afresh because somebody else changed the same account or phone
// meanwhile. Only binds of one phone collide, and one of any two that do succeeds, so a person with eight apps open
// at once needs at most as many tries as there are apps.
const maxTries = wallet.Apps

// maxPhone is the largest phone number: 15 digits, country code included (ITU-T E.164).
const maxPhone wallet.Phone = 999_999_999_999_999

// Service answers who stands behind an account. It is safe for concurrent use if its store is.
type Service struct {
	store wallet.IdentityStore
	clock wallet.Clock
}

// New returns a service over the store. The clock tells when an account leaves a wallet that it shared.
func New(store wallet.IdentityStore, clock wallet.Clock) *Service { return &Service{store, clock} }

// Resolve returns the person behind the account. An account seen for the first time gets a wallet (B2), so any two
// calls for it, however they race, answer with the same person. Errors: ErrInvalid for what cannot be an account,
// ErrOverloaded when others changed the account at every try, and those of the store; repeating it is safe.
func (s *Service) Resolve(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	if err := validAccount(a); err != nil {
		return wallet.Person{}, err
	}
	for range maxTries {
		p, err := s.store.Person(ctx, a)
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, wallet.ErrNotFound) {
			return wallet.Person{}, fmt.Errorf("identity: resolve: %w", err)
		}
		p, err = s.store.Apply(ctx, firstSight(a))
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, wallet.ErrStale) {
			return wallet.Person{}, fmt.Errorf("identity: first sight: %w", err)
		}
	}
	return wallet.Person{}, fmt.Errorf("identity: resolve: changed by others %d times: %w", maxTries, wallet.ErrOverloaded)
}

// Bind binds the phone to the account, in place of the one it had, and returns the person behind the account
// afterwards (B2). Idempotent: binding the phone that is bound changes nothing. Errors: ErrInvalid for what cannot be
// an account or a phone, or when the person would carry more than wallet.MaxFormer former wallets, or the account would
// have left more than wallet.MaxLeft; ErrOverloaded when others changed the account or the phone at every try; and those
// of the store, after which repeating it is safe.
func (s *Service) Bind(ctx context.Context, a wallet.Account, phone wallet.Phone) (wallet.Person, error) {
	if err := validAccount(a); err != nil {
		return wallet.Person{}, err
	}
	if phone <= 0 || phone > maxPhone {
		return wallet.Person{}, fmt.Errorf("%w: not a phone number", wallet.ErrInvalid)
	}
	for range maxTries {
		row, holder, err := s.store.Row(ctx, a, phone)
		if err != nil {
			return wallet.Person{}, fmt.Errorf("identity: bind: %w", err)
		}
		if row.Phone == phone {
			return s.Resolve(ctx, a)
		}
		change := binding(a, row, phone, holder)
		change.At = s.clock.Now()
		p, err := s.store.Apply(ctx, change)
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, wallet.ErrStale) {
			return wallet.Person{}, fmt.Errorf("identity: bind: %w", err)
		}
	}
	return wallet.Person{}, fmt.Errorf("identity: bind: changed by others %d times: %w", maxTries, wallet.ErrOverloaded)
}

// validAccount returns ErrInvalid for what no account system hands out.
func validAccount(a wallet.Account) error {
	if a.Family != wallet.DouyinFamily && a.Family != wallet.ToutiaoFamily {
		return fmt.Errorf("%w: account family %d", wallet.ErrInvalid, a.Family)
	}
	if a.User <= 0 {
		return fmt.Errorf("%w: user id %d", wallet.ErrInvalid, a.User)
	}
	return nil
}
