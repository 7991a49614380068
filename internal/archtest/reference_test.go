package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxMethods bounds a port, so that an adapter, a wrapper and a stand-in are short.
const maxMethods = 4

// largePorts lists the ports with more methods, with reasons.
func largePorts() map[string]string {
	return map[string]string{
		"BulkJobs":    "a job and its rows are one record; only operators use it",
		"Downstream":  "the steps of a reward at an external system, and its limits",
		"Items":       "the store; requests record through ItemRecorder",
		"Notices":     "the store; requests read through NoticeReader",
		"Packets":     "a packet and its shares are one record with one owner",
		"Quotas":      "the store; its users take one of its three parts",
		"StockParts":  "a part moves coupons to other parts, besides what Stocks does",
		"Withdrawals": "the store; the wallet page reads WithdrawalHistory",
	}
}

// referenceCode returns the hand-written code of reference, without its tests.
func referenceCode(t *testing.T) []source {
	return slices.DeleteFunc(readTree(t), func(s source) bool {
		return s.test || s.generated || !strings.HasPrefix(s.folder, "reference/")
	})
}

// TestPortsAreSmall checks the interfaces of reference/wallet.
func TestPortsAreSmall(t *testing.T) {
	var ports []source
	for _, s := range referenceCode(t) {
		if s.folder == "reference/wallet" {
			ports = append(ports, s)
		}
	}
	large := map[string]bool{}
	for _, finding := range checkPorts(ports, largePorts(), large) {
		t.Error(finding)
	}
	for name := range largePorts() {
		require.True(t, large[name], "the exception for %s is not needed", name)
	}
}

// checkPorts counts the methods of the interfaces of one package, embedded ones included. It records in large which exceptions
// are needed.
func checkPorts(all []source, except map[string]string, large map[string]bool) (found []string) {
	ports := map[string]*ast.InterfaceType{}
	for _, s := range all {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if port, ok := spec.Type.(*ast.InterfaceType); ok {
					ports[spec.Name.Name] = port
				}
			}
			return true
		})
	}
	var methods func(port *ast.InterfaceType) int
	methods = func(port *ast.InterfaceType) (n int) {
		for _, f := range port.Methods.List {
			n += len(f.Names)
			if id, ok := f.Type.(*ast.Ident); ok && ports[id.Name] != nil {
				n += methods(ports[id.Name])
			}
		}
		return n
	}
	for name, port := range ports {
		switch n := methods(port); {
		case n <= maxMethods:
		case except[name] != "":
			large[name] = true
		default:
			found = append(found, fmt.Sprintf("the port %s has %d methods: at most %d, or give the reason in largePorts", name, n, maxMethods))
		}
	}
	return found
}

// errorTexts lists the files that may read the text of an error, with reasons.
func errorTexts() map[string]string {
	return map[string]string{"reference/store/redis/errors.go": "the first word of a Redis error is its code, and the driver has no field for it"}
}

// TestNoErrorText: no code of the service decides by the text of an error.
func TestNoErrorText(t *testing.T) {
	for _, s := range referenceCode(t) {
		found := checkErrorText(s)
		if errorTexts()[s.name] != "" {
			require.NotEmpty(t, found, "the exception for %s is not needed", s.name)
			continue
		}
		for _, finding := range found {
			t.Error(finding)
		}
	}
}

// checkErrorText reports the text of an error as argument of a function of strings or regexp, or as operand of a comparison.
func checkErrorText(s source) (found []string) {
	imported := importedNames(s.file)
	report := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if isErrorText(e) {
				found = append(found, s.at(e.Pos())+": a decision by the text of an error: use errors.Is or errors.As")
			}
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				report(n.X, n.Y)
			}
		case *ast.SwitchStmt:
			report(n.Tag)
		case *ast.CallExpr:
			f, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			if x, ok := f.X.(*ast.Ident); ok && imported[x.Name] == "strings" || strings.HasPrefix(f.Sel.Name, "Match") {
				report(n.Args...)
			}
		}
		return true
	})
	return found
}

// isErrorText reports whether the expression is a call of a method Error without arguments.
func isErrorText(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) > 0 {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "Error"
}

// TestNoMutableVariables: the packages of the service have no state of their package; variables are errors and tables.
func TestNoMutableVariables(t *testing.T) {
	for _, finding := range checkVariables(referenceCode(t)) {
		t.Error(finding)
	}
}

// checkVariables reports the variables of packages that have no initial value, are of a type for shared state, or are changed by
// a function.
func checkVariables(all []source) (found []string) {
	known := map[string]bool{} // as folder.Name
	for _, s := range all {
		for _, d := range s.file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.VAR {
				continue
			}
			for _, spec := range decl.Specs {
				v := spec.(*ast.ValueSpec)
				for _, name := range v.Names {
					known[s.folder+"."+name.Name] = name.Name != "_"
				}
				if isState(decl, v, importedNames(s.file)) {
					found = append(found, s.at(v.Pos())+": the variable has no fixed initial value: keep state in a struct that a constructor makes")
				}
			}
		}
	}
	for _, s := range all {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				found = append(found, checkChanges(known, s, f)...)
			}
		}
	}
	return found
}

// isState reports whether the variable is made for later changes.
func isState(decl *ast.GenDecl, v *ast.ValueSpec, imported map[string]string) (yes bool) {
	embedded := decl.Doc != nil && strings.Contains(decl.Doc.List[len(decl.Doc.List)-1].Text, "go:embed")
	if len(v.Values) == 0 {
		return !embedded
	}
	ast.Inspect(v, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			yes = yes || ok && slices.Contains([]string{"sync", "sync/atomic"}, imported[x.Name])
		case *ast.CallExpr:
			f, ok := n.Fun.(*ast.Ident)
			yes = yes || ok && (f.Name == "make" || f.Name == "new")
		case *ast.CompositeLit:
			_, isMap := n.Type.(*ast.MapType)
			yes = yes || isMap && len(n.Elts) == 0
		}
		return true
	})
	return yes
}

// checkChanges reports the variables of packages that a function changes, or whose address it takes. A name that the function
// declares is not such a variable.
func checkChanges(known map[string]bool, s source, f *ast.FuncDecl) (found []string) {
	imported := importedNames(s.file)
	local := map[string]bool{}
	for _, id := range declared(f) {
		local[id.Name] = true
	}
	report := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if name := variable(e, s.folder, imported, local); known[name] {
				found = append(found, fmt.Sprintf("%s: %s is changed: variables of packages are constant", s.at(e.Pos()), name))
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				report(n.Lhs...)
			}
		case *ast.IncDecStmt:
			report(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				report(n.X)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") {
				report(n.Args[0])
			}
		}
		return true
	})
	return found
}

// variable returns the variable of a package that e is a part of, as folder.Name, or "".
func variable(e ast.Expr, folder string, imported map[string]string, local map[string]bool) string {
	switch e := e.(type) {
	case *ast.Ident:
		if !local[e.Name] {
			return folder + "." + e.Name
		}
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && !local[x.Name] && imported[x.Name] != "" {
			return strings.TrimPrefix(imported[x.Name], module+"/") + "." + e.Sel.Name
		}
		return variable(e.X, folder, imported, local)
	case *ast.IndexExpr:
		return variable(e.X, folder, imported, local)
	case *ast.StarExpr:
		return variable(e.X, folder, imported, local)
	case *ast.ParenExpr:
		return variable(e.X, folder, imported, local)
	}
	return ""
}
