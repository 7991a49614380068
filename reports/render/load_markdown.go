package render

import (
	"fmt"
	"strings"

	"hongbao/reports"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

func markdownThresholds(b *strings.Builder, v view) {
	for _, t := range v.Readings {
		if v.Kind == "load" { // a simulation has them below its comparison
			fmt.Fprintf(b, "- %s\n", md(t.EN))
		}
	}
	if len(v.Thresholds) == 0 {
		return
	}
	b.WriteString("\n| | threshold |")
	for _, l := range v.Real {
		fmt.Fprintf(b, " %s |", md(l.Label))
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---:|", len(v.Real)) + "\n")
	for _, row := range v.Thresholds {
		text := md(row.Condition.EN)
		if row.Why != "" {
			text += "<br>" + md(row.Why)
		}
		fmt.Fprintf(b, "| %s %s | %s |", terminal.Mark(row.Result), row.Result, text)
		for _, c := range row.By {
			switch {
			case !c.Known:
				b.WriteString(" – |")
			case c.Result == reports.Fail:
				fmt.Fprintf(b, " **%s** |", md(c.Value.EN))
			default:
				fmt.Fprintf(b, " %s |", md(c.Value.EN))
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

// markdownOperations writes the operations of the first run. The page shows those of all runs.
func markdownOperations(b *strings.Builder, v view) {
	if len(v.Real) == 0 {
		return
	}
	b.WriteString("| operation | sent | unsent | failed | refused |")
	for _, q := range quantiles() {
		fmt.Fprintf(b, " %s |", q)
	}
	b.WriteString("\n|---|---:|---:|---:|---:|" + strings.Repeat("---:|", len(quantiles())) + "\n")
	for _, o := range v.Real[0].Operations {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |", md(o.Name), text.Count(o.Sent), text.Count(o.Unsent), text.Count(o.Failed), text.Count(o.Refused))
		for _, c := range o.Cells {
			fmt.Fprintf(b, " %s (%s) |", c.Value.EN, c.Full.EN)
		}
		b.WriteString("\n")
	}
	b.WriteString("\nLatency is measured from the due time of an operation; in brackets: from its send.\n\n")
}

func markdownFindMax(b *strings.Builder, v view) {
	if v.FindMax == nil {
		return
	}
	b.WriteString("| | grants/s | ok/s | grant p99 | cores | |\n|---|---:|---:|---:|---:|---|\n")
	for _, s := range v.FindMax.Steps {
		fmt.Fprintf(b, "| %s %s | %s | %s | %s | %s | %s |\n", terminal.Mark(s.Result), s.Result, text.Significant(s.RatePerS), text.Significant(s.OKPerS), text.Micros(s.P99US).EN, coresOf(&s), md(s.Why))
	}
	b.WriteString("\n")
}
