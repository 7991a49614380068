package render

import (
	"fmt"
	"io"
	"strings"

	"hongbao/reports"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

// Markdown writes the summary that CI shows for a job: verdict, comparison, checks and the command that repeats the run.
func Markdown(w io.Writer, r *reports.Record) error {
	v := newView(r)
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s: %s\n\n", terminal.Mark(r.Verdict), strings.ToUpper(string(r.Verdict)), md(r.Scenario.Title))
	size := "at scale " + v.Size.String()
	if len(v.Real) > 0 {
		size = md(v.sizeText())
	}
	fmt.Fprintf(&b, "%s %s `%s` %s, seed %d, commit `%s`.\n\n", v.Headline.EN, kindName(r.Kind).EN, mdCode(r.Scenario.Name), size, r.Seed, mdCode(text.ShortCommit(r.Commit)))
	for _, d := range v.Doubts {
		fmt.Fprintf(&b, "> **%s**\n>\n", md(d.EN))
	}
	if len(v.Doubts) > 0 {
		b.WriteString("\n")
	}
	markdownComparison(&b, v)
	markdownThresholds(&b, v)
	markdownOperations(&b, v)
	markdownFindMax(&b, v)
	markdownChecks(&b, v)
	markdownStudies(&b, v)
	fmt.Fprintf(&b, "Repeat the run with:\n\n```sh\n%s\n```\n\nDigest `%s`. The plots and all figures are in `%s`.\n",
		strings.ReplaceAll(text.Quote(r.Replay), "```", ""), mdCode(r.Digest), HTMLFile)
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownComparison(b *strings.Builder, v view) {
	if len(v.Rows) == 0 {
		return
	}
	b.WriteString("| |")
	for _, run := range v.Runs {
		fmt.Fprintf(b, " %s |", md(run.Strategy))
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(v.Runs)) + "\n")
	for _, row := range v.Rows {
		fmt.Fprintf(b, "| %s |", row.Name.EN)
		for _, c := range row.Cells {
			figure := c.Value.EN
			if c.Full.EN != "" {
				figure += " (" + c.Full.EN + ")"
			}
			if c.Bad {
				figure = "**" + figure + "**"
			}
			fmt.Fprintf(b, " %s |", figure)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	if !v.Size.Whole() {
		fmt.Fprintf(b, "In brackets: at full scale, × %s.\n\n", v.Size.Times())
	}
	for _, t := range v.Readings {
		fmt.Fprintf(b, "- %s\n", md(t.EN))
	}
	b.WriteString("\n")
}

func markdownChecks(b *strings.Builder, v view) {
	if len(v.Checks) == 0 {
		return
	}
	b.WriteString("| | check | spec | evaluations | violations |\n|---|---|---|---:|---:|\n")
	for _, c := range v.Checks {
		name := md(c.Name)
		if c.First != "" {
			name += "<br>first: " + md(c.First)
		}
		if c.Worst != "" && c.Worst != c.First {
			name += "<br>worst: " + md(c.Worst)
		}
		fmt.Fprintf(b, "| %s %s | %s | %s | %s | %s |\n", terminal.Mark(c.Result), c.Result, name, md(strings.Join(c.Spec, " ")),
			text.Count(c.Evaluations), text.Count(c.Violations))
	}
	b.WriteString("\n")
}

// md escapes a text of the record for a line or table cell of Markdown.
func md(s string) string {
	var b strings.Builder
	for _, c := range text.Quote(s) {
		switch c {
		case '\\', '`', '*', '_', '[', ']', '|', '#', '~', '!', '@':
			b.WriteByte('\\')
			b.WriteRune(c)
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// mdCode makes a text of the record safe inside a pair of backticks.
func mdCode(s string) string { return strings.ReplaceAll(text.Quote(s), "`", "'") }

func kindName(kind string) text.Text {
	if kind == "load" {
		return text.Text{EN: "Real-time load of", ZH: "实时压测"}
	}
	return text.Text{EN: "Simulation of", ZH: "仿真"}
}
