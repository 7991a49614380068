package crowd

import (
	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
)

// Result is what an operation came to, for those who want to know more than its outcome.
type Result struct {
	Outcome attack.Outcome
	Reason  string         // of what is not OK: the wallet's, ReasonLie or ReasonNothing; "" when OK
	Amount  wallet.Money   // fen: won, shown as the balance, withdrawn or sent
	Order   wallet.OrderNo // of a win
	Lines   int            // grants shown by a page, of a walk by its last one; rewards in the list
}

// The reasons that no wallet gives.
const (
	ReasonLie     = "lie"            // the oracle holds the answer against the target
	ReasonNothing = "nothing_to_ask" // nothing was asked for: the page showed no balance, no reward was won, no packet came
)

// came returns the result of an operation by its last answer.
func came(err error, lied bool) Result {
	r := Result{Outcome: outcome(err, lied)}
	switch {
	case lied:
		r.Reason = ReasonLie
	case err != nil:
		r.Reason = wallet.ReasonOf(err)
	}
	return r
}

// outcome says how an operation ended, by its last answer: a rule of the wallet, a limit or a full queue is a no; all
// other errors mean that there is no answer, or none that an honest request deserves.
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
