package render

import (
	_ "embed"
	"io"
	"strings"

	"hongbao/reports"
	"hongbao/reports/text"
)

// summaryMD is the template of the summary. Only the compiler sets it.
//
//go:embed summary.tmpl
var summaryMD string

// writeMarkdown writes the summary that CI shows for a job: verdict, comparison, checks and the command that repeats the run.
func writeMarkdown(w io.Writer, r *reports.Record) error {
	var b strings.Builder
	funcs := map[string]any{
		"md":     md,
		"code":   mdCode,
		"fenced": func(s string) string { return strings.ReplaceAll(text.Quote(s), "```", "") },
	}
	if err := executeText(&b, summaryMD, funcs, newView(r)); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
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
