package traffic

import (
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// maxDoublings bounds the wait before a repeat at eight times the scenario's backoff, so that a client with many tries still
// repeats often enough to notice the end of an outage.
const maxDoublings = 3

// Retry makes a request and repeats it as a client does: while wallet.Retryable is true, at most c.Tries tries in all. Before
// each repeat it calls wait with the number of the repeat, from 1, and with the number of doublings of the backoff. The
// request must be the same each time. Retry returns the last answer. If wait returns an error, Retry ends and returns the
// answer before it.
func Retry(c scenarios.ClientTry, wait func(repeat, doublings int) error, request func() error) error {
	var err error
	for try := range c.Tries {
		if try > 0 && wait(try, min(try-1, maxDoublings)) != nil {
			return err
		}
		if err = request(); !wallet.Retryable(err) {
			return err
		}
	}
	return err
}
