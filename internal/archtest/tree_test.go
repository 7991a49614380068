package archtest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the root folder of the module. All files are read through it, with names below the root. Do not change the working
// directory before the tests run: the go command would not know which files a cached result depends on.
var root = os.DirFS("../..")

func read(t *testing.T, file string) string {
	text, err := fs.ReadFile(root, file)
	require.NoError(t, err)
	return string(text)
}

// source is one parsed Go file.
type source struct {
	folder    string // below the module, with slashes; "" is the root
	name      string // of the file, below the module
	text      []byte
	set       *token.FileSet
	file      *ast.File
	test      bool
	generated bool
	nested    bool // in a nested module
}

// at formats a position as file:line.
func (s source) at(p token.Pos) string { return fmt.Sprintf("%s:%d", s.name, s.set.Position(p).Line) }

func parse(name string, text []byte) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	folder := path.Dir(name)
	if folder == "." {
		folder = ""
	}
	return source{folder: folder, name: name, text: text, set: set, file: file,
		test: strings.HasSuffix(name, "_test.go"), generated: ast.IsGenerated(file)}, nil
}

// files returns the names of the files of the repository, nested modules included. It skips test data and what programs
// write.
var files = sync.OnceValues(func() (names []string, err error) {
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil || !d.IsDir():
			names = append(names, name)
			return err
		case base == "testdata", base == "node_modules", base == ".git", name == "reports/out", name == "data":
			return fs.SkipDir
		}
		return nil
	})
	return names, err
})

// sources parses every Go file of the repository.
var sources = sync.OnceValues(func() (all []source, err error) {
	names, err := files()
	if err != nil {
		return nil, err
	}
	nested := func(name string) bool {
		return slices.ContainsFunc(names, func(mod string) bool {
			return path.Base(mod) == "go.mod" && mod != "go.mod" && strings.HasPrefix(name, path.Dir(mod)+"/")
		})
	}
	for _, name := range names {
		if path.Ext(name) != ".go" {
			continue
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		s, err := parse(name, text)
		if err != nil {
			return nil, err
		}
		s.nested = nested(name)
		all = append(all, s)
	}
	return all, nil
})

// readTree returns the Go files of the module.
func readTree(t *testing.T) []source {
	all, err := sources()
	require.NoError(t, err)
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.nested })
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has validated it
	return p
}
