package sqlstore

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Bank is a demonstration bank, on shard 0. It keeps a statement and always pays, each withdrawal once. A real bank is
// an external system.
type Bank struct {
	db     *DB
	pay    *kind
	count  counter
	insert insertion
	find   string
	list   string
}

var (
	_ wallet.Bank       = (*Bank)(nil)
	_ wallet.BankReader = (*Bank)(nil)
)

// statementPage is the number of payments read per query.
const statementPage = 1000

// NewBank returns the bank in db.
func NewBank(db *DB) *Bank {
	b := &Bank{db: db, count: newCounter(db, countPayments),
		insert: insertion{db.text("INSERT INTO {p}payments (family, account, request, amount, number) VALUES "), 5, db.dialect.insertIgnore("family")},
		find:   db.text("SELECT amount FROM {p}payments WHERE " + withdrawalKey),
		list:   db.text("SELECT family, account, request, amount, number FROM {p}payments WHERE number > ? ORDER BY number LIMIT ?"),
	}
	b.pay = &kind{rank: rankBank, apply: b.applyPay}
	return b
}

// payJob is the job of one Pay call, and a payment of the statement.
type payJob struct {
	no     wallet.WithdrawalNo
	amount wallet.Money
}

// Pay implements wallet.Bank. ErrInvalid also for an unknown family.
func (b *Bank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	if amount <= 0 {
		return fmt.Errorf("%w: payment of %d fen", wallet.ErrInvalid, int64(amount))
	}
	if err := no.Account.Validate(); err != nil {
		return err
	}
	return b.db.shards[0].do(ctx, b.pay, 1, &payJob{no, amount})
}

func (b *Bank) applyPay(ctx context.Context, t *txn, jobs []*job) error {
	last, err := b.count.last(ctx, t)
	if err != nil {
		return err
	}
	for _, j := range jobs { // in order of arrival, which is the order of the statement
		p := j.in.(*payJob)
		onRecord := wallet.Money(0)
		if _, err := readOne(ctx, t.query, b.find, withdrawalKeyed(nil, p.no), &onRecord); err != nil {
			return err
		}
		if onRecord != 0 {
			if onRecord != p.amount {
				j.err = fmt.Errorf("%w: %s was paid with %d fen", wallet.ErrConflict, p.no, int64(onRecord))
			}
			continue
		}
		last++
		if _, err = t.insertRow(ctx, b.insert, append(withdrawalKeyed(nil, p.no), int64(p.amount), last)...); err != nil {
			return err
		}
	}
	return b.count.handOut(ctx, t, last)
}

// Payments implements wallet.BankReader. Payments made while it runs are listed too.
func (b *Bank) Payments(ctx context.Context, yield func(wallet.WithdrawalNo, wallet.Money) bool) error {
	for last := int64(0); ; {
		page, err := list(ctx, b.db.shards[0].ask, func(r rowScanner) (p payJob, err error) {
			err = r.Scan(&p.no.Account.Family, &p.no.Account.User, &p.no.Request, &p.amount, &last)
			return p, err
		}, b.list, last, statementPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, p := range page {
			if !yield(p.no, p.amount) {
				return nil
			}
		}
	}
}
