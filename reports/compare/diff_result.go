package compare

import (
	"fmt"
	"strings"

	"hongbao/reports"
	"hongbao/reports/text"
)

// maxDifferences bounds how many differences an error names.
const maxDifferences = 8

// differences lists what keeps two sides from being compared.
func differences(a, b *Baseline) []string {
	var out []string
	differ := func(what, x, y string) {
		if x != y {
			out = append(out, fmt.Sprintf("%s: %s and %s", text.Quote(what), text.OrDash(text.Quote(x)), text.OrDash(text.Quote(y))))
		}
	}
	differ("kind", a.Kind, b.Kind)
	differ("scenario", a.Scenario, b.Scenario)
	differ("scenario file (sha256)", short8(a.SHA256), short8(b.SHA256))
	settings := func(x *Baseline) map[string]string {
		m := map[string]string{}
		for _, s := range x.Setting {
			m[s.Name] += s.Value + " "
		}
		return m
	}
	sa, sb := settings(a), settings(b)
	seen := map[string]bool{}
	for _, s := range append(append([]Setting{}, a.Setting...), b.Setting...) {
		if !seen[s.Name] {
			seen[s.Name] = true
			differ(s.Name, sa[s.Name], sb[s.Name])
		}
	}
	ea, eb := a.Environment, b.Environment
	differ("go", ea.Go, eb.Go)
	differ("os/arch", ea.OS+"/"+ea.Arch, eb.OS+"/"+eb.Arch)
	differ("processors", fmt.Sprint(ea.CPUs, " (GOMAXPROCS ", ea.GOMAXPROCS, ")"), fmt.Sprint(eb.CPUs, " (GOMAXPROCS ", eb.GOMAXPROCS, ")"))
	return out
}

func short8(hash string) string { return text.Clip(hash, text.HashDigits+1) }

func joined(differ []string) string {
	if len(differ) > maxDifferences {
		differ = append(differ[:maxDifferences:maxDifferences], "and more")
	}
	return strings.Join(differ, "; ")
}

// compareChecks lists the checks that came to something else.
func (d *Diff) compareChecks(base, candidate *Baseline) {
	was := map[string]reports.Verdict{}
	for _, c := range base.Checks {
		was[c.Name] = c.Result
	}
	is := map[string]bool{}
	for _, c := range candidate.Checks {
		is[c.Name] = true
		if before, known := was[c.Name]; !known || before != c.Result {
			d.Checks = append(d.Checks, CheckChange{c.Name, before, c.Result})
		}
	}
	for _, c := range base.Checks {
		if !is[c.Name] {
			d.Checks = append(d.Checks, CheckChange{c.Name, c.Result, reports.Unknown})
		}
	}
}

// compareDigests looks at simulations, which are a function of commit and seed.
func (d *Diff) compareDigests(base, candidate *Baseline, alike bool) {
	switch {
	case base.Digest == candidate.Digest:
	case alike && base.Commit == candidate.Commit && !strings.Contains(base.Commit, "+") && base.Commit != "unknown":
		d.Why = append(d.Why, "one commit and one seed gave two digests: the simulation is not deterministic")
		d.Result = reports.Fail
	default:
		d.Notes = append(d.Notes, fmt.Sprintf("the digest changed: %s was %s", text.Quote(candidate.Digest), text.Quote(base.Digest)))
	}
}

// conclude sets the result: a regression is a figure that is worse or a check that fails and did not; what was not
// measured as asked, or is no longer checked, is unknown.
func (d *Diff) conclude(base, candidate *Baseline) {
	results := []reports.Verdict{reports.Pass}
	if d.Result != "" {
		results = append(results, d.Result)
	}
	for _, c := range d.Checks {
		switch {
		case c.Candidate == reports.Fail:
			results = append(results, reports.Fail)
			d.Why = append(d.Why, fmt.Sprintf("check %s is fail and was %s", text.Quote(c.Name), text.OrDash(string(c.Base))))
		case c.Candidate == reports.Unknown && c.Base != "":
			results = append(results, reports.Unknown)
			d.Why = append(d.Why, fmt.Sprintf("check %s is unknown and was %s", text.Quote(c.Name), c.Base))
		}
	}
	for _, side := range []struct {
		name, doubt string
	}{{"base", base.Doubt}, {"candidate", candidate.Doubt}} {
		if side.doubt != "" {
			results = append(results, reports.Unknown)
			d.Why = append(d.Why, fmt.Sprintf("the figures of the %s prove nothing: %s", side.name, text.Quote(side.doubt)))
		}
	}
	if why := d.blind(); why != "" {
		d.Blind = true
		results = append(results, reports.Unknown)
		d.Why = append(d.Why, why)
	}
	if base.Doubt == "" && candidate.Doubt == "" && !d.scarce {
		var worse []string
		for _, r := range d.Rows {
			if r.Change == Worse {
				worse = append(worse, text.Quote(r.Name)+" "+r.amount(r.By))
			}
		}
		if len(worse) > 0 {
			results = append(results, reports.Fail)
			d.Why = append(d.Why, "worse: "+text.Names(worse).EN)
		}
	}
	if len(d.Rows) == 0 && !d.scarce {
		results = append(results, reports.Unknown)
		d.Why = append(d.Why, "there is no figure that both sides have")
	}
	d.Result = reports.Combine(results...)
}
