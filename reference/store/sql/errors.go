package sqlstore

import (
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// fault is the meaning of a database error for a transaction whose COMMIT was not sent.
type fault uint8

const (
	noFault   fault = iota
	refused         // the server refused this statement's data: without it, the rest can be written
	overflows       // as refused; a sum left the range of Money
	again           // rolled back in favour of another transaction: deadlock, lock wait, busy
	down            // the server accepts no writes now: read-only, disk full, too many connections
	lost            // the connection ended, or an unexpected error
)

// errAgain is returned by an apply function when another instance changed the data: repeat the transaction.
var errAgain = errors.New("sql: changed meanwhile")

// faultOf classifies an error. A wallet error comes from this package and concerns one job's data.
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

// notDone converts the error of a read, or of a transaction that certainly did not commit, into an error of package
// wallet.
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
