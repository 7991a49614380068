package conform

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDocument checks docs/bring-your-own-wallet.md: its links, the faults of the naive wallet, and the cases that it
// says detect them.
func TestDocument(t *testing.T) {
	const docs = "../../docs"
	b, err := os.ReadFile(filepath.Join(docs, "bring-your-own-wallet.md"))
	require.NoError(t, err)
	text := string(b)
	links := regexp.MustCompile(`\]\((\.\.[^)]*)\)`).FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, links)
	for _, l := range links {
		require.FileExists(t, filepath.Join(docs, l[1]))
	}

	source, err := os.ReadFile("../testdata/naive/main.go")
	require.NoError(t, err)
	var have []string
	for _, m := range regexp.MustCompile(`(?m)^\t\t"([a-z-]+)",`).FindAllStringSubmatch(string(source), -1) {
		have = append(have, m[1])
	}
	caught := map[string][]string{}
	for _, p := range planted() {
		caught[p.name] = p.failing
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|([^|]*)\\|([^|]*)\\|([^|]*)\\|$").FindAllStringSubmatch(text, -1) {
		if len(caught[row[1]]) == 0 && row[1] != "over-issue" { // a row of another table
			continue
		}
		documented = append(documented, row[1])
		for _, c := range regexp.MustCompile("`([a-z-]+)(…?)`").FindAllStringSubmatch(row[3], -1) {
			if c[2] != "" {
				require.Subset(t, caught[row[1]], names(c[1]), row[1])
				continue
			}
			require.Contains(t, caught[row[1]], c[1], row[1])
		}
	}
	require.ElementsMatch(t, have, documented, "each fault has a row")
	require.Contains(t, text, map[int]string{56: "Fifty-six cases"}[len(allCases())], "the number of cases is %d", len(allCases()))
	require.Len(t, names("token-"), 4, "the four token cases")
	require.True(t, strings.Contains(text, DefaultPatience.String()) || DefaultPatience.Seconds() == 15 && strings.Contains(text, "fifteen seconds"))
}
