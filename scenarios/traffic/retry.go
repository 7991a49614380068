package traffic

import (
	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// maxDoublings bounds the wait before a repeat at eight times the scenario's backoff, so that a client which is allowed many
// tries still asks often enough to see the end of an outage.
const maxDoublings = 3

// Retry makes a request as a client does: again while the answer is retryable (see wallet.Retryable), at most c.Tries times
// in all. Before each repeat it calls wait with the number of repeats so far, from 1, and with how often the backoff is
// doubled by now. The request must be the same each time. Retry returns the last answer; when wait fails, that is the
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
