package archtest_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxLines bounds a source file that is not generated. The style asks for about 300 lines; some test tables need more.
const maxLines = 400

// TestFilesAreInShape checks length and format of every file, nested modules included.
func TestFilesAreInShape(t *testing.T) {
	all, err := sources()
	require.NoError(t, err)
	for _, s := range all {
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

// maxFunctionLines bounds a function, from its first line to its closing brace, so that it fits on a screen.
const maxFunctionLines = 70

// TestFunctionsAreShort checks the functions of all files, tests and nested modules included.
func TestFunctionsAreShort(t *testing.T) {
	all, err := sources()
	require.NoError(t, err)
	for _, s := range all {
		for _, finding := range checkFunctions(s) {
			t.Error(finding)
		}
	}
}

func checkFunctions(s source) (found []string) {
	if s.generated {
		return nil
	}
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; lines > maxFunctionLines {
			found = append(found, fmt.Sprintf("%s: %s has %d lines, at most %d: split it", s.at(f.Pos()), f.Name.Name, lines, maxFunctionLines))
		}
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

// maxRootEntries bounds the root folder, so that a reader can take it in at once.
const maxRootEntries = 30

// TestRootIsSmall checks the entries of the root folder that git does not ignore.
func TestRootIsSmall(t *testing.T) {
	entries, err := fs.ReadDir(root, ".")
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, finding := range checkRoot(names, read(t, ".gitignore")) {
		t.Error(finding)
	}
}

// checkRoot checks the names of the root folder's entries without those that patterns, the content of .gitignore, match.
func checkRoot(names []string, patterns string) (found []string) {
	var tracked, code []string
	for _, name := range names {
		ignored := name == ".git" || slices.ContainsFunc(strings.Split(patterns, "\n"), func(p string) bool {
			ok, _ := path.Match(strings.Trim(p, "/"), name)
			return ok
		})
		if ignored {
			continue
		}
		tracked = append(tracked, name)
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			code = append(code, name)
		}
	}
	if len(tracked) > maxRootEntries {
		found = append(found, fmt.Sprintf("the root folder has %d entries, at most %d: %s", len(tracked), maxRootEntries, tracked))
	}
	if len(code) > 1 {
		found = append(found, fmt.Sprintf("the root folder has %d Go files besides tests, at most 1: %s", len(code), code))
	}
	return found
}
