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
}

// writeHTML writes r as one page in both languages, which needs no other files, no network and no scripts. r must be valid.
func writeHTML(w io.Writer, r *reports.Record) error {
	t, err := template.New("page").Funcs(viewFuncs()).Parse(pageLoadHTML + pageStudyHTML + pageHTML)
	if err != nil {
		return err
	}
	drawn, err := plot.Charts(r)
	if err != nil {
		return err
	}
	p := page{view: newView(r), CSS: template.CSS(pageCSS), Charts: drawn, PeakName: plot.PeakName(r)}
	for i := range p.Real {
		if p.Real[i].Plots, err = plot.SecondsPlots(p.Real[i].Load); err != nil {
			return err
		}
	}
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
	names := map[reports.Verdict]text.Text{reports.Pass: {EN: "Pass", ZH: "通过"}, reports.Fail: {EN: "Fail", ZH: "失败"}, reports.Unknown: {EN: "Unknown", ZH: "未知"}}
	return cmp.Or(names[v], text.Same("–"))
}

func kindName(kind string) text.Text {
	if kind == "load" {
		return text.Text{EN: "Real-time load of", ZH: "实时压测"}
	}
	return text.Text{EN: "Simulation of", ZH: "仿真"}
}

// meaning describes a check of the oracle or of the load test. It returns an empty Text for an unknown check.
func meaning(check string) text.Text {
	return map[string]text.Text{
		"order-once":           {EN: "Each order number is granted once, to its owner, with the requested content.", ZH: "一个订单号只发一次奖，内容与请求一致，归属正确。"},
		"no-over-issuance":     {EN: "No stage grants more than its budget, and no grant exceeds the cap.", ZH: "任何阶段不超预算，任何单笔不超上限。"},
		"budget-accuracy":      {EN: "The spent amount of the budget equals the granted amount.", ZH: "预算记录的已用金额等于实际发放金额。"},
		"nothing-lost":         {EN: "Every acknowledged grant is posted to the ledger exactly once.", ZH: "每笔已确认的发奖都入账，且只入账一次。"},
		"zero-sum":             {EN: "The balances of all ledger accounts sum to zero.", ZH: "账本所有账户余额之和为零。"},
		"user-view":            {EN: "The wallet page shows every reward that is due exactly once.", ZH: "钱包页恰好显示应得的奖励：不缺，不重。"},
		"withdraw-whole":       {EN: "A withdrawal first posts all due rewards, then pays the requested amount exactly once.", ZH: "提现先将应得奖励入账，再按请求金额只支付一次。"},
		"phase-isolation":      {EN: "Rewards granted in one stage stay in that stage.", ZH: "一个阶段的奖励只属于该阶段。"},
		"state-machine":        {EN: "The state of a token only moves forward.", ZH: "令牌状态只向前推进。"},
		"reward-once":          {EN: "A non-cash reward exists, matches its scene, and was issued exactly once by its downstream system.", ZH: "非现金奖励真实存在、符合场景配置，下游只发放一次。"},
		"stock-never-over":     {EN: "No more coupons are issued than are in stock, and every issued coupon is counted.", ZH: "券不超发，计数与已发一致。"},
		"reward-use-once":      {EN: "A reward is used only by its owner and only once, in any app.", ZH: "奖励只由本人核销一次，任一 App 均可。"},
		"packet-exact":         {EN: "Each share of a packet is opened once by a recipient, or returned to the sender.", ZH: "红包的每一份由收件人拆开一次，否则退回。"},
		"switch-promise":       {EN: "A switch stops only what it declares; after it is turned off, everything works again.", ZH: "开关只停它声明的部分，关闭后全部恢复。"},
		"reconciled":           {EN: "Reconciliation leaves no unresolved difference.", ZH: "对账没有未解决的差异。"},
		"production-untouched": {EN: "The production data is the same before and after the load.", ZH: "压测前后生产数据不变。"},
		"load-cleaned-up":      {EN: "All data with the load-test mark was removed.", ZH: "带压测标记的数据已全部清理。"},
	}[check]
}
