package render

import (
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

// JUnit writes r as a JUnit file for CI: one suite per run, with a test case for each check and each threshold, one suite per
// study, and a last suite with the verdict, so that CI never shows a run as passed that is not a pass. Fail becomes a
// failure, unknown becomes an error.
func JUnit(w io.Writer, r *reports.Record) error {
	class := "hongbao." + r.Kind + "." + r.Scenario.Name
	doc := junitSuites{Name: strings.ReplaceAll(class, ".", " ")}
	for _, run := range r.Runs {
		s := junitSuite{Name: run.Label(), Time: fmt.Sprintf("%.3f", run.WallSeconds)}
		for _, c := range run.Checks {
			s.add(checkCase(class+"."+run.Label(), c, r.Replay))
		}
		if run.Load != nil {
			s.addLoad(class+"."+run.Label(), run.Load, r.Replay)
		}
		doc.Suites = append(doc.Suites, s)
	}
	for _, study := range r.Studies {
		s := junitSuite{Name: "study " + study.Name, Time: "0.000"}
		for _, c := range study.Checks {
			s.add(checkCase(class+"."+study.Name, c, r.Replay))
		}
		doc.Suites = append(doc.Suites, s)
	}
	if len(r.Runs) == 0 {
		s := junitSuite{Name: "checks", Time: "0.000"}
		for _, c := range r.Checks {
			s.add(checkCase(class, c, r.Replay))
		}
		doc.Suites = append(doc.Suites, s)
	}
	verdict := junitSuite{Name: "run", Time: "0.000"}
	verdict.add(verdictCase(class, r))
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

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
}

func checkCase(class string, c reports.Check, replay string) junitCase {
	name := c.Name
	if len(c.Spec) > 0 {
		name += " [" + strings.Join(c.Spec, " ") + "]"
	}
	out := junitCase{Name: name, Class: class}
	switch c.Result {
	case reports.Fail:
		body := fmt.Sprintf("%s violations in %s evaluations\nfirst: %s\nworst: %s\nreplay: %s",
			text.Count(c.Violations), text.Count(c.Evaluations), text.Quote(c.First), text.Quote(c.Worst), replay)
		out.Failure = &junitFault{Message: text.Quote(c.First), Text: body}
	case reports.Unknown:
		why := "evaluated " + text.Count(c.Evaluations) + " times, but not decided"
		if c.Evaluations == 0 {
			why = "never evaluated"
		}
		out.Error = &junitFault{Message: why, Text: "replay: " + replay}
	}
	return out
}

func verdictCase(class string, r *reports.Record) junitCase {
	out := junitCase{Name: "verdict", Class: class}
	if r.Verdict == reports.Pass {
		return out
	}
	var b strings.Builder
	b.WriteString(headline(r).EN)
	for _, d := range Doubts(r) {
		b.WriteString("\n" + d.EN)
	}
	b.WriteString("\nreplay: " + r.Replay)
	fault := &junitFault{Message: string(r.Verdict), Text: b.String()}
	if r.Verdict == reports.Fail {
		out.Failure = fault
	} else {
		out.Error = fault
	}
	return out
}
