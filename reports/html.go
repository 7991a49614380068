package reports

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
)

// The page's parts; constants in all but name, since only the compiler sets them.
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

// page is what the template shows.
type page struct {
	view
	CSS      template.CSS
	Charts   []chart
	PeakName string
	Windows  []windowRow
	Refusals []countRow
	Memory   []memoryRow
	Tokens   tokenSizes
	Figures  []metricRow
}

// HTML writes r as one page that needs nothing else: no network, no scripts. Both languages are in it.
func HTML(w io.Writer, r *Record) error {
	t, err := template.New("page").Funcs(pageFuncs()).Parse(pageLoadHTML + pageStudyHTML + pageHTML)
	if err != nil {
		return err
	}
	drawn, err := charts(r)
	if err != nil {
		return err
	}
	p := page{view: newView(r), CSS: template.CSS(pageCSS), Charts: drawn}
	for i := range p.Real {
		if p.Real[i].Plots, err = secondsPlots(p.Real[i].Load); err != nil {
			return err
		}
	}
	p.Windows = windowRows(r, p.Size)
	p.Refusals, p.Memory, p.Figures = refusalRows(r), memoryRows(r), metricRows(r)
	p.Tokens = tokenSizesOf(r.Metrics)
	for _, b := range bands(r) {
		if b.peak {
			p.PeakName = b.label
		}
	}
	return t.Execute(w, p)
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"both":        func(en, zh string) Text { return Text{en, zh} },
		"bothf":       textf,
		"count":       count,
		"bytes":       byteSize,
		"figure":      figure,
		"mark":        mark,
		"quote":       quote,
		"join":        strings.Join,
		"kind":        kindName,
		"duration":    duration,
		"title":       titleOf,
		"hue":         hue,
		"meaning":     meaning,
		"commit":      shortCommit,
		"verdict":     verdictName,
		"micros":      micros,
		"quantiles":   quantiles,
		"significant": significant,
		"add":         func(a, b int) int { return a + b },
		"distinct":    func(c checkRow) bool { return c.Worst != "" && c.Worst != c.First },
		"anyBad": func(ls []loadRow) bool {
			return slices.ContainsFunc(ls, func(l loadRow) bool { return !l.Planned() || !l.Answered() })
		},
	}
}

// titleOf falls back to the scenario's name, and to the English title.
func titleOf(s Scenario) Text {
	t := Text{quote(s.Title), quote(s.TitleZH)}
	if t.EN == "" {
		t.EN = quote(s.Name)
	}
	if t.ZH == "" {
		t.ZH = t.EN
	}
	return t
}

func verdictName(v Verdict) Text {
	switch v {
	case Pass:
		return Text{"Pass", "通过"}
	case Fail:
		return Text{"Fail", "失败"}
	case Unknown:
		return Text{"Unknown", "未知"}
	}
	return same("–")
}
