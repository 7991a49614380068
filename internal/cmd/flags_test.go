package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wrongFlag is a command line with a value that it cannot have, and what its message contains.
type wrongFlag struct{ line, want string }

// wrongForSim is for sim and the commands that read scenarios and records.
func wrongForSim() []wrongFlag {
	return []wrongFlag{
		{"sim none.yaml", "none.yaml"},
		{"sim DIR", "DIR"},
		{"sim SCENARIO --seed -1", "--seed"},
		{"sim SCENARIO --scale 0", "--scale 0: want a ratio"},
		{"sim SCENARIO --scale -1/2", "--scale -1/2: want a ratio"},
		{"sim SCENARIO --strategy none", "--strategy none: want sync, async, token or all"},
		{"sim SCENARIO --crypto none", "--crypto none: want real or modelled"},
		{"sim SCENARIO --max-grants 0", "--max-grants 0: want 1 or more"},
		{"sim SCENARIO --max-grants -1", "--max-grants -1: want 1 or more"},
		{"sim SCENARIO --out KEYS", "--out KEYS"},

		{"compare", "want a base and a candidate, got 0"},
		{"compare DIR", "want a base and a candidate, got 1"},
		{"compare none DIR", "give a run's folder"},
		{"compare DIR DIR", "give a run's folder"},
		{"compare DIR DIR --min-change -1", "--min-change -1: want a share"},
		{"compare DIR DIR --min-change x", "--min-change x: want a share"},
		{"compare DIR DIR --rounds -1", "--rounds -1: want 3 to "},
		{"compare --save-baseline x", "want one run, got 0"},
		{"compare --save-baseline x none", "give a run's folder"},
		{"compare --base KEYS", "missing [candidate]"},
		{"compare --base none --candidate none -- SCENARIO", "--base: "},
		{"compare --base DIR --candidate DIR -- SCENARIO", "--base: "},
		{"compare --base none --candidate none --rounds 0 -- SCENARIO", "--rounds 0: want 3 to "},

		{"report", "want at least one run, got 0"},
		{"report none", "give the folder of a run"},
		{"report KEYS", "is not a run's folder"},

		{"scenario list none", "none"},
		{"scenario list KEYS", "KEYS"},
		{"scenario list a b", "want at most one folder, got 2"},
		{"scenario show", "want one scenario file, got 0"},
		{"scenario show none.yaml", "none.yaml"},
		{"scenario validate", "want at least one scenario file, got 0"},
		{"scenario validate DIR", "DIR"},
		{"scenario schema x", "want no argument, got 1"},
	}
}

// wrongForLoad is for load on the embedded target, or on none.
func wrongForLoad() []wrongFlag {
	return []wrongFlag{
		{"load", "want one scenario file, got 0"},
		{"load SCENARIO SCENARIO", "want one scenario file, got 2"},
		{"load none.yaml", "none.yaml"},
		{"load DIR", "DIR"},
		{"load SCENARIO --attackers -3", "--attackers -3: want 1 to 256"},
		{"load SCENARIO --attackers 0", "--attackers 0: want 1 to 256"},
		{"load SCENARIO --attackers 257", "--attackers 257: want 1 to 256"},
		{"load SCENARIO --max-in-flight -1", "--max-in-flight -1: want 1 to 131072"},
		{"load SCENARIO --max-in-flight 0", "--max-in-flight 0: want 1 to 131072"},
		{"load SCENARIO --audit-people -3", "--audit-people -3: want 1 or more"},
		{"load SCENARIO --audit-people 0", "--audit-people 0: want 1 or more"},
		{"load SCENARIO --repeat 0", "--repeat 0: want 1 to "},
		{"load SCENARIO --repeat -1", "--repeat -1: want 1 to "},
		{"load SCENARIO --duration 0s --peak 10/s", "--duration 0s: want a time above zero, at most 2h0m0s"},
		{"load SCENARIO --duration -5s", "--duration -5s: want a time above zero"},
		{"load SCENARIO --duration 3h", "--duration 3h0m0s: want a time above zero, at most 2h0m0s"},
		{"load SCENARIO --duration 0s --find-max", "--duration 0s: want a time above zero"},
		{"load SCENARIO --peak 0/s", "--peak 0/s: want a rate above zero"},
		{"load SCENARIO --peak -1/s", "--peak -1/s: want a rate above zero"},
		{"load SCENARIO --peak=", "--peak \"\": want a rate above zero"},
		{"load SCENARIO --window none", "the windows are: "},
		{"load SCENARIO --strategy none", "--strategy none: want sync, async or token"},
		{"load SCENARIO --driver none", "--driver none: want vegeta"},
		{"load SCENARIO --seed -1", "--seed"},
		{"load SCENARIO --out KEYS", "--out KEYS"},
		{"load SCENARIO --caller nobody", "unknown caller \"nobody\"; the callers are: demo"},
		{"load SCENARIO --tls-ca KEYS", "need a --target that is a URL"},
		{"load SCENARIO --target-config none.yaml", "need a --target that is a URL"},
		{"load SCENARIO --books none.yaml", "need a --target that is a URL"},
		{"load SCENARIO --target ftp://x", "--target ftp://x: want embedded, or a URL"},
		{"load SCENARIO --target http://:80", "--target http://:80: want embedded, or a URL"},
		{"load SCENARIO --target=", "--target: want embedded, or 1 to 64 URLs"},
		{"load SCENARIO --target http://127.0.0.1:1 --keys none.json", "give the file with --keys"},
		{"load SCENARIO --target http://127.0.0.1:1 --keys DIR", "give the file with --keys"},
		{"load SCENARIO --reward-scene tea", "need --conformance"},
		{"load SCENARIO --conformance --attackers -3", "--attackers -3: want 1 to 256"},
		{"load SCENARIO --conformance --reward-scene none", "--reward-scene none: the scenes of rewards other than cash are"},
		{"load none.yaml --conformance", "none.yaml"},
	}
}

