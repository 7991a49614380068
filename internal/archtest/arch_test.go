// The arch tests of this folder check the rules of the code base: which folder may import which, which functions service and
// simulation code must not call, and the shape of every source file. A failure prints the reason of its rule.
package archtest_test

import "slices"

const module = "hongbao"

// row lists the imports that the code of one folder may have besides the standard library. Test files may import anything.
type row struct {
	folder  string   // below the module; "" is the root
	ours    []string // folders
	libs    []string // modules or packages, including the packages below them
	virtual bool     // the code also runs in virtual time, so the bans apply
	banned  bool     // the bans apply although the code is not virtual, because it imports code in real time
	why     string
}

// capability is the reason of several rows.
const capability = "a capability knows the nouns and ports, and only the capabilities below it"

// rows returns the table of imports, one function for each part of the module.
func rows() []row {
	return slices.Concat(programRows(), toolRows(), capabilityRows(), adapterRows(), serviceRows(), scenarioRows(), simRows(), loadtestRows(), exampleRows(), reportRows())
}

func programRows() []row {
	return []row{
		{folder: "", ours: []string{"internal/cmd"},
			why: "the entry point only calls the command line"},
		{folder: "internal/cmd", ours: []string{"reference/wallet", "reference/server/auth", "reference/sdk/client", "reference/service/open", "scenarios", "scenarios/loader",
			"sim", "sim/study/coupons", "sim/study/limits", "sim/study/totals", "loadtest", "loadtest/attack", "loadtest/conform", "loadtest/crowd", "loadtest/target",
			"reports", "reports/compare", "reports/render"},
			libs: []string{"github.com/spf13/cobra", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
			why:  "flags, progress and exit codes; money logic and stores are below it"},
		{folder: "internal/servetest", ours: []string{"reference/wallet", "reference/server/auth", "reference/server/hongbaopb", "reference/sdk/client", "reference/service/open", "reference/store/sql", "scenarios/loader"},
			libs: []string{"github.com/stretchr/testify", "github.com/go-sql-driver/mysql", "google.golang.org/protobuf"},
			why:  "runs the service for the tests of several packages"},
	}
}

func toolRows() []row {
	return []row{
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
	}
}

func capabilityRows() []row {
	return []row{
		{folder: "reference/wallet", virtual: true,
			why: "every package imports the contract, so it must have no dependencies"},
		{folder: "reference/activity", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/identity", ours: []string{"reference/wallet"}, virtual: true, why: capability},
		{folder: "reference/assetcenter", ours: []string{"reference/wallet", "reference/activity", "reference/limit"}, virtual: true, why: capability},
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
		{folder: "reference/packet", ours: []string{"reference/wallet", "reference/activity", "internal/splitmix"}, virtual: true, why: capability},
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
			"reference/withdraw", "reference/reconcile", "reference/rewards",
			"reference/stock", "reference/packet", "reference/limit"}, virtual: true,
			why: "an instance is composed of capabilities and ports; it does not know the adapters"},
	}
}

func adapterRows() []row {
	return []row{
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
	}
}

