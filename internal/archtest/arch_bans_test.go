package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ban forbids the use of names of one package in code that runs in virtual time, and in the composition of a wallet.
type ban struct {
	path    string
	names   []string // nil = the whole package
	except  []string // if names is nil: the names that are allowed
	methods bool     // the names are methods of its types
	why     string
}

func bans() []ban {
	clock := "the clock is a constructor argument, so that virtual time can replace it"
	waits := "a wait uses a port: virtual time stops while a thread waits"
	random := "random streams are constructor arguments, one for each component; otherwise runs with one seed would differ"
	files := "code that runs on ports receives files and configuration as arguments, so that a record contains all of it"
	prints := "service code returns its results; only commands print"
	return []ban{
		{path: "time", names: []string{"Now", "Since", "Until"}, why: clock},
		{path: "time", names: []string{"Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}, why: waits},
		{path: "context", names: []string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
			why: "timeouts use the clock's port: the context package uses real time"},
		{path: "context", names: []string{"AfterFunc"}, why: "it starts a goroutine"},
		{path: "sync", names: []string{"WaitGroup", "Cond", "NewCond"}, why: waits},
		{path: "math/rand", why: random},
		{path: "crypto/rand", why: random},
		{path: "math/rand/v2", except: []string{"New", "NewPCG", "NewChaCha8", "Rand", "PCG", "ChaCha8", "Source"}, why: random},
		{path: "golang.org/x/time/rate", names: []string{"Allow", "Reserve", "Tokens", "Wait", "WaitN", "SetLimit", "SetBurst"},
			methods: true, why: "it reads the real clock; the variants with a time argument do not"},
		{path: "os", why: files},
		{path: "os/exec", why: files},
		{path: "io/ioutil", why: files},
		{path: "net", why: files},
		{path: "net/http", names: []string{"Get", "Head", "Post", "PostForm", "Serve", "ServeTLS", "ListenAndServe", "ListenAndServeTLS", "DefaultClient", "DefaultTransport"},
			why: files},
		{path: "fmt", names: []string{"Print", "Printf", "Println"}, why: prints},
		{path: "log", why: prints},
		{path: "log/slog", names: []string{"Default", "Debug", "Info", "Warn", "Error", "Log", "LogAttrs",
			"DebugContext", "InfoContext", "WarnContext", "ErrorContext"}, why: prints},
	}
}

// TestBans checks the code whose row says so.
func TestBans(t *testing.T) {
	checked := 0
	for _, s := range readTree(t) {
		if r, _ := rowOf(rows(), s.folder); s.test || !r.bansApply() {
			continue
		}
		checked++
		for _, finding := range checkBans(bans(), s) {
			t.Error(finding)
		}
	}
	require.NotZero(t, checked)
}

func (r row) bansApply() bool { return r.virtual || r.banned }

// TestVirtualTime: code in virtual time must not import code in real time, because the bans do not apply to the latter.
func TestVirtualTime(t *testing.T) {
	for _, s := range readTree(t) {
		for _, finding := range checkVirtual(rows(), s) {
			t.Error(finding)
		}
	}
}

func checkVirtual(rows []row, s source) []string {
	if r, _ := rowOf(rows, s.folder); !r.virtual || s.test {
		return nil
	}
	var found []string
	for _, spec := range s.file.Imports {
		own, ok := strings.CutPrefix(importPath(spec), module+"/")
		if !ok || matches(descriptions(), own) {
			continue
		}
		if r, _ := rowOf(rows, own); !r.virtual {
			found = append(found, fmt.Sprintf("%s: %q runs in virtual time and imports %q, which does not", s.at(spec.Pos()), s.folder, own))
		}
	}
	return found
}

// descriptions returns the folders of plain data, which is read before and written after a run.
func descriptions() []string { return []string{"scenarios", "reports"} }

// TestHouseRules checks the rules for all code of the module.
func TestHouseRules(t *testing.T) {
	for _, s := range readTree(t) {
		for _, finding := range checkHouseRules(s) {
			t.Error(finding)
		}
	}
}

func checkHouseRules(s source) []string {
	if s.generated {
		return nil
	}
	var found []string
	for _, spec := range s.file.Imports {
		if importPath(spec) == "C" {
			found = append(found, s.at(spec.Pos())+`: import "C": the module must build with only the Go toolchain`)
		}
		if spec.Name != nil && spec.Name.Name == "." {
			found = append(found, s.at(spec.Pos())+": dot import: a reader and the check of banned calls must see the package of each name")
		}
	}
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			found = append(found, s.at(f.Pos())+": func init: importing a package must have no effect")
		}
	}
	return found
}

// checkBans compares names and does not use types: a local variable with the name of an imported package counts as that
// package.
func checkBans(bans []ban, s source) []string {
	if s.generated {
		return nil
	}
	imported := importedNames(s.file)
	paths := slices.Collect(maps.Values(imported))
	var found []string
	for _, spec := range s.file.Imports {
		for _, b := range bans {
			if b.names == nil && b.except == nil && b.path == importPath(spec) {
				found = append(found, fmt.Sprintf("%s: import of %s: %s", s.at(spec.Pos()), b.path, b.why))
			}
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if why := bannedSyntax(n); why != "" {
			found = append(found, s.at(n.Pos())+": "+why)
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		for _, b := range bans {
			if b.hits(sel, imported, paths) {
				found = append(found, fmt.Sprintf("%s: %s.%s: %s", s.at(n.Pos()), b.path, sel.Sel.Name, b.why))
			}
		}
		return true
	})
	return found
}

func (b ban) hits(sel *ast.SelectorExpr, imported map[string]string, paths []string) bool {
	x, isIdent := sel.X.(*ast.Ident)
	fromPackage := isIdent && imported[x.Name] == b.path
	switch {
	case b.methods:
		return !fromPackage && slices.Contains(paths, b.path) && slices.Contains(b.names, sel.Sel.Name)
	case b.except != nil:
		return fromPackage && !slices.Contains(b.except, sel.Sel.Name)
	}
	return fromPackage && slices.Contains(b.names, sel.Sel.Name)
}

// importedNames returns the import path for each package name of the file.
func importedNames(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if name == "v2" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

// bannedSyntax returns the reason why the node itself is banned, or "".
func bannedSyntax(n ast.Node) string {
	const threads = "concurrency uses the node's group port, which runs processes in virtual time"
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement: " + threads
	case *ast.ChanType:
		return "channel: " + threads
	case *ast.SendStmt:
		return "channel send: " + threads
	case *ast.SelectStmt:
		return "select: " + threads
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "channel receive: " + threads
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
			return f.Name + ": only for debugging"
		}
	}
	return ""
}
