package archtest_test

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// composers are the folders that may compose an instance from ports. The simulator is one of them until it uses
// reference/service too.
func composers() []string { return []string{"reference/service", "sim/cluster"} }

// checkComposition returns the calls of node.New in a file whose folder must not compose an instance.
func checkComposition(s source) (found []string) {
	if s.test || slices.Contains(composers(), s.folder) {
		return nil
	}
	imported := importedNames(s.file)
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.SelectorExpr)
		if ok && call.Sel.Name == "New" {
			if x, ok := call.X.(*ast.Ident); ok && imported[x.Name] == module+"/reference/node" {
				found = append(found, fmt.Sprintf("%s: only %v may call node.New: there is one composition", s.at(call.Pos()), composers()))
			}
		}
		return true
	})
	return found
}

// TestOneComposition: an instance is composed in reference/service, and nowhere else.
func TestOneComposition(t *testing.T) {
	for _, s := range readTree(t) {
		for _, finding := range checkComposition(s) {
			t.Error(finding)
		}
	}
}

// TestOneCompositionCatches feeds the check a second composition.
func TestOneCompositionCatches(t *testing.T) {
	s := snippet(t, `import "hongbao/reference/node"`, "var n, _ = node.New(node.Config{}, node.Ports{})")
	require.Len(t, checkComposition(s), 1)
	renamed := snippet(t, `import core "hongbao/reference/node"`, "var n, _ = core.New(core.Config{}, core.Ports{})")
	require.Len(t, checkComposition(renamed), 1)
	require.Empty(t, checkComposition(snippet(t, `import "hongbao/reference/node"`, "var n node.Config")))
}