func serviceRows() []row {
	return []row{
		{folder: "reference/sdk", ours: []string{"reference/wallet", "reference/walletpage", "reference/runningtotal"},
			why: "queries run in the caller's process, without wire and server"},
		{folder: "reference/sdk/client", ours: []string{"reference/wallet", "reference/server/auth", "reference/server/hongbaopb", "reference/server/hongbaopb/hongbaopbconnect"},
			libs: []string{"connectrpc.com/connect"},
			why:  "a caller of the wire knows the wire and the nouns"},
		{folder: "reference/server", ours: []string{"reference/wallet", "reference/limit", "reference/server/auth", "reference/server/hongbaopb", "reference/server/hongbaopb/hongbaopbconnect"},
			libs: []string{"connectrpc.com/connect", "google.golang.org/protobuf", "github.com/prometheus/client_golang", "golang.org/x/net"},
			why:  "the wire protocol of the service's API; it does not know the implementation of the service"},
		{folder: "reference/server/auth", ours: []string{"reference/wallet"},
			why: "authentication happens before any call of the service"},
		{folder: "reference/server/hongbaopb", libs: []string{"google.golang.org/protobuf"},
			why: "generated from the API's schema"},
		{folder: "reference/server/hongbaopb/hongbaopbconnect", ours: []string{"reference/server/hongbaopb"},
			libs: []string{"connectrpc.com/connect"},
			why:  "generated from the API's schema"},
		{folder: "reference/host", ours: []string{"reference/wallet", "reference/quota", "reference/runningtotal", "reference/stock", "reference/degrade", "reference/config"},
			why: "runs an instance in real time; it does not know the adapters of its ports"},

		{folder: "reference/service", ours: []string{"reference/wallet", "reference/activity", "reference/config", "reference/degrade", "reference/host", "reference/limit",
			"reference/node", "reference/quota", "reference/reconcile", "reference/rewards", "reference/runningtotal", "reference/sdk", "reference/stock"}, banned: true,
			why: "the only composition of a wallet; it receives drivers, servers, files and clocks through ports"},
		{folder: "reference/service/open", ours: []string{"reference/wallet", "reference/activity", "reference/config", "reference/degrade", "reference/downstream", "reference/downstream/fake",
			"reference/downstream/wire", "reference/node", "reference/operator", "reference/reconcile", "reference/runningtotal", "reference/server", "reference/server/auth",
			"reference/service", "reference/store/redis", "reference/store/sql", "reference/token"},
			libs: []string{"github.com/alicebob/miniredis/v2", "github.com/goccy/go-yaml"},
			why:  "reads configuration, opens stores and keys, and listens"},
	}
}

func scenarioRows() []row {
	return []row{
		{folder: "scenarios", ours: []string{"reference/wallet"}, virtual: true,
			why: "a scenario describes a festival for any wallet"},
		{folder: "scenarios/loader", ours: []string{"reference/wallet", "scenarios"},
			libs: []string{"github.com/goccy/go-yaml", "github.com/google/jsonschema-go"},
			why:  "reads scenario files"},
		{folder: "scenarios/traffic", ours: []string{"reference/wallet", "scenarios", "internal/splitmix"}, virtual: true,
			why: "traffic is a pure function of scenario and seed, shared by simulation and load test"},
	}
}

func simRows() []row {
	return []row{
		{folder: "sim/world", ours: []string{"internal/timerheap"}, virtual: true,
			why: "time and order know nothing of wallets"},
		{folder: "sim/fault", ours: []string{"reference/wallet", "reference/intercept", "scenarios", "sim/world"}, virtual: true,
			why: "a fault is a hook of a port; it does not know the adapter"},
		{folder: "sim/oracle", ours: []string{"reference/wallet", "internal/slab"},
			libs: []string{"github.com/HdrHistogram/hdrhistogram-go"}, virtual: true,
			why: "a judge that shared code with the accused would share its mistakes"},
		{folder: "sim/study/tables", ours: []string{"reports"}, virtual: true,
			why: "the table of a study does not know what is compared"},
		{folder: "sim/study/coupons", ours: []string{"sim/study/tables", "reference/wallet", "reference/stock", "reference/store/mem", "scenarios", "sim/fault", "sim/world", "reports"}, virtual: true,
			why: "a study puts one capability on stores that fail, and knows no driver of real stores"},
		{folder: "sim/study/limits", ours: []string{"sim/study/tables", "reference/wallet", "reference/limit", "reference/store/mem", "scenarios", "sim/world", "reports"}, virtual: true,
			why: "a study puts one capability on stores that fail, and knows no driver of real stores"},
		{folder: "sim/drills", ours: []string{"reference/wallet", "scenarios", "reports"}, virtual: true,
			why: "checks the promise of a switch against what a run measured"},
		{folder: "sim/study/totals", ours: []string{"sim/study/tables", "reference/wallet", "reference/runningtotal", "reference/store/mem", "scenarios", "sim/fault", "sim/world", "reports", "internal/splitmix"}, virtual: true,
			why: "a study puts one capability on stores that fail, and knows no driver of real stores"},
		{folder: "sim/cluster", ours: []string{"reference/wallet", "reference/activity", "reference/degrade", "reference/downstream", "reference/downstream/fake", "reference/identity",
			"reference/intercept", "reference/limit", "reference/node", "reference/rewards", "reference/runningtotal", "reference/stock", "reference/store/mem", "reference/token",
			"reference/walletpage", "scenarios", "scenarios/traffic", "sim/world", "sim/fault", "sim/oracle", "sim/drills", "reports"}, virtual: true,
			why: "the instances of the service and their stores, with faults"},
		{folder: "sim/crowd", ours: []string{"reference/wallet", "scenarios", "scenarios/traffic", "sim/world", "sim/oracle", "sim/cluster", "internal/timerheap"}, virtual: true,
			why: "people use the wallet only through its API"},
		{folder: "sim", ours: []string{"reference/wallet", "reference/reconcile", "reference/token", "scenarios", "scenarios/traffic", "sim/world", "sim/oracle", "sim/cluster", "sim/crowd", "reports"}, virtual: true,
			why: "one run combines world, cluster, crowd, faults and oracle"},

		{folder: "sim/mutants/rehearsal", ours: []string{"reference/wallet", "scenarios/loader", "sim", "reports"},
			why: "a mutant is built into it: the wallet and the oracle, without drivers"},
	}
}

