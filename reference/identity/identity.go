// Package identity is the account centre: it resolves a user of an app to the person who owns the account (B2).
//
// The two account systems number their users independently, so only a phone number joins accounts: all accounts bound
// to one phone are one person with one ActID, to which every reward belongs. Binding a phone later, or another one,
// loses nothing; rules.go defines what happens to the wallets.
//
// The package holds no state. It never merges balances or moves money (a joined wallet stays a wallet, listed as
// former), and it does not check that the caller may use the phone: the edge has done that.
package identity

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// maxTries bounds how often a change is computed again because another request changed the same account or phone. Only
// binds of one phone collide, and of two colliding binds one succeeds, so a person with all eight apps open needs at
// most as many attempts as there are apps.
const maxTries = wallet.Apps

// maxPhone is the largest phone number: 15 digits, country code included (ITU-T E.164).
const maxPhone wallet.Phone = 999_999_999_999_999

// Service resolves and binds accounts. It is safe for concurrent use if its store is.
type Service struct {
	store wallet.IdentityStore
	clock wallet.Clock
}

// New returns a service over the store. The clock gives the instant at which an account leaves a shared wallet.
func New(store wallet.IdentityStore, clock wallet.Clock) *Service { return &Service{store, clock} }

// Resolve returns the owner of the account. A new account gets a wallet (B2), so concurrent calls for it return the
// same person. Idempotent. Errors: ErrInvalid for an impossible account, ErrOverloaded if others changed the account at
// every attempt, and those of the store; it can be repeated safely.
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
		p, err = s.store.Apply(ctx, newAccount(a))
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, wallet.ErrStale) {
			return wallet.Person{}, fmt.Errorf("identity: new account: %w", err)
		}
	}
	return wallet.Person{}, fmt.Errorf("identity: resolve: changed by others %d times: %w", maxTries, wallet.ErrOverloaded)
}

// Bind binds the phone to the account, instead of its present phone, and returns the account's owner afterwards (B2).
// Idempotent: binding the phone that is bound changes nothing. Errors: ErrInvalid for an impossible account or phone,
// or if the person would have more than wallet.MaxFormer former wallets, or if the account would have left more than
// wallet.MaxLeft; ErrOverloaded if others changed the account or the phone at every attempt; and those of the store. It
// can be repeated safely.
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

// validAccount returns ErrInvalid for an account that no account system can have.
func validAccount(a wallet.Account) error {
	if a.Family != wallet.DouyinFamily && a.Family != wallet.ToutiaoFamily {
		return fmt.Errorf("%w: account family %d", wallet.ErrInvalid, a.Family)
	}
	if a.User <= 0 {
		return fmt.Errorf("%w: user id %d", wallet.ErrInvalid, a.User)
	}
	return nil
}
