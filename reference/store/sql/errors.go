package sqlstore

import (
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// fault says what a database's error means for a transaction that was not yet sent to commit.
type fault uint8

const (
	noFault   fault = iota
	refused         // the server refused this statement's data: without it, the rest can be written
	overflows       // as refused; a sum left the range of Money
	again           // rolled back to let another go first: deadlock, lock wait, busy
	down            // the server takes no writes now: read-only, disk full, too many connections
	lost            // the connection ended, or something else that nobody foresaw
)

// errAgain is an apply's word for: another instance came between, make the transaction again.
var errAgain = errors.New("sql: changed meanwhile")

// faultOf classes an error. A wallet error is one of our own, about one job's data.
func (d *dialect) faultOf(err error) fault {
	if err == nil {
		return noFault
	}
	if e := (*wallet.Error)(nil); errors.As(err, &e) {
		if e.Code == wallet.CodeUnavailable || e.Code == wallet.CodeOverloaded {
			return down
		}
		return refused
	}
	if errors.Is(err, errAgain) {
		return again
	}
	return d.classify(err)
}

// notDone turns an error of a transaction that surely did not commit, or of a read, into one of wallet's.
func (d *dialect) notDone(err error) error {
	if e := (*wallet.Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	switch d.faultOf(err) {
	case overflows:
		return fmt.Errorf("%w: %w", wallet.ErrOverflow, err)
	case refused:
		return fmt.Errorf("%w: refused by the database: %w", wallet.ErrInvalid, err)
	case again:
		return fmt.Errorf("%w: %w", wallet.ErrOverloaded, err)
	}
	return fmt.Errorf("%w: %w", wallet.ErrUnavailable, err)
}
