package archtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDrawing: each arrow in ARCHITECTURE.md is an import of the code.
func TestDrawing(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "ARCHITECTURE.md"), "\n## Imports\n")
	_, rest, _ := strings.Cut(section, "\n```\n")
	drawing, _, closed := strings.Cut(rest, "\n```\n")
	require.True(t, closed)
	require.Greater(t, strings.Count(drawing, arrow), 20)
	for _, finding := range checkDrawing(drawing, importsOf(readTree(t))) {
		t.Error(finding)
	}
}

// TestLayersDocument: ARCHITECTURE.md lists the layers of the table.
func TestLayersDocument(t *testing.T) {
	var want, got [][]string
	for _, layer := range layers() {
		want = append(want, slices.Clone(layer))
	}
	want[0] = []string{"main.go"}
	for _, r := range table(t, "ARCHITECTURE.md", "| layer | folders |") {
		got = append(got, list(strings.ReplaceAll(r[1], "`", "")))
	}
	require.Equal(t, want, got)
}

const arrow = " ─→ "

// checkDrawing reports arrows without an import. A line is a chain of lists of folders; each folder of a list imports each of the
// next one.
func checkDrawing(drawing string, imports map[string][]string) (found []string) {
	for _, line := range strings.Split(drawing, "\n") {
		if line == "" {
			continue
		}
		chain := strings.Split(line, arrow)
		if len(chain) < 2 {
			found = append(found, fmt.Sprintf("no arrow in %q", line))
		}
		for i := range len(chain) - 1 {
			for _, from := range list(chain[i]) {
				for _, to := range list(chain[i+1]) {
					if !slices.Contains(imports[strings.TrimPrefix(from, "main.go")], module+"/"+to) {
						found = append(found, fmt.Sprintf("%s does not import %s", from, to))
					}
				}
			}
		}
	}
	return found
}

// TestDrawingCatches draws arrows with and without an import.
func TestDrawingCatches(t *testing.T) {
	imports := map[string][]string{"": {"hongbao/p"}, "p": {"hongbao/q", "hongbao/r"}, "q": {"hongbao/r"}}
	for drawing, found := range map[string]int{
		"main.go ─→ p ─→ q ─→ r": 0,
		"p ─→ q, r\n\np, q ─→ r": 0,
		"q ─→ p":                 1,
		"p ─→ q ─→ p, r":         1,
		"p → q":                  1,
		"none ─→ p":              1,
	} {
		require.Len(t, checkDrawing(drawing, imports), found, drawing)
	}
}