func loadtestRows() []row {
	return []row{
		{folder: "loadtest/attack", libs: []string{"github.com/tsenart/vegeta/v12", "github.com/valyala/fasthttp", "github.com/HdrHistogram/hdrhistogram-go"},
			why: "starts operations on time and counts them; it does not know what an operation does"},
		{folder: "loadtest/crowd", ours: []string{"reference/wallet", "reference/server/auth", "reference/sdk/client", "scenarios", "scenarios/traffic", "sim/oracle", "loadtest/attack", "internal/splitmix", "internal/timerheap"},
			why: "people know only the wire protocol, so that the crowd can use any wallet"},
		{folder: "loadtest/target", ours: []string{"reference/wallet", "reference/downstream", "reference/downstream/fake", "reference/server/auth", "reference/service/open", "scenarios", "sim/oracle"},
			why: "runs the service in the process of a load test, and gives its records to the oracle"},
		{folder: "loadtest/judge", ours: []string{"scenarios", "reports"}, libs: []string{"github.com/HdrHistogram/hdrhistogram-go"},
			why: "judges thresholds by a record, from any load generator"},
		{folder: "loadtest/conform", ours: []string{"reference/wallet", "reference/server/auth", "reference/server/hongbaopb"},
			libs: []string{"google.golang.org/protobuf"},
			why:  "tests the contract over the wire, for any wallet"},
		{folder: "loadtest", ours: []string{"reference/wallet", "reference/server/auth", "reference/sdk/client", "scenarios", "sim/oracle", "loadtest/attack", "loadtest/crowd", "loadtest/judge", "reports"},
			libs: []string{"github.com/HdrHistogram/hdrhistogram-go"},
			why:  "a load test combines a plan, a generator, people and a judge; it knows stores only by their ports"},
	}
}

func exampleRows() []row {
	return []row{
		{folder: "examples/embedded", ours: []string{"reference/wallet", "reference/service/open"},
			why: "an example uses what another program would: no internal package, no library"},
		{folder: "examples/client", ours: []string{"reference/wallet", "reference/sdk/client", "reference/server/auth", "reference/service/open"},
			why: "an example uses what another program would: no internal package, no library"},
		{folder: "examples/scenario", ours: []string{"reference/wallet", "reports", "scenarios/loader", "sim"},
			why: "an example uses what another program would: no internal package, no library"},
		{folder: "examples/conformance", ours: []string{"reference/wallet", "reference/server/auth", "reference/service/open", "loadtest/conform"},
			why: "an example uses what another program would: no internal package, no library"},
	}
}

func reportRows() []row {
	return []row{
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