// wrongForTarget is for load on a target elsewhere.
func wrongForTarget() []wrongFlag {
	const remote = "load SCENARIO --target http://127.0.0.1:1 --keys KEYS "
	const secure = "load SCENARIO --target https://127.0.0.1:1 --keys KEYS "
	return []wrongFlag{
		{remote + "--caller nobody", "unknown caller \"nobody\"; the callers are: demo"},
		{remote + "--tls-ca KEYS", "no --target is an https URL"},
		{remote + "--target-config none.yaml", "--target-config: configuration file none.yaml: open none.yaml"},
		{remote + "--target-config DIR", "--target-config: configuration file DIR"},
		{remote + "--books none.yaml", "--target-config: configuration file none.yaml: open none.yaml"},
		{secure + "--tls-ca none.pem", "open none.pem"},
		{secure + "--tls-ca DIR", "is a directory"},
		{secure + "--tls-ca KEYS", "no certificate in KEYS"},
		{remote + "--conformance --caller nobody", "unknown caller \"nobody\""},
		{secure + "--conformance --tls-ca none.pem", "open none.pem"},
	}
}

// wrongForServe is for serve and the commands that use its keys.
func wrongForServe() []wrongFlag {
	return []wrongFlag{
		{"serve x", "want no argument, got 1"},
		{"serve --config none.yaml", "none.yaml"},
		{"serve --config DIR", "DIR"},
		{"serve --scenario none.yaml", "none.yaml"},
		{"serve --scenario DIR", "DIR"},
		{"serve --data KEYS", "KEYS"},
		{"serve --data DIR --keys DIR", "DIR"},
		{"serve --data DIR --token-keys DIR", "DIR"},
		{"serve --data DIR --tls-cert none.pem --tls-key none.pem", "open none.pem"},
		{"serve --data DIR --tls-cert none.pem", "only one of cert and key"},
		{"serve --data DIR --listen nowhere", "is not HOST:PORT"},
		{"serve --data DIR --debug nowhere", "is not HOST:PORT"},
		{"serve --data DIR --listen 127.0.0.1:-1", "127.0.0.1:-1"},
		{"serve --data DIR --strategy none", "use sync, async or token"},
		{"serve --data DIR --instance=", "use a short name"},
		{"serve --data DIR --redis 127.0.0.1:1", "mysql"},

		{"keys x", "want no argument, got 1"},
		{"keys --data KEYS", "KEYS"},

		{"sign --data DIR a b", "want at most one method, got 2"},
		{"sign --data none M/N", "none/keys.json"},
		{"sign --keys DIR M/N", "DIR"},
		{"sign --data DIR --caller nobody M/N", "unknown caller"},
		{"sign --data DIR --operator nobody M/N", "unknown operator"},
		{"sign --data DIR --session douyin:-7", "such as douyin:7"},
		{"sign --data DIR --session douyin:7 --for 0s", "--for 0s: want a time above zero"},
		{"sign --data DIR --session douyin:7 --for -1h", "--for -1h0m0s: want a time above zero"},
		{"sign --data DIR --body @none M/N", "--body: open none"},
		{"sign --data DIR --body @DIR M/N", "--body: "},
	}
}

