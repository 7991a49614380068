package render

import (
	"strings"

	"hongbao/reports"
	"hongbao/reports/text"
)

// addLoad adds a test case for the load and one for each threshold.
func (s *junitSuite) addLoad(class string, l *reports.Load, replay string) {
	offered := junitCase{Name: "the load was offered as requested", Class: class}
	if ds := l.Doubts(); len(ds) > 0 {
		var lines []string
		for _, d := range ds {
			lines = append(lines, d.EN)
		}
		offered.Error = &junitFault{Message: lines[0], Text: strings.Join(lines, "\n") + "\nreplay: " + replay}
	}
	s.add(offered)
	for _, t := range l.Thresholds {
		c := junitCase{Name: text.Quote(t.Statement), Class: class + ".thresholds"}
		switch t.Result {
		case reports.Fail:
			c.Failure = &junitFault{Message: comparisonText(&t).EN, Text: comparisonText(&t).EN + " over " + text.Count(t.Samples) + " samples\nreplay: " + replay}
		case reports.Unknown:
			c.Error = &junitFault{Message: text.Quote(t.Why), Text: comparisonText(&t).EN + "\nreplay: " + replay}
		}
		s.add(c)
	}
}
