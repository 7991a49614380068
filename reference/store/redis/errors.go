package redis

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// effect is the meaning of a command that was sent and not answered.
type effect bool

const (
	reading effect = false // nothing has changed
	writing effect = true  // it may have been done
)

// retryLater lists the error codes of a server that did nothing and may do it later, or that refers to another server.
var retryLater = [...]string{"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK", "TRYAGAIN", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "EXECABORT"}

// failure converts an error of the driver into one of package wallet. Another refusal of the server is a defect, of
// this code or of the set-up, and has no code.
func failure(e effect, what string, err error) error {
	if err == nil || rueidis.IsRedisNil(err) {
		return nil
	}
	if refused, ok := rueidis.IsRedisErr(err); ok {
		code, _, _ := strings.Cut(refused.Error(), " ")
		for _, c := range retryLater {
			if c == code {
				return fmt.Errorf("redis: %s: %w: %v", what, wallet.ErrUnavailable, err)
			}
		}
		return fmt.Errorf("redis: %s: %w", what, err)
	}
	if e == reading || errors.Is(err, errNoConnection) {
		return fmt.Errorf("redis: %s: %w: %v", what, wallet.ErrUnavailable, err)
	}
	return fmt.Errorf("redis: %s: %w: %v", what, wallet.ErrUnknown, err)
}

func notSent(what string, err error) error {
	return fmt.Errorf("redis: %s: %w: %w", what, wallet.ErrUnavailable, err)
}

// worse returns the error with the less certain outcome: unknown before all others, then the first one.
func worse(a, b error) error {
	if a == nil || b != nil && errors.Is(b, wallet.ErrUnknown) {
		if b != nil {
			return b
		}
	}
	return a
}
