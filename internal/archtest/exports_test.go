package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// public are the folders for other modules, which may use what this module does not.
func public() []string {
	return []string{"reference/wallet", "reference/service", "reference/service/open", "reference/sdk", "reference/sdk/client", "scenarios", "scenarios/loader",
		"sim", "loadtest/conform", "reports"}
}

// unusedExports are the names that no other package uses yet, with the reason.
func unusedExports() map[string]string {
	return map[string]string{
		"loadtest/attack.ErrConfig":           "a command maps it to an exit code",
		"reference/limit.LimitDownstreamRate": "later work limits calls to a reward system (L1)",
		"reference/store/redis.NewOrders":     "later work keeps orders in Redis",
		"reference/store/redis.NewBudgets":    "later work keeps the budget counter in Redis",
	}
}

// exportsOf returns the exported functions, variables and blocks of constants of a file. Types are left out: other packages
// use them without their names.
func exportsOf(s source) (all [][]string) {
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() {
			all = append(all, []string{f.Name.Name})
		}
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST && g.Tok != token.VAR {
			continue
		}
		var names []string
		for _, spec := range g.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.IsExported() {
					names = append(names, name.Name)
				}
			}
		}
		if g.Tok == token.CONST && len(names) > 0 {
			all = append(all, names)
			continue
		}
		for _, name := range names {
			all = append(all, []string{name})
		}
	}
	return all
}

// checkExports returns the exported names of the files that no file of another folder uses.
func checkExports(files, users []source) (found []string) {
	packages, used := map[string]string{}, map[string]bool{}
	for _, s := range files {
		if !s.test {
			packages[module+"/"+s.folder] = s.file.Name.Name
		}
	}
	for _, s := range append(slices.Clone(files), users...) {
		imports := map[string]string{}
		for _, spec := range s.file.Imports {
			name, folder := packages[importPath(spec)], importPath(spec)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if folder != module+"/"+s.folder {
				imports[name] = folder
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && imports[x.Name] != "" {
					used[imports[x.Name]+"."+sel.Sel.Name] = true
				}
			}
			return true
		})
	}
	for _, s := range files {
		if s.test || s.generated || slices.Contains(public(), s.folder) {
			continue
		}
		for _, names := range exportsOf(s) {
			if !slices.ContainsFunc(names, func(name string) bool {
				return used[module+"/"+s.folder+"."+name] || unusedExports()[s.folder+"."+name] != ""
			}) {
				found = append(found, fmt.Sprintf("%s: no other package uses %v: do not export it", s.name, names))
			}
		}
	}
	return found
}

// TestExportsAreUsed: outside the public packages, a name is exported because another package uses it.
func TestExportsAreUsed(t *testing.T) {
	names, err := fs.Glob(root, "loadtest/k6/*.go") // a separate module
	require.NoError(t, err)
	var k6 []source
	for _, name := range names {
		text, err := fs.ReadFile(root, name)
		require.NoError(t, err)
		s, err := parse(name, text)
		require.NoError(t, err)
		k6 = append(k6, s)
	}
	for _, finding := range checkExports(readTree(t), k6) {
		t.Error(finding)
	}
}

// TestExportsAreUsedCatches feeds the check names that nobody uses.
func TestExportsAreUsedCatches(t *testing.T) {
	file := func(name, text string) source {
		s, err := parse(name, []byte(text))
		require.NoError(t, err)
		return s
	}
	a := file("reference/a/a.go", "package a\nconst (\nOne = 1\nTwo = 2\n)\nvar V = One\nfunc F() {}\ntype T int\nfunc (T) M() {}\n")
	own := file("reference/a/a_test.go", "package a_test\nimport \""+module+"/reference/a\"\nvar _, _ = a.Two, a.F\n")
	b := file("reference/b/b.go", "package b\nimport x \""+module+"/reference/a\"\nvar _, _ = x.One, x.V\n")
	require.Len(t, checkExports([]source{a, own}, nil), 3)
	require.Len(t, checkExports([]source{a, own, b}, nil), 1, "F")
	require.Len(t, checkExports([]source{a, own}, []source{b}), 1, "a user in another module")
}
