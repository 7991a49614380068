package open

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"time"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

//go:embed ops.html
var opsTemplate string

// opsPage is the operations page: which switches are on, since when and why, which breakers are open, and the settings of the
// instance. /ops is HTML, /ops.json is JSON. It changes nothing.
type opsPage struct {
	flags *runtimeFlags
	guard *degrade.Guard
	page  *template.Template
}

// newOpsPage returns the page of a wallet and its switches.
func newOpsPage(flags *runtimeFlags, guard *degrade.Guard) opsPage {
	return opsPage{flags, guard, template.Must(template.New("ops").Parse(opsTemplate))}
}

// OpsStatus is the content of the page. Times are RFC 3339 in UTC; "" is never.
type OpsStatus struct {
	At           string          `json:"at"`
	Switches     []opsSwitch     `json:"switches"`
	Breakers     []OpsBreaker    `json:"breakers"`
	Dependencies []opsDependency `json:"dependencies"`
	Settings     opsSettings     `json:"settings"`
	ZH           bool            `json:"-"`
}

type opsSwitch struct {
	Name       wallet.Switch  `json:"name"`
	On         bool           `json:"on"`
	ByOperator bool           `json:"thrown"`
	Passive    bool           `json:"passive"`
	Since      string         `json:"since"`
	Trips      []degrade.Trip `json:"trips"`
	Dependency string         `json:"dependency"`
	Does       degrade.Text   `json:"does"`
	Notice     degrade.Text   `json:"notice"`
}

type OpsBreaker struct {
	Name     string               `json:"name"`
	State    degrade.BreakerState `json:"state"`
	Since    string               `json:"since"`
	Calls    int64                `json:"calls"`
	Failures int64                `json:"failures"`
	Refused  int64                `json:"refused"`
}

type opsDependency struct {
	Name      string           `json:"name"`
	Strength  degrade.Strength `json:"strength"`
	Limit     degrade.Text     `json:"limit"`
	Breakers  []string         `json:"breakers"`
	NoBreaker degrade.Text     `json:"no_breaker"`
	WayOut    degrade.Text     `json:"way_out"`
	Isolation degrade.Text     `json:"isolation"`
	Switches  []wallet.Switch  `json:"switches"`
}

type opsSettings struct {
	Version        int64   `json:"version"`
	Read           string  `json:"read"`        // from the config centre
	AgeSeconds     float64 `json:"age_seconds"` // negative: never read
	FromFile       bool    `json:"kept"`        // read by an earlier run; the config centre was not reached since
	Num            int64   `json:"release_num"`
	Den            int64   `json:"release_den"`
	WhiteList      int     `json:"white_list_wallets"`
	WithdrawPerDay int64   `json:"withdraw_per_day_fen"`
	WithdrawTimes  int     `json:"withdraw_times"`
	ShortPage      int     `json:"short_page"`
}

// view returns the present state.
func (o opsPage) view() OpsStatus {
	now := systemClock{}.Now()
	v := OpsStatus{At: opsTime(now)}
	for _, s := range o.flags.set.States() {
		e, _ := degrade.EntryOf(s.Switch)
		v.Switches = append(v.Switches, opsSwitch{Name: s.Switch, On: s.On, ByOperator: s.ByOperator, Passive: e.Passive, Since: opsTime(s.Since),
			Trips: s.Trips, Dependency: e.Dependency, Does: e.Does, Notice: e.Notice})
	}
	for _, b := range o.guard.Breakers() {
		v.Breakers = append(v.Breakers, OpsBreaker{b.Name, b.State, opsTime(b.Since), b.Calls, b.Failures, b.Refused})
	}
	for _, d := range degrade.Dependencies() {
		v.Dependencies = append(v.Dependencies, opsDependency(d))
	}
	last := o.flags.centre.Last()
	s := last.Settings
	v.Settings = opsSettings{Version: s.Version, Read: opsTime(last.At), AgeSeconds: -1, FromFile: last.FromFile, Num: s.Release.Num, Den: s.Release.Den,
		WhiteList: len(s.Release.WhiteList), WithdrawPerDay: int64(s.WithdrawPerDay), WithdrawTimes: s.WithdrawTimes, ShortPage: s.ShortPage}
	if last.At != 0 {
		v.Settings.AgeSeconds = now.Sub(last.At).Seconds()
	}
	return v
}

// opsTime formats an instant to the second; "" for never.
func opsTime(i wallet.Instant) string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339)
}

// ServeHTTP implements http.Handler.
func (o opsPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := o.view()
	if strings.HasSuffix(r.URL.Path, ".json") {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the client has hung up
		return
	}
	lang := r.URL.Query().Get("lang")
	v.ZH = lang == "zh" || lang == "" && strings.HasPrefix(r.Header.Get("Accept-Language"), "zh")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = o.page.Execute(w, v)
}