// wrongForOperator is for the operator subcommands.
func wrongForOperator() []wrongFlag {
	const operator = "operator --url http://127.0.0.1:1 --data DIR "
	return []wrongFlag{
		{operator + "--as nobody switch list", "unknown operator"},
		{operator + "switch list x", "want no argument, got 1"},
		{operator + "switch set x", "want a switch and on or off, got 1"},
		{operator + "settings set --release x", "--release x: want a share"},
		{operator + "settings set --release 2/1", "2 in 1 people"},
		{operator + "settings set --release 1/0", "1 in 0 people"},
		{operator + "settings set --per-day -1", "daily limit below zero"},
		{operator + "settings set --times -1", "daily limit below zero"},
		{operator + "settings set --short -1", "short pages of -1 lines"},
		{operator + "settings set --white-list -3", "not above zero"},
		{operator + "announce --text x --for -1h", "--for -1h0m0s: want a time above zero"},
		{operator + "announce --text x --from now", "--from: "},
		{operator + "announce --text x --app weibo", "--app weibo: want an app"},
		{operator + "take-down -- -1", "\"-1\" is not the number of an announcement"},
		{operator + "take-down", "want one announcement, got 0"},
		{operator + "page show 0", "\"0\" is not the number of a version"},
		{operator + "page publish none.json", "open none.json"},
		{operator + "page publish DIR", "is a directory"},
		{operator + "page publish KEYS --was -1", "--was -1: want 0 or more"},
		{operator + "page rollback 1 --was -1", "--was -1: want 0 or more"},
		{operator + "bulk check none.csv", "open none.csv"},
		{operator + "bulk create DIR", "is a directory"},
		{operator + "bulk check", "want one file, got 0"},
		{operator + "bulk start 0", "\"0\" is not the number of a job"},
		{operator + "bulk rows", "want one job, got 0"},
		{operator + "bulk status x", "\"x\" is not the number of a job"},
		{operator + "refund x", "order number \"x\""},
		{operator + "refund", "want one order, got 0"},
	}
}

// TestWrongFlags gives each command values that it cannot have: negative numbers, zero, missing files, folders instead of
// files, unknown names. Each ends with the usage code and one message that names the fault, before a target is opened
// and before anything is written: the targets and services of these commands do not exist.
func TestWrongFlags(t *testing.T) {
	dir := t.TempDir()
	var discard bytes.Buffer
	require.Equal(t, exitPass, run(t.Context(), []string{"keys", "--data", dir}, &discard, &discard))
	keys := filepath.Join(dir, "keys.json")
	csv := filepath.Join(dir, "list.csv")
	require.NoError(t, os.WriteFile(csv, []byte("app,user\n"), 0o600))
	for _, c := range slices.Concat(wrongForSim(), wrongForLoad(), wrongForTarget(), wrongForServe(), wrongForOperator()) {
		t.Run(c.line, func(t *testing.T) {
			fill := strings.NewReplacer("SCENARIO", "internal/cmd/testdata/tiny.yaml", "KEYS", keys, "DIR", dir)
			args := strings.Fields(fill.Replace(c.line))
			out := filepath.Join(t.TempDir(), "out")
			if args[0] == "load" || args[0] == "sim" {
				args = append([]string{args[0], "--out", out, "--quiet"}, args[1:]...)
			}
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Second) // a command that accepts the value may run without end
			defer stop()
			var stdout, stderr bytes.Buffer
			require.Equal(t, exitUsage, run(ctx, args, &stdout, &stderr), stderr.String())
			require.Contains(t, stderr.String(), fill.Replace(c.want))
			require.Equal(t, 1, strings.Count(stderr.String(), "hongbao: "), stderr.String())
			require.Empty(t, stdout.String())
			require.NoDirExists(t, out)
		})
	}
}
