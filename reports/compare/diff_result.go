package compare

import (
	"cmp"
	"fmt"
	"strings"

	"hongbao/reports"
	"hongbao/reports/text"
)

// maxDifferences bounds the differences in an error message.
const maxDifferences = 8

// differences returns the differences that make two sides not comparable.
func differences(a, b *Baseline) []string {
	var out []string
	differ := func(what, x, y string) {
		if x != y {
			out = append(out, fmt.Sprintf("%s: %s and %s", text.Quote(what), text.OrDash(text.Quote(x)), text.OrDash(text.Quote(y))))
		}
	}
	differ("kind", a.Kind, b.Kind)
	differ("scenario", a.Scenario, b.Scenario)
	differ("scenario file (sha256)", shortHash(a.SHA256), shortHash(b.SHA256))
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

func shortHash(hash string) string { return text.Clip(hash, text.HashDigits+1) }

func joined(differ []string) string {
	if len(differ) > maxDifferences {
		differ = append(differ[:maxDifferences:maxDifferences], "and more")
	}
	return strings.Join(differ, "; ")
}

// compareChecks adds the checks whose result changed. A check that the candidate does not have is unknown.
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

// compareDigests compares the digests of two simulations, which depend only on commit and seed.
func (d *Diff) compareDigests(base, candidate *Baseline, sameSetting bool) {
	switch {
	case base.Digest == candidate.Digest:
	case sameSetting && base.Commit == candidate.Commit && !strings.Contains(base.Commit, "+") && base.Commit != "unknown":
		d.because(reports.Fail, "the same commit and seed gave two digests: the simulation is not deterministic")
	default:
		d.Notes = append(d.Notes, fmt.Sprintf("the digest changed from %s to %s", text.Quote(base.Digest), text.Quote(candidate.Digest)))
	}
}

// conclude sets the result. Fail: a figure is worse, or a check fails that did not fail before. Unknown: the figures are
// unreliable, or a check has no result any more.
func (d *Diff) conclude(base, candidate *Baseline) {
	d.Result = cmp.Or(d.Result, reports.Pass)
	for _, c := range d.Checks {
		switch {
		case c.Candidate == reports.Fail:
			d.because(reports.Fail, "check %s changed from %s to fail", text.Quote(c.Name), text.OrDash(string(c.Base)))
		case c.Candidate == reports.Unknown && c.Base != "":
			d.because(reports.Unknown, "check %s changed from %s to unknown", text.Quote(c.Name), c.Base)
		}
	}
	for _, side := range [][2]string{{"base", base.Doubt}, {"candidate", candidate.Doubt}} {
		if side[1] != "" {
			d.because(reports.Unknown, "the figures of the %s are unreliable: %s", side[0], text.Quote(side[1]))
		}
	}
	if why := d.hiddenSlowdown(); why != "" {
		d.Blind = true
		d.because(reports.Unknown, "%s", why)
	}
	if base.Doubt == "" && candidate.Doubt == "" && !d.tooFewRounds {
		var worse []text.Text
		for _, r := range d.Rows {
			if r.Change == Worse {
				worse = append(worse, text.Same(text.Quote(r.Name)+" "+r.amount(r.By)))
			}
		}
		if len(worse) > 0 {
			d.because(reports.Fail, "worse: %s", text.Names(worse).EN)
		}
	}
	if len(d.Rows) == 0 && !d.tooFewRounds {
		d.because(reports.Unknown, "the two sides have no figure in common")
	}
}

// because adds a result and the reason for it.
func (d *Diff) because(v reports.Verdict, why string, args ...any) {
	d.Result = reports.Combine(d.Result, v)
	d.Why = append(d.Why, fmt.Sprintf(why, args...))
}
