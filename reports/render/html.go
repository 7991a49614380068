package render

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"hongbao/reports"
	"hongbao/reports/plot"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

// The templates and the style sheet of the page. Only the compiler sets these variables.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page_load.html
	pageLoadHTML string
	//go:embed page_study.html
	pageStudyHTML string
	//go:embed page.css
	pageCSS string
)

// page is the data of the template.
type page struct {
	view
	CSS      template.CSS
	Charts   []plot.Chart
	PeakName string
	Windows  []windowRow
	Refusals []countRow
	Memory   []memoryRow
	Tokens   tokenSizes
	Figures  []metricRow
}

// HTML writes r as one page in both languages, which needs no other files, no network and no scripts. r must be valid.
func HTML(w io.Writer, r *reports.Record) error {
	t, err := template.New("page").Funcs(viewFuncs()).Parse(pageLoadHTML + pageStudyHTML + pageHTML)
	if err != nil {
		return err
	}
	drawn, err := plot.Charts(r)
	if err != nil {
		return err
	}
	p := page{view: newView(r), CSS: template.CSS(pageCSS), Charts: drawn}
	for i := range p.Real {
		if p.Real[i].Plots, err = plot.SecondsPlots(p.Real[i].Load); err != nil {
			return err
		}
	}
	p.Windows = windowRows(r, p.Size)
	p.Refusals, p.Memory, p.Figures = refusalRows(r), memoryRows(r), metricRows(r)
	p.Tokens = tokenSizesOf(r.Metrics)
	p.PeakName = plot.PeakName(r)
	return t.Execute(w, p)
}

// viewFuncs are the functions of all templates.
func viewFuncs() map[string]any {
	return map[string]any{
		"both":        func(en, zh string) text.Text { return text.Text{EN: en, ZH: zh} },
		"bothf":       text.Textf,
		"count":       text.Count,
		"bytes":       text.ByteSize,
		"figure":      text.Figure,
		"mark":        terminal.Mark,
		"quote":       text.Quote,
		"join":        strings.Join,
		"kind":        kindName,
		"title":       titleOf,
		"hue":         plot.Hue,
		"meaning":     meaning,
		"commit":      text.ShortCommit,
		"verdict":     verdictName,
		"micros":      text.Micros,
		"quantiles":   quantiles,
		"significant": text.Significant,
		"add":         func(a, b int) int { return a + b },
		"cores":       coresOf,
		"evaluated":   evaluatedText,
		"upper":       func(s any) string { return strings.ToUpper(fmt.Sprint(s)) },
		"distinct":    func(c checkRow) bool { return c.Worst != "" && c.Worst != c.First },
	}
}

// titleOf returns the title of a scenario, or its name. Without a Chinese title the English one is used.
func titleOf(s reports.Scenario) text.Text {
	return translated(cmp.Or(text.Quote(s.Title), s.Name), text.Quote(s.TitleZH))
}

func verdictName(v reports.Verdict) text.Text {
	switch v {
	case reports.Pass:
		return text.Text{EN: "Pass", ZH: "通过"}
	case reports.Fail:
		return text.Text{EN: "Fail", ZH: "失败"}
	case reports.Unknown:
		return text.Text{EN: "Unknown", ZH: "未知"}
	}
	return text.Same("–")
}

func kindName(kind string) text.Text {
	if kind == "load" {
		return text.Text{EN: "Real-time load of", ZH: "实时压测"}
	}
	return text.Text{EN: "Simulation of", ZH: "仿真"}
}
