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

// proofEnv enables TestCompareProof; its value is the number of times that each comparison is made.
const proofEnv = "HONGBAO_COMPARE_PROOF"

// proofLoad is the load of the proof: two at the same time use slightly more than one processor.
var proofLoad = []string{"scenarios/rain-peak.yaml", "--peak", "300/s", "--duration", "5s", "--audit-people", "100"}

// planted is the additional CPU time of the slow build, as a fraction.
const planted = 0.10

// TestCompareProof compares a build of this source with itself, which must find no regression, and with a slower build, which
// must. In the slower build, each grant does additional work: 10% of the CPU time of an operation. The test takes minutes, so
// it runs on request only:
//
//	HONGBAO_COMPARE_PROOF=2 go test -count=1 -v -timeout 60m -run '^TestCompareProof$' ./internal/cmd
func TestCompareProof(t *testing.T) {
	repeats, err := strconv.Atoi(os.Getenv(proofEnv))
	if err != nil || repeats < 1 {
		t.Skipf("takes minutes: run make compare-proof, or set %s to the number of times to make each comparison", proofEnv)
	}
	dir := t.TempDir()
	build := filepath.Join(dir, "build")
	goBuild(t, build, "")
	grants, operations, cost := costOf(t, build, filepath.Join(dir, "cost"))
	each := time.Duration(planted * float64(cost) * float64(operations) / float64(grants))
	slow := filepath.Join(dir, "slow")
	goBuild(t, slow, overlay(t, dir, hashesIn(t, each)))
	t.Logf("CPU time per operation: %v; planted into each grant: %v, because there are %d operations for %d grants", cost, each, operations, grants)

	for i := range repeats {
		code, d := compareBuilds(t, build, build, filepath.Join(dir, fmt.Sprint("alike-", i)))
		require.Equal(t, exitPass, code, "a build against itself: %v", d.Why)

		code, d = compareBuilds(t, build, slow, filepath.Join(dir, fmt.Sprint("planted-", i)))
		require.Equal(t, exitRegression, code, "a slowdown of 10%%: %v", d.Why)
		by := deciding(t, d)
		require.Equal(t, compare.Worse, by.Change)
		require.Less(t, by.Low, 1+planted)
		require.Greater(t, by.High, 1+planted/2, "about as much as was planted")
	}
}

// goBuild builds the command, with an overlay if it is not "".
func goBuild(t *testing.T, to, overlay string) {
	args := []string{"build", "-o", to}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	out, err := exec.CommandContext(t.Context(), "go", append(args, ".")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// costOf plays the load once and returns its number of grants and operations and the CPU time per operation.
func costOf(t *testing.T, build, dir string) (grants, operations int64, each time.Duration) {
	p := playLoad(t.Context(), build, proofLoad, dir)
	require.Empty(t, p.unusable(dir))
	r, err := reports.Read(dir)
	require.NoError(t, err)
	l := r.Runs[0].Load
	operations = l.Total().Sent
	return r.Runs[0].Offered.Sent, operations, time.Duration(l.Generator.CPUS * float64(time.Second) / float64(operations))
}

// hashesIn returns the number of hashes that take d of CPU time on this machine. The slow build counts hashes instead of
// measuring time, because then a wait for a processor does not reduce its work.
func hashesIn(t *testing.T, d time.Duration) int {
	const tries = 200_000
	var sum [sha256.Size]byte
	best := time.Duration(1 << 62)
	for range 5 {
		before := servetest.CPUTime(t)
		for range tries {
			sum = sha256.Sum256(sum[:])
		}
		best = min(best, servetest.CPUTime(t)-before)
	}
	require.NotZero(t, sum)
	return max(1, int(int64(d)*tries/int64(best)))
}

// overlay returns an overlay for go build in which each grant computes additional hashes.
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

// compareBuilds runs hongbao compare on two builds with the default settings.
func compareBuilds(t *testing.T, base, candidate, dir string) (int, *compare.Diff) {
	var out, stderr bytes.Buffer
	args := append([]string{"compare", "--base", base, "--candidate", candidate, "--out", dir, "--json", "--"}, proofLoad...)
	code := run(t.Context(), args, &out, &stderr)
	d := new(compare.Diff)
	require.NoError(t, json.Unmarshal(out.Bytes(), d), "exit code %d: %s", code, stderr.String())
	var table bytes.Buffer
	require.NoError(t, compare.Table(&table, d, false))
	t.Logf("exit code %d\n%s", code, table.String())
	return code, d
}

// deciding returns the row of the metric that decides.
func deciding(t *testing.T, d *compare.Diff) compare.DiffRow {
	for _, r := range d.Rows {
		if r.Name == compare.Deciding {
			return r
		}
	}
	require.Fail(t, "there is no row "+compare.Deciding)
	return compare.DiffRow{}
}
