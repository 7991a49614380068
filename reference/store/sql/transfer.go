package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// moveState is the state of a transfer or of one of its steps. Zero: not recorded.
type moveState int

const (
	claimed moveState = 1 + iota // the number is taken; the outcome is recorded with the steps
	made
	declined // not enough money; final
)

// Transfer implements wallet.Ledger. ErrInvalid: a transfer that wallet.Transfer.Validate refuses, an invalid account
// or number, or more legs than one person can need. ErrOverflow: an account would leave the range of Money.
//
// A number's home is a shard that depends on the number alone, so that a repeat finds the record whatever its content.
// A transfer within a single shard is one transaction there; for others see drive.
func (l *Ledger) Transfer(ctx context.Context, t wallet.Transfer) error {
	if err := t.ValidateFor(l.checkAccount); err != nil {
		return err
	}
	asked, err := encodeTransfer(t)
	if err != nil {
		return err
	}
	claim := &transferStep{no: t.No, request: asked}
	home, only := l.home(t.No), l.only(t)
	if only == home {
		claim.legs, claim.pool, claim.take, claim.execute = t.Legs, t.Pool, t.Take, true
	}
	if err := l.step(ctx, home, claim); err != nil {
		return err
	}
	stored, state := t, claim.state
	if !bytes.Equal(claim.recorded, asked) { // a repeat: the content of the first call counts
		if stored, err = decodeTransfer(t.No, claim.recorded); err != nil {
			return err
		}
	}
	if state == claimed {
		if state, err = l.drive(ctx, stored); err != nil {
			return err
		}
	}
	switch {
	case state == declined:
		return fmt.Errorf("%w: transfer %s", wallet.ErrInsufficient, t.No)
	case !slices.Equal(stored.Legs, t.Legs) || stored.Take != t.Take: // the pool may have grown since
		return fmt.Errorf("%w: transfer %s", wallet.ErrConflict, t.No)
	}
	return nil
}

// storedTransfer is the JSON record of a transfer under its number. A leg is kind, stage, owner and amount.
type storedTransfer struct {
	Legs [][4]int64   `json:"legs"`
	Pool [][3]int64   `json:"pool"`
	Take wallet.Money `json:"take"`
}

func encodeTransfer(t wallet.Transfer) ([]byte, error) {
	a := storedTransfer{Take: t.Take}
	for _, leg := range t.Legs {
		a.Legs = append(a.Legs, [4]int64{int64(leg.Account.Kind), int64(leg.Account.Stage), leg.Account.Owner, int64(leg.Amount)})
	}
	for _, of := range t.Pool {
		a.Pool = append(a.Pool, [3]int64{int64(of.Kind), int64(of.Stage), of.Owner})
	}
	return json.Marshal(a)
}

func decodeTransfer(no wallet.TransferNo, text []byte) (wallet.Transfer, error) {
	var a storedTransfer
	if err := json.Unmarshal(text, &a); err != nil {
		return wallet.Transfer{}, fmt.Errorf("sql: decoding the record of transfer %s: %w", no, err)
	}
	t := wallet.Transfer{No: no, Take: a.Take}
	for _, l := range a.Legs {
		account := wallet.AccountNo{Kind: wallet.AccountKind(l[0]), Stage: wallet.Stage(l[1]), Owner: l[2]}
		t.Legs = append(t.Legs, wallet.Leg{Account: account, Amount: wallet.Money(l[3])})
	}
	for _, p := range a.Pool {
		t.Pool = append(t.Pool, wallet.AccountNo{Kind: wallet.AccountKind(p[0]), Stage: wallet.Stage(p[1]), Owner: p[2]})
	}
	return t, nil
}

// home returns the shard that stores a number.
func (l *Ledger) home(no wallet.TransferNo) *shard {
	account, _ := no.Key()
	return l.db.shard(wallet.ActID(account.User))
}

// shardOf returns the shard of an account, or nil for accounts without an owner, which are on every shard.
func (l *Ledger) shardOf(a wallet.AccountNo) *shard {
	if a.Kind == wallet.CostAccount {
		return nil
	}
	return l.db.shard(wallet.ActID(a.Owner))
}

// only returns the single shard of a transfer, or nil when it involves several. A transfer between accounts without an
// owner stays on its home shard.
func (l *Ledger) only(t wallet.Transfer) *shard {
	var only *shard
	for _, a := range accountsOf(t) {
		switch s := l.shardOf(a); {
		case s == nil:
		case only == nil:
			only = s
		case s != only:
			return nil
		}
	}
	if only == nil {
		return l.home(t.No)
	}
	return only
}

// accountsOf returns the accounts of the pool, then those of the legs.
func accountsOf(t wallet.Transfer) []wallet.AccountNo {
	out := slices.Clone(t.Pool)
	for _, leg := range t.Legs {
		out = append(out, leg.Account)
	}
	return out
}

// checkAccount returns ErrInvalid for an account that a transfer cannot name.
func (l *Ledger) checkAccount(a wallet.AccountNo) error {
	switch {
	case a.Kind < wallet.CostAccount || a.Kind == wallet.TransitAccount || a.Kind > wallet.PacketAccount:
		return fmt.Errorf("%w: account kind %d", wallet.ErrInvalid, a.Kind)
	case a.Stage < wallet.InternalTest || a.Stage > wallet.Official:
		return fmt.Errorf("%w: account stage %d", wallet.ErrInvalid, a.Stage)
	case a.Kind == wallet.CostAccount && (a.Owner < 0 || a.Owner >= int64(l.costs)):
		return fmt.Errorf("%w: cost account %d of %d", wallet.ErrInvalid, a.Owner, l.costs)
	case a.Kind != wallet.CostAccount && a.Owner <= 0:
		return fmt.Errorf("%w: account of wallet %d", wallet.ErrInvalid, a.Owner)
	}
	return nil
}
