package main

import (
	"bytes"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// maxFile bounds the size in bytes of a file that is read. Larger files are data and name no package.
const maxFile = 4 << 20

// rewriteTree changes the path in every file below root and returns how many files it changed.
func rewriteTree(root, from, to string) (int, error) {
	folders, err := packageFolders(root)
	if err != nil {
		return 0, err
	}
	r := newRewriter(from, to, folders)
	changed := 0
	err = walk(root, func(name string, d fs.DirEntry) error {
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
			return err
		}
		file := filepath.Join(root, filepath.FromSlash(name))
		text, err := os.ReadFile(file)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		got, err := r.file(name, text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if bytes.Equal(got, text) {
			return nil
		}
		changed++
		return os.WriteFile(file, got, info.Mode().Perm())
	})
	return changed, err
}

// own is the folder of this program. It imports no package of the module, and its tests hold both paths.
const own = "internal/modpath"

// walk visits the files below root with slash-separated names. Folders that git does not track are left out.
func walk(root string, visit func(name string, d fs.DirEntry) error) error {
	return fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "data" || name == "reports/out" || name == own):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return visit(name, d)
	})
}

// packageFolders returns the top-level folders that have Go code.
func packageFolders(root string) ([]string, error) {
	seen := map[string]bool{}
	var all []string
	err := walk(root, func(name string, _ fs.DirEntry) error {
		top, _, below := strings.Cut(name, "/")
		if below && path.Ext(name) == ".go" && !seen[top] {
			seen[top] = true
			all = append(all, regexp.QuoteMeta(top))
		}
		return nil
	})
	return all, err
}

// rewriter replaces one module path by another. Its patterns refuse a path that follows a letter, digit, dot, slash or
// hyphen, so that /hongbao/scripts in a container or proto/hongbao/v1 does not match.
type rewriter struct {
	from, to string
	inCode   *regexp.Regexp // a package: the path and a folder that has Go code
	anyBelow *regexp.Regexp // anything below the path, as the architecture tests have it in samples
	constant *regexp.Regexp // const module = "…", and the literal "…/"
	modWord  *regexp.Regexp // the path as a word of go.mod
	replaced *regexp.Regexp // the argument of xk6 build --replace
	filtered *regexp.Regexp // a filter of package lists in a script
}

func newRewriter(from, to string, folders []string) *rewriter {
	q := regexp.QuoteMeta(from)
	return &rewriter{
		from: from, to: to,
		inCode:   regexp.MustCompile(`(^|[^\w./-])` + q + `(/(?:` + strings.Join(folders, "|") + `)\b)`),
		anyBelow: regexp.MustCompile(`(^|[^\w./-])` + q + `(/)`),
		constant: regexp.MustCompile(`(const module = "|")` + q + `(/?")`),
		modWord:  regexp.MustCompile(`(?m)(^|[\s"])` + q + `(/\S*|\s|"|$)`),
		replaced: regexp.MustCompile(`(^|[\s"])` + q + `(=\.)`),
		filtered: regexp.MustCompile(`(\^)` + q + `([/($])`),
	}
}

func (r *rewriter) swap(re *regexp.Regexp, text []byte) []byte {
	return re.ReplaceAll(text, []byte("${1}"+strings.ReplaceAll(r.to, "$", "$$")+"${2}"))
}

// file returns the text of a file with the new path.
func (r *rewriter) file(name string, text []byte) ([]byte, error) {
	base := path.Base(name)
	if base == "go.mod" || base == "go.work" {
		return r.swap(r.modWord, text), nil
	}
	if strings.HasSuffix(name, ".go") {
		return r.goFile(name, text)
	}
	text = r.swap(r.replaced, r.swap(r.inCode, text))
	if base == "Makefile" || path.Dir(name) == ".ci" {
		text = r.swap(r.filtered, text)
	}
	return text, nil
}

// goFile also formats a changed file if it was formatted before, because gofmt sorts imports.
func (r *rewriter) goFile(name string, text []byte) ([]byte, error) {
	got := text
	if strings.HasSuffix(name, ".pb.go") {
		var err error
		if got, err = r.descriptors(got); err != nil {
			return nil, err
		}
	}
	got = r.swap(r.inCode, got)
	if path.Base(path.Dir(name)) == "archtest" {
		got = r.swap(r.anyBelow, got)
	}
	got = r.constants(got)
	if bytes.Equal(got, text) {
		return text, nil
	}
	if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
		return got, nil
	}
	return format.Source(got)
}

// constants changes `const module = "hongbao"` and the literal "hongbao/", and leaves the literal "hongbao", which names
// the program.
func (r *rewriter) constants(text []byte) []byte {
	return r.constant.ReplaceAllFunc(text, func(m []byte) []byte {
		if !bytes.HasPrefix(m, []byte("const")) && !bytes.HasSuffix(m, []byte(`/"`)) {
			return m
		}
		return r.constant.ReplaceAll(m, []byte("${1}"+r.to+"${2}"))
	})
}
