package crowd

import (
	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
)

// Result is the detailed result of an operation.
type Result struct {
	Outcome attack.Outcome
	Reason  string         // if not OK: the wallet's reason, ReasonLie or ReasonNothing; "" if OK
	Amount  wallet.Money   // fen: won, shown as the balance, withdrawn or sent
	Order   wallet.OrderNo // of a win
	Lines   int            // grants on a page, or on the last page of a walk; rewards in the list
}

// The reasons that are not the wallet's.
const (
	ReasonLie     = "lie"            // the answer violates a check of the oracle
	ReasonNothing = "nothing_to_ask" // nothing was requested: there was no balance, no reward or no packet
)

// resultOf returns the result of an operation from its last answer.
func resultOf(err error, lied bool) Result {
	r := Result{Outcome: outcome(err, lied)}
	switch {
	case lied:
		r.Reason = ReasonLie
	case err != nil:
		r.Reason = wallet.ReasonOf(err)
	}
	return r
}

// outcome returns how an operation ended, from its last answer: a rule of the wallet, a rate limit and a full queue are
// refusals; all other errors are failures, because a valid request got no answer or a wrong one.
func outcome(err error, lied bool) attack.Outcome {
	switch {
	case lied:
		return attack.Failed
	case err == nil:
		return attack.OK
	}
	switch wallet.CodeOf(err) {
	case wallet.CodeRefused, wallet.CodeOverloaded:
		return attack.Refused
	}
	return attack.Failed
}
