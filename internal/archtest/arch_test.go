// The arch tests of this folder check the rules of the code base: which folder may import which, which functions service and
// simulation code must not call, and the shape of every source file. A failure prints the reason of its rule.
package archtest_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "hongbao"

// anything in a row's lists allows every import.
const anything = "**"

// row lists the imports that the code of one folder may have besides the standard library. Test files may import anything.
type row struct {
	folder  string   // below the module; "" is the root
	ours    []string // folders, as path.Match patterns
	libs    []string // modules or packages, including the packages below them
	virtual bool     // the code also runs in virtual time, so the bans apply
	why     string
}

func rows() []row {
	capability := "a capability knows the nouns and ports, and only the capabilities below it"
	return []row{
		{folder: "", ours: []string{"internal/cmd"},
			why: "the entry point only calls the command line"},
		{folder: "internal/cmd", ours: []string{"reference/wallet", "reference/server/auth", "reference/sdk/client", "reference/service/open", "scenarios", "scenarios/loader",
			"sim", "sim/study/*", "loadtest", "loadtest/*", "reports", "reports/*"},
			libs: []string{"github.com/spf13/cobra", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
			why:  "flags, progress and exit codes; money logic and stores are below it"},
		{folder: "internal/servetest", ours: []string{"reference/wallet", "reference/server/auth", "reference/server/hongbaopb", "reference/sdk/client", "reference/service/open", "reference/store/sql", "scenarios/loader"},
			libs: []string{"github.com/stretchr/testify", "github.com/go-sql-driver/mysql", "google.golang.org/protobuf"},
			why:  "runs the service for the tests of several packages"},
		{folder: "internal/slab", virtual: true,
			why: "memory layout only"},
		{folder: "internal/splitmix", virtual: true,
			why: "numbers from numbers"},
		{folder: "internal/timerheap", virtual: true,
			why: "orders timers; it does not know what is due"},

		{folder: "internal/rig",
			why: "starts servers for tests and tools; knows nothing of wallets"},
		{folder: "internal/rig/real", ours: []string{"internal/rig"},
			why: "runs a command beside the rig's servers"},
		{folder: "internal/docscheck", why: "runs the commands of documents; knows nothing of wallets"},
		{folder: "internal/modpath", libs: []string{"golang.org/x/mod", "google.golang.org/protobuf"}, why: "rewrites the module path; it must not import what it rewrites"},

		{folder: "reference/wallet", virtual: true,
			why: "every package imports the contract, so it must have no dependencies"},
		{folder: "reference/activity", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/identity", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/assetcenter", ours: []string{"reference/wallet", "reference/activity", "reference/limit"},
			libs: []string{"golang.org/x/time/rate"}, virtual: true, why: capability},
		{folder: "reference/token", ours: []string{"reference/wallet", "reference/token/tokenpb"},
			libs: []string{"google.golang.org/protobuf"}, virtual: true, why: capability},
		{folder: "reference/token/tokenpb", libs: []string{"google.golang.org/protobuf"}, virtual: true,
			why: "generated from the token's schema"},
		{folder: "reference/posting", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/walletpage", ours: []string{"reference/wallet", "reference/activity"}, virtual: true, why: capability},
		{folder: "reference/withdraw", ours: []string{"reference/wallet", "reference/activity", "reference/walletpage"},
			virtual: true, why: capability},
		{folder: "reference/reconcile", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/quota", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/stock", ours: []string{"reference/wallet", "reference/quota"}, virtual: true, why: capability},
		{folder: "reference/runningtotal", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/rewards", ours: []string{"reference/wallet", "reference/activity", "reference/stock"}, virtual: true, why: capability},
		{folder: "reference/packet", ours: []string{"reference/wallet", "reference/activity", "reference/walletpage", "internal/splitmix"}, virtual: true, why: capability},
		{folder: "reference/intercept", ours: []string{"reference/wallet"}, virtual: true,
			why: "a wrapper knows its port and calls a hook; it does not know what the hook does"},
		{folder: "reference/degrade", ours: []string{"reference/wallet", "reference/intercept"}, virtual: true, why: capability},
		{folder: "reference/limit", ours: []string{"reference/wallet", "reference/intercept"}, libs: []string{"golang.org/x/time/rate"}, virtual: true, why: capability},
		{folder: "reference/config", ours: []string{"reference/wallet"},
			why: "reads settings, and keeps the last ones if the config centre does not answer"},
		{folder: "reference/operator", ours: []string{"reference/wallet", "reference/activity"},
			why: "operators use the same ports and capabilities as other callers"},
		{folder: "reference/downstream", ours: []string{"reference/wallet"}, virtual: true,
			why: "one adapter for each protocol; it does not depend on the transport"},
		{folder: "reference/downstream/fake", ours: []string{"reference/wallet"}, virtual: true,
			why: "simulates an external system, so it must not know the adapters"},
		{folder: "reference/downstream/wire", ours: []string{"reference/wallet", "reference/downstream", "reference/downstream/fake"},
			why: "transports the adapters' bytes over HTTP, and serves the fake systems"},
		{folder: "reference/node", ours: []string{"reference/wallet", "reference/activity", "reference/identity",
			"reference/assetcenter", "reference/token", "reference/posting", "reference/walletpage",
			"reference/withdraw", "reference/reconcile", "reference/quota", "reference/runningtotal", "reference/rewards",
			"reference/stock", "reference/packet", "reference/degrade", "reference/limit"}, virtual: true,
			why: "an instance is composed of capabilities and ports; it does not know the adapters"},
		{folder: "reference/store/mem", ours: []string{"reference/wallet", "internal/slab"}, virtual: true,
			why: "an adapter knows its ports and its driver, and no other adapter"},
		{folder: "reference/store/redis", ours: []string{"reference/wallet"}, libs: []string{"github.com/redis/rueidis"},
			why: "an adapter knows its ports and its driver, and no other adapter"},
		{folder: "reference/store/sql", ours: []string{"reference/wallet"},
			libs: []string{"github.com/go-sql-driver/mysql", "modernc.org/sqlite", "github.com/pressly/goose/v3"},
			why:  "an adapter knows its ports and its driver, and no other adapter"},
		{folder: "reference/store/storetest", ours: []string{"reference/wallet"},
			libs: []string{"github.com/stretchr/testify", "pgregory.net/rapid"},
			why:  "the contract of the ports, which must not favour an adapter"},

		{folder: "reference/sdk", ours: []string{"reference/wallet", "reference/activity", "reference/walletpage", "reference/runningtotal"},
			why: "queries run in the caller's process, without wire and server"},
		{folder: "reference/sdk/client", ours: []string{"reference/wallet", "reference/server/auth", "reference/server/hongbaopb", "reference/server/hongbaopb/hongbaopbconnect"},
			libs: []string{"connectrpc.com/connect", "google.golang.org/protobuf"},
			why:  "a caller of the wire knows the wire and the nouns"},
		{folder: "reference/server", ours: []string{"reference/wallet", "reference/limit", "reference/server/*", "reference/server/hongbaopb/hongbaopbconnect"},
			libs: []string{"connectrpc.com/connect", "google.golang.org/protobuf", "github.com/prometheus/client_golang", "golang.org/x/net", "golang.org/x/time/rate"},
			why:  "the wire protocol of the service's API; it does not know the implementation of the service"},
		{folder: "reference/server/auth", ours: []string{"reference/wallet"},
			why: "authentication happens before any call of the service"},
		{folder: "reference/server/hongbaopb", libs: []string{"google.golang.org/protobuf"},
			why: "generated from the API's schema"},
		{folder: "reference/server/hongbaopb/hongbaopbconnect", ours: []string{"reference/server/hongbaopb"},
			libs: []string{"connectrpc.com/connect", "google.golang.org/protobuf"},
			why:  "generated from the API's schema"},
		{folder: "reference/host", ours: []string{"reference/wallet", "reference/node", "reference/reconcile", "reference/quota", "reference/runningtotal",
			"reference/stock", "reference/degrade", "reference/config"},
			why: "runs an instance in real time; it does not know the adapters of its ports"},

		{folder: "reference/service", ours: []string{"reference/wallet", "reference/activity", "reference/config", "reference/degrade", "reference/host", "reference/limit",
			"reference/node", "reference/quota", "reference/reconcile", "reference/rewards", "reference/runningtotal", "reference/sdk", "reference/stock"},
			why: "the only composition of a wallet; it receives drivers, servers, files and clocks through ports"},
		{folder: "reference/service/open", ours: []string{"reference/*", "reference/server/*", "reference/store/redis", "reference/store/sql", "reference/downstream/*"},
			libs: []string{"github.com/alicebob/miniredis/v2", "github.com/goccy/go-yaml"},
			why:  "reads configuration, opens stores and keys, and listens"},

		{folder: "scenarios", ours: []string{"reference/wallet"}, virtual: true,
			why: "a scenario describes a festival for any wallet"},
		{folder: "scenarios/loader", ours: []string{"reference/wallet", "scenarios"},
			libs: []string{"github.com/goccy/go-yaml", "github.com/google/jsonschema-go"},
			why:  "reads scenario files"},
		{folder: "scenarios/traffic", ours: []string{"reference/wallet", "scenarios", "internal/splitmix"}, virtual: true,
			why: "traffic is a pure function of scenario and seed, shared by simulation and load test"},

		{folder: "sim/world", ours: []string{"internal/timerheap"}, virtual: true,
			why: "time and order know nothing of wallets"},
		{folder: "sim/fault", ours: []string{"reference/wallet", "reference/intercept", "scenarios", "sim/world"}, virtual: true,
			why: "a fault is a hook of a port; it does not know the adapter"},
		{folder: "sim/oracle", ours: []string{"reference/wallet", "internal/slab"},
			libs: []string{"github.com/HdrHistogram/hdrhistogram-go"}, virtual: true,
			why: "a judge that shared code with the accused would share its mistakes"},
		{folder: "sim/study/coupons", ours: []string{"reference/wallet", "reference/stock", "reference/store/mem", "scenarios", "sim/fault", "sim/world", "reports"}, virtual: true,
			why: "a study puts one capability on stores that fail, and knows no driver of real stores"},
		{folder: "sim/study/limits", ours: []string{"reference/wallet", "reference/limit", "reference/store/mem", "scenarios", "sim/fault", "sim/world", "reports", "internal/timerheap"}, virtual: true,
			why: "a study puts one capability on stores that fail, and knows no driver of real stores"},
		{folder: "sim/drills", ours: []string{"reference/wallet", "reference/degrade", "scenarios", "reports"}, virtual: true,
			why: "checks the promise of a switch against what a run measured"},
		{folder: "sim/study/totals", ours: []string{"reference/wallet", "reference/runningtotal", "reference/store/mem", "scenarios", "sim/fault", "sim/world", "reports", "internal/splitmix"}, virtual: true,
			why: "a study puts one capability on stores that fail, and knows no driver of real stores"},
		{folder: "sim/cluster", ours: []string{"reference/*", "reference/downstream/fake", "reference/store/mem", "scenarios", "scenarios/traffic", "sim/world", "sim/fault", "sim/oracle", "sim/drills", "reports"}, virtual: true,
			why: "the instances of the service and their stores, with faults"},
		{folder: "sim/crowd", ours: []string{"reference/wallet", "scenarios", "scenarios/traffic", "sim/world", "sim/oracle", "sim/cluster", "internal/*"}, virtual: true,
			why: "people use the wallet only through its API"},
		{folder: "sim", ours: []string{"reference/wallet", "reference/reconcile", "reference/token", "scenarios", "scenarios/traffic", "sim/*", "reports"}, virtual: true,
			why: "one run combines world, cluster, crowd, faults and oracle"},

		{folder: "sim/mutants/rehearsal", ours: []string{"reference/wallet", "scenarios", "scenarios/loader", "sim", "reports"},
			why: "a mutant is built into it: the wallet and the oracle, without drivers"},

		{folder: "loadtest/attack", libs: []string{"github.com/tsenart/vegeta/v12", "github.com/valyala/fasthttp", "github.com/HdrHistogram/hdrhistogram-go"},
			why: "starts operations on time and counts them; it does not know what an operation does"},
		{folder: "loadtest/crowd", ours: []string{"reference/wallet", "reference/server/auth", "reference/sdk/client", "scenarios", "scenarios/traffic", "sim/oracle", "loadtest/attack", "internal/splitmix", "internal/timerheap"},
			why: "people know only the wire protocol, so that the crowd can use any wallet"},
		{folder: "loadtest/target", ours: []string{"reference/wallet", "reference/downstream", "reference/downstream/fake", "reference/server/auth", "reference/service/open", "scenarios", "sim/oracle"},
			why: "runs the service in the process of a load test, and gives its records to the oracle"},
		{folder: "loadtest/judge", ours: []string{"scenarios", "reports"}, libs: []string{"github.com/HdrHistogram/hdrhistogram-go"},
			why: "judges thresholds by a record, from any load generator"},
		{folder: "loadtest/conform", ours: []string{"reference/wallet", "reference/server/auth", "reference/server/hongbaopb", "reference/server/hongbaopb/hongbaopbconnect", "reference/sdk/client"},
			libs: []string{"connectrpc.com/connect", "google.golang.org/protobuf"},
			why:  "tests the contract over the wire, for any wallet"},
		{folder: "loadtest", ours: []string{"reference/wallet", "reference/server/auth", "reference/sdk/client", "scenarios", "scenarios/traffic", "sim/oracle", "loadtest/*", "reports"},
			libs: []string{"github.com/HdrHistogram/hdrhistogram-go"},
			why:  "a load test combines a plan, a generator, people and a judge; it knows stores only by their ports"},

		{folder: "examples/embedded", ours: []string{"reference/wallet", "reference/service/open"},
			why: "an example uses what another program would: no internal package, no library"},
		{folder: "examples/client", ours: []string{"reference/wallet", "reference/sdk/client", "reference/server/auth", "reference/service/open"},
			why: "an example uses what another program would: no internal package, no library"},
		{folder: "examples/scenario", ours: []string{"reference/wallet", "reports", "scenarios/loader", "sim", "sim/cluster"},
			why: "an example uses what another program would: no internal package, no library"},
		{folder: "examples/conformance", ours: []string{"reference/wallet", "reference/server/auth", "reference/service/open", "loadtest/conform"},
			why: "an example uses what another program would: no internal package, no library"},

		{folder: "reports/text", why: "numbers and words in English and Chinese"},
		{folder: "reports", ours: []string{"reports/text"}, libs: []string{"github.com/HdrHistogram/hdrhistogram-go"},
			why: "a record can be read without the code that made it"},
		{folder: "reports/terminal", ours: []string{"reports", "reports/text"}, why: "text for a terminal"},
		{folder: "reports/plot", ours: []string{"reports", "reports/text"}, libs: []string{"gonum.org/v1/plot"}, why: "curves as SVG"},
		{folder: "reports/compare", ours: []string{"reports", "reports/text", "reports/terminal"}, why: "compares two records of one load"},
		{folder: "reports/render", ours: []string{"reports", "reports/text", "reports/terminal", "reports/plot"},
			why: "one rendering in each file, all from the record"},
		{folder: "reports/recordtest", ours: []string{"reports"}, libs: []string{"github.com/stretchr/testify", "github.com/HdrHistogram/hdrhistogram-go"},
			why: "made-up records for the tests of the renderings"},
	}
}

// promise is a rule about the rows, so that a row cannot be loosened by mistake.
type promise struct {
	of    string   // pattern of the folders that it binds
	never []string // patterns that their rows must not allow
	only  []string // unless nil: the only patterns that their rows may allow
	why   string
}

func promises() []promise {
	harness := []string{"sim", "sim/*", "sim/*/*", "scenarios", "scenarios/*", "loadtest", "loadtest/*", "reports", "reports/*", "internal/cmd"}
	nothing := []string{}
	return []promise{
		{of: "reference/*", never: harness, why: "the service must not know its tests"},
		{of: "reference/*/*", never: harness, why: "the service must not know its tests"},
		{of: "reference/wallet", only: nothing, why: "the contract uses only the standard library"},
		{of: "reference/service", never: []string{"reference/server", "reference/server/*", "reference/store/*"}, why: "the composition knows ports, and no driver or server"},
		{of: "reference/*", never: []string{"reference/store/*"}, why: "capabilities and nodes see ports, not adapters"},
		{of: "reference/store/*", only: []string{"reference/wallet", "internal/slab"}, why: "adapters never import each other"},
		{of: "sim/world", only: []string{"internal/timerheap"}, why: "the world knows only time and order"},
		{of: "sim/oracle", only: []string{"reference/wallet", "internal/slab"}, why: "the oracle knows only the nouns"},
		{of: "examples/*", never: []string{"internal/*", "internal/*/*"}, why: "another module cannot import internal packages"},
		{of: "reports", only: []string{"reports/text"}, why: "a report reads only the record"},
		{of: "reports/*", only: []string{"reports", "reports/*"}, why: "a report reads only the record"},
	}
}

// TestImports checks every file against the row of its folder.
func TestImports(t *testing.T) {
	for _, s := range readTree(t) {
		for _, finding := range checkImports(rows(), s) {
			t.Error(finding)
		}
	}
}

func TestRowsKeepPromises(t *testing.T) {
	var folders []string
	for _, r := range rows() {
		require.NotContains(t, folders, r.folder, "two rows")
		require.NotEmpty(t, r.why, "row %q gives no reason", r.folder)
		folders = append(folders, r.folder)
	}
	for _, r := range rows() {
		for _, finding := range checkPromises(promises(), r, folders) {
			t.Error(finding)
		}
	}
}

func checkImports(rows []row, s source) []string {
	if s.test {
		return nil
	}
	r, ok := rowOf(rows, s.folder)
	if !ok {
		return []string{fmt.Sprintf("%s: folder %q has no row in internal/archtest/arch_test.go: add one that says what it may import, and why", s.at(s.file.Package), s.folder)}
	}
	var found []string
	for _, spec := range s.file.Imports {
		p := importPath(spec)
		if !r.allows(p) {
			found = append(found, fmt.Sprintf("%s: %q must not import %q: %s", s.at(spec.Pos()), s.folder, p, r.why))
		}
	}
	return found
}

// checkPromises tests the row with each of the folders, so that a pattern in the row is covered too.
func checkPromises(promises []promise, r row, folders []string) []string {
	var found []string
	for _, p := range promises {
		if !matches([]string{p.of}, r.folder) {
			continue
		}
		for _, f := range folders {
			broken := matches(p.never, f) || p.only != nil && !matches(p.only, f)
			if broken && r.allows(module+"/"+f) {
				found = append(found, fmt.Sprintf("the row of %q allows %q: %s", r.folder, f, p.why))
			}
		}
	}
	return found
}

func rowOf(rows []row, folder string) (row, bool) {
	for _, r := range rows {
		if r.folder == folder {
			return r, true
		}
	}
	return row{}, false
}

func (r row) allows(imported string) bool {
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		return matches(r.ours, own)
	}
	host, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(host, ".") {
		return true // the standard library; "C" is banned elsewhere
	}
	for _, l := range r.libs {
		if l == anything || imported == l || strings.HasPrefix(imported, l+"/") {
			return true
		}
	}
	return false
}

func matches(patterns []string, folder string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, folder); p == anything || err == nil && ok {
			return true
		}
	}
	return false
}
