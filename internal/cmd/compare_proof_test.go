package cmd

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reports"
	"hongbao/reports/compare"
)

// proofEnv asks for TestCompareProof and says how often each comparison is made.
const proofEnv = "HONGBAO_COMPARE_PROOF"

// proofLoad is the load of the proof: two services of it at a time take a little more than one processor.
var proofLoad = []string{"scenarios/rain-peak.yaml", "--peak", "300/s", "--duration", "5s", "--audit-people", "100"}

// planted is how much more processor time the slow build is made to take.
const planted = 0.10

// TestCompareProof compares this source with itself, which must not alarm, and with a build of it into whose grants work
// was planted, a tenth of what an operation costs, which must. It takes minutes, so it runs when asked:
//
//	HONGBAO_COMPARE_PROOF=2 go test -count=1 -v -timeout 60m -run '^TestCompareProof$' .
func TestCompareProof(t *testing.T) {
	often, err := strconv.Atoi(os.Getenv(proofEnv))
	if err != nil || often < 1 {
		t.Skipf("takes minutes: set %s to how often each comparison is to be made, or make compare-proof", proofEnv)
	}
	dir := t.TempDir()
	build := filepath.Join(dir, "build")
	goBuild(t, build, "")
	grants, operations, cost := costOf(t, build, filepath.Join(dir, "cost"))
	each := time.Duration(planted * float64(cost) * float64(operations) / float64(grants))
	slow := filepath.Join(dir, "slow")
	goBuild(t, slow, overlay(t, dir, hashesIn(t, each)))
	t.Logf("an operation takes %v; planted into each grant: %v, as there are %d operations for %d grants", cost, each, operations, grants)

	for i := range often {
		code, d := compareBuilds(t, build, build, filepath.Join(dir, fmt.Sprint("alike-", i)))
		require.Equal(t, exitPass, code, "one build against itself: %v", d.Why)

		code, d = compareBuilds(t, build, slow, filepath.Join(dir, fmt.Sprint("planted-", i)))
		require.Equal(t, exitRegression, code, "a planted tenth: %v", d.Why)
		by := deciding(t, d)
		require.Equal(t, compare.Worse, by.Change)
		require.Less(t, by.Low, 1+planted)
		require.Greater(t, by.High, 1+planted/2, "as much as was planted, or nearly")
	}
}

// goBuild builds the command, with an overlay unless it is "".
func goBuild(t *testing.T, to, overlay string) {
	args := []string{"build", "-o", to}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	out, err := exec.CommandContext(t.Context(), "go", append(args, ".")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// costOf plays the load once.
func costOf(t *testing.T, build, dir string) (grants, operations int64, each time.Duration) {
	p := playLoad(t.Context(), build, proofLoad, dir)
	require.Empty(t, p.unusable(dir))
	r, err := reports.Read(dir)
	require.NoError(t, err)
	l := r.Runs[0].Load
	operations = l.Total().Sent
	return r.Runs[0].Offered.Sent, operations, time.Duration(l.Generator.CPUS * float64(time.Second) / float64(operations))
}

// hashesIn returns how many hashes take so much processor time here. They are counted, not timed, in the build, so that
// whoever waits for a processor meanwhile works no less.
func hashesIn(t *testing.T, d time.Duration) int {
	const tries = 200_000
	var sum [sha256.Size]byte
	best := time.Duration(1 << 62)
	for range 5 {
		before := servetest.ProcessorTime(t)
		for range tries {
			sum = sha256.Sum256(sum[:])
		}
		best = min(best, servetest.ProcessorTime(t)-before)
	}
	require.NotZero(t, sum)
	return max(1, int(int64(d)*tries/int64(best)))
}

// overlay returns an overlay for go build in which each grant makes so many hashes more.
func overlay(t *testing.T, dir string, hashes int) string {
	const file = "reference/assetcenter/center.go"
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	text := string(source)
	for _, e := range []struct{ old, new string }{
		{"func (c *Center) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {\n",
			"func (c *Center) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {\n" +
				fmt.Sprintf("\tvar sum [sha256.Size]byte\n\tfor range %d {\n\t\tsum = sha256.Sum256(sum[:])\n\t}\n", hashes) +
				"\tif sum == [sha256.Size]byte{} {\n\t\treturn wallet.GrantReply{}, wallet.ErrInvalid\n\t}\n"},
		{"import (\n", "import (\n\t\"crypto/sha256\"\n"},
	} {
		require.Equal(t, 1, strings.Count(text, e.old), e.old)
		text = strings.Replace(text, e.old, e.new, 1)
	}
	slower := filepath.Join(dir, "center.go")
	require.NoError(t, os.WriteFile(slower, []byte(text), 0o600))
	abs, err := filepath.Abs(file)
	require.NoError(t, err)
	list, err := json.Marshal(map[string]map[string]string{"Replace": {abs: slower}})
	require.NoError(t, err)
	to := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(to, list, 0o600))
	return to
}

// compareBuilds runs hongbao compare of two builds with its defaults.
func compareBuilds(t *testing.T, base, candidate, dir string) (int, *compare.Diff) {
	var out, said bytes.Buffer
	args := append([]string{"compare", "--base", base, "--candidate", candidate, "--out", dir, "--json", "--"}, proofLoad...)
	code := run(t.Context(), args, &out, &said)
	d := new(compare.Diff)
	require.NoError(t, json.Unmarshal(out.Bytes(), d), "exit code %d: %s", code, said.String())
	var table bytes.Buffer
	require.NoError(t, compare.Table(&table, d, false))
	t.Logf("exit code %d\n%s", code, table.String())
	return code, d
}

// deciding returns the row of the figure that decides.
func deciding(t *testing.T, d *compare.Diff) compare.DiffRow {
	for _, r := range d.Rows {
		if r.Name == compare.Deciding {
			return r
		}
	}
	require.Fail(t, "no "+compare.Deciding)
	return compare.DiffRow{}
}
