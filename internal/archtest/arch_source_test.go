package archtest_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxLines bounds a source file that is not generated. The style asks for about 300 lines; some test tables need more.
const maxLines = 400

// source is one parsed Go file.
type source struct {
	folder    string // below the module, with slashes; "" is the root
	name      string // of the file, below the module
	text      []byte
	set       *token.FileSet
	file      *ast.File
	test      bool
	generated bool
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

// readTree parses every Go file of the module. It skips folders that the go command skips, and nested modules.
func readTree(t *testing.T) []source {
	var all []source
	require.NoError(t, filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && foreign(name, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(name), text)
		all = append(all, s)
		return err
	}))
	return all
}

func foreign(folder, base string) bool {
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has validated it
	return p
}

// TestFilesAreInShape checks length and format of every file.
func TestFilesAreInShape(t *testing.T) {
	for _, s := range readTree(t) {
		for _, finding := range checkShape(s) {
			t.Error(finding)
		}
	}
}

func checkShape(s source) []string {
	if s.generated {
		return nil
	}
	var found []string
	if lines := bytes.Count(s.text, []byte("\n")); lines > maxLines {
		found = append(found, fmt.Sprintf("%s:%d: more than %d lines: split the file", s.name, lines, maxLines))
	}
	if formatted, err := format.Source(s.text); err != nil || !bytes.Equal(formatted, s.text) {
		found = append(found, fmt.Sprintf("%s:1: not formatted: run gofmt -w on it", s.name))
	}
	return found
}

// TestPackagesAreExplained checks that each package has a package comment.
func TestPackagesAreExplained(t *testing.T) {
	for _, finding := range checkPackageComments(readTree(t)) {
		t.Error(finding)
	}
}

// checkPackageComments requires one package comment in the form that go doc shows. Comments of generated files do not count. A
// package with only generated files needs no comment.
func checkPackageComments(all []source) []string {
	comments, first := map[string]int{}, []source{}
	for _, s := range all {
		if s.test || s.generated {
			continue
		}
		if _, seen := comments[s.folder]; !seen {
			first = append(first, s)
			comments[s.folder] = 0
		}
		if explains(s.file) {
			comments[s.folder]++
		}
	}
	var found []string
	for _, s := range first {
		if n := comments[s.folder]; n != 1 {
			found = append(found, fmt.Sprintf("%s: package %s has %d package comments: one file must begin with \"// Package %[2]s \" and state purpose, units and what the package must not do",
				s.at(s.file.Package), s.file.Name.Name, n))
		}
	}
	return found
}

func explains(f *ast.File) bool {
	name := f.Name.Name
	if name == "main" {
		return f.Doc != nil
	}
	return f.Doc != nil && strings.HasPrefix(f.Doc.Text(), "Package "+name+" ")
}
