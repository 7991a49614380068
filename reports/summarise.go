package reports

import (
	"crypto/sha256"
	"encoding/hex"
)

// Summarise sets the fields of a record that cover all its runs: verdict, checks, offered load, digest and interruption. If
// the load of a simulation was not sent as planned, the verdict is unknown unless a check failed. For a load run Conclude
// has already taken that into account.
func Summarise(r *Record) {
	verdicts := []Verdict{}
	digest := sha256.New()
	at := map[string]int{}
	r.Checks, r.Interrupted = nil, false
	for i, run := range r.Runs {
		if i == 0 {
			r.Offered = run.Offered
		}
		verdicts = append(verdicts, run.Verdict)
		if run.Load == nil && (run.Offered.Unsent != 0 || run.Offered.InFlight != 0) {
			verdicts = append(verdicts, Unknown)
		}
		r.Interrupted = r.Interrupted || run.Interrupted
		digest.Write([]byte(run.Label() + " " + run.Digest + "\n"))
		for _, c := range run.Checks {
			if c.First != "" {
				c.First = run.Label() + ": " + c.First
			}
			if c.Worst != "" {
				c.Worst = run.Label() + ": " + c.Worst
			}
			k, seen := at[c.Name]
			if !seen {
				at[c.Name] = len(r.Checks)
				r.Checks = append(r.Checks, c)
				continue
			}
			sum := &r.Checks[k]
			sum.Result = Combine(sum.Result, c.Result)
			sum.Evaluations += c.Evaluations
			sum.Violations += c.Violations
			if sum.First == "" {
				sum.First, sum.Worst = c.First, c.Worst
			}
		}
	}
	for _, s := range r.Studies {
		verdicts = append(verdicts, s.Verdict)
	}
	r.Verdict = Combine(verdicts...)
	r.Digest = hex.EncodeToString(digest.Sum(nil)[:16])
}
