package archtest_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestReferencesCatch gives the check references to what exists and to what does not.
func TestReferencesCatch(t *testing.T) {
	tree := fstest.MapFS{"p/a.go": {}, "p/a_test.go": {}, "p/deep/b.go": {}, "q/b.go": {}, "docs/x.md": {}, module: {}} // with the program that make build writes
	program, err := parse("internal/cmd/c.go", []byte("package cmd\n\nvar c = []any{Command{Use: \"sim FILE\"}, &Command{Use: \"scenario\", RunE: help}, Command{Use: \"list\"}}\n"))
	require.NoError(t, err)
	code, err := parse("p/a.go", []byte("package p\n\ntype Link struct{}\n"))
	require.NoError(t, err)
	test, err := parse("p/a_test.go", []byte("package p_test\n\nfunc TestLink() {}\n"))
	require.NoError(t, err)
	n := namesOf([]source{program, code, test}, "x: ## a target\n\tmake y\n")
	n.tree, n.files = tree, []string{"p/a.go", "p/a_test.go", "p/deep/b.go", "q/b.go", "docs/x.md"}

	for _, right := range []string{
		"`p/a.go`", "`./p/deep`", "`p/...`", "`p/**`", "`p/{a,a_test}.go`", "`p/*.go`", "`a.go`", "`deep/b.go`", "`x.md`", "`p.Link`", "`p/deep` and `b.go`",
		"`TestLink`", "`p.TestLink`", "`make x`", "`make x Y=1`", "`hongbao sim p/a.go`", "`./hongbao scenario list DIR`", "`hongbao`",
		"`and/or`", "`/b.json`", "`some words.go`", "p/none.go", "```sh\nmake none `p/none.go`\n```",
		"`" + module + "/p/deep`", "`" + module + "/record/v1`",
	} {
		require.Empty(t, n.check("docs/x.md", right, map[string]bool{}), right)
	}
	for _, wrong := range []string{
		"`p/none.go`", "`p/none`", "`none.go`", "`p/{a,none}.go`", "`p/none/...`", "`p/n*.go`", "`p/.Link`", "`b.go`", "`p/deep.None`",
		"`TestNone`", "`q.TestLink`", "`FuzzLink`", "`make none`", "`hongbao none`", "`hongbao list`x`hongbao scenario none`",
		"`" + module + "/p/none`",
	} {
		require.Len(t, n.check("docs/x.md", "\n"+wrong, map[string]bool{}), 1, wrong)
	}
	require.Contains(t, n.check("docs/x.md", "\n`p/none.go`", map[string]bool{})[0], "docs/x.md:2: ")
	used := map[string]bool{}
	require.Empty(t, n.check("docs/x.md", "`record.json`", used))
	require.True(t, used["record.json"])
	require.True(t, isGuide("docs/x.md") && isGuide("README.zh.md") && !isGuide("CHANGELOG.md") && !slices.ContainsFunc([]string{"p/docs/x.md"}, isGuide))
}
