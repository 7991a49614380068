package render

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"hongbao/reports"
	"hongbao/reports/text"
)

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Name    string       `xml:"name,attr"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Failure *junitFault `xml:"failure"`
	Error   *junitFault `xml:"error"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes r as a JUnit file for CI: one suite per run, with a test case for each check and each threshold, one suite per
// study, and a last suite with the verdict, so that CI never shows a run as passed that is not a pass. Fail becomes a
// failure, unknown becomes an error.
func writeJUnit(w io.Writer, r *reports.Record) error {
	class := "hongbao." + r.Kind + "." + r.Scenario.Name
	doc := junitSuites{Name: strings.ReplaceAll(class, ".", " ")}
	for _, run := range r.Runs {
		s := suiteOf(run.Label(), class+"."+run.Label(), run.Checks, r.Replay)
		s.Time = fmt.Sprintf("%.3f", run.WallSeconds)
		if run.Load != nil {
			s.addLoad(class+"."+run.Label(), run.Load, r.Replay)
		}
		doc.Suites = append(doc.Suites, s)
	}
	for _, study := range r.Studies {
		doc.Suites = append(doc.Suites, suiteOf("study "+study.Name, class+"."+study.Name, study.Checks, r.Replay))
	}
	if len(r.Runs) == 0 {
		doc.Suites = append(doc.Suites, suiteOf("checks", class, r.Checks, r.Replay))
	}
	verdict := suiteOf("run", class, nil, r.Replay)
	verdict.add("verdict", class, r.Verdict, string(r.Verdict), whyText(r), r.Replay)
	doc.Suites = append(doc.Suites, verdict)

	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// suiteOf returns a suite with a test case for each check.
func suiteOf(name, class string, checks []reports.Check, replay string) junitSuite {
	s := junitSuite{Name: name, Time: "0.000"}
	for _, c := range checks {
		name := c.Name
		if len(c.Spec) > 0 {
			name += " [" + strings.Join(c.Spec, " ") + "]"
		}
		why, body := text.Quote(c.First), fmt.Sprintf("%s violations in %s evaluations\nfirst: %s\nworst: %s\n",
			text.Count(c.Violations), text.Count(c.Evaluations), text.Quote(c.First), text.Quote(c.Worst))
		if c.Result == reports.Unknown {
			why, body = "evaluated "+text.Count(c.Evaluations)+" times, but not decided", ""
		}
		if c.Result == reports.Unknown && c.Evaluations == 0 {
			why = "never evaluated"
		}
		s.add(name, class, c.Result, why, body, replay)
	}
	return s
}

// add adds a test case with a result. why and body explain a result that is not pass; body is "" or ends in a line break.
func (s *junitSuite) add(name, class string, result reports.Verdict, why, body, replay string) {
	c := junitCase{Name: name, Class: class}
	fault := &junitFault{Message: why, Text: body + "replay: " + replay}
	switch s.Tests++; result {
	case reports.Pass:
	case reports.Fail:
		c.Failure = fault
		s.Failures++
	default:
		c.Error = fault
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
}

// addLoad adds a test case for the load and one for each threshold.
func (s *junitSuite) addLoad(class string, l *reports.Load, replay string) {
	offered, why, body := reports.Pass, "", ""
	for _, d := range l.Doubts() {
		offered, why = reports.Unknown, cmp.Or(why, d.EN)
		body += d.EN + "\n"
	}
	s.add("the load was offered as requested", class, offered, why, body, replay)
	for _, t := range l.Thresholds {
		why, body := comparisonText(&t).EN, comparisonText(&t).EN+" over "+text.Count(t.Samples)+" samples\n"
		if t.Result == reports.Unknown {
			why, body = text.Quote(t.Why), why+"\n"
		}
		s.add(text.Quote(t.Statement), class+".thresholds", t.Result, why, body, replay)
	}
}

// whyText returns the headline and the doubts of r, one a line.
func whyText(r *reports.Record) string {
	out := headline(r).EN + "\n"
	for _, d := range Doubts(r) {
		out += d.EN + "\n"
	}
	return out
}
