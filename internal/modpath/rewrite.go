package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxFile bounds the size in bytes of a file that is read. Larger files are data and name no package.
const maxFile = 4 << 20

// rewriteTree changes the path in every file below root and returns how many files it changed.
func rewriteTree(root, from, to string) (int, error) {
	var folders []string // at the top, with Go code
	err := walk(root, func(name string, _ fs.DirEntry) error {
		top, _, below := strings.Cut(name, "/")
		if below && path.Ext(name) == ".go" && !slices.Contains(folders, top) {
			folders = append(folders, top)
		}
		return nil
	})
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

// rewriter replaces one module path by another. A pattern has the text before and after the path as its groups. Patterns
// refuse a path that follows a letter, digit, dot, slash or hyphen, so that /hongbao/scripts in a container or
// proto/hongbao/v1 does not match.
type rewriter struct {
	from, to string
	inCode   *regexp.Regexp // a package: the path and a folder that has Go code
	anyBelow *regexp.Regexp // anything below the path, as the architecture tests have it in samples
	constant *regexp.Regexp // const module = "…"; the literal "hongbao" elsewhere names the program
	literal  *regexp.Regexp // the literal "…/"
	modWord  *regexp.Regexp // the path as a word of go.mod
	replaced *regexp.Regexp // the argument of xk6 build --replace
	filtered *regexp.Regexp // a filter of package lists in a script
	option   *regexp.Regexp // the option go_package of a serialized file descriptor, with tag and length
}

func newRewriter(from, to string, folders []string) *rewriter {
	q := regexp.QuoteMeta(from)
	return &rewriter{
		from: from, to: to,
		inCode:   regexp.MustCompile(`(^|[^\w./-])` + q + `(/(?:` + strings.Join(folders, "|") + `)\b)`),
		anyBelow: regexp.MustCompile(`(^|[^\w./-])` + q + `(/)`),
		constant: regexp.MustCompile(`(const module = ")` + q + `(")`),
		literal:  regexp.MustCompile(`(")` + q + `(/")`),
		modWord:  regexp.MustCompile(`(?m)(^|[\s"])` + q + `(/\S*|\s|"|$)`),
		replaced: regexp.MustCompile(`(^|[\s"])` + q + `(=\.)`),
		filtered: regexp.MustCompile(`(\^)` + q + `([/($])`),
		option:   regexp.MustCompile(`(?s)Z..?` + q + `/`),
	}
}

// file returns the text of a file with the new path.
func (r *rewriter) file(name string, text []byte) ([]byte, error) {
	folder, base := path.Base(path.Dir(name)), path.Base(name)
	switch {
	case base == "go.mod" || base == "go.work":
		return r.swap(text, r.modWord), nil
	case strings.HasSuffix(name, ".pb.go"):
		got, err := r.descriptors(text)
		if err != nil {
			return nil, err
		}
		return formatted(text, r.swap(got, r.inCode))
	case strings.HasSuffix(name, ".go") && folder == "archtest":
		return formatted(text, r.swap(text, r.inCode, r.anyBelow, r.constant, r.literal))
	case strings.HasSuffix(name, ".go"):
		return formatted(text, r.swap(text, r.inCode, r.constant, r.literal))
	case base == "Makefile" || folder == ".ci":
		return r.swap(text, r.inCode, r.replaced, r.filtered), nil
	}
	return r.swap(text, r.inCode, r.replaced), nil
}

func (r *rewriter) swap(text []byte, patterns ...*regexp.Regexp) []byte {
	for _, p := range patterns {
		text = p.ReplaceAll(text, []byte("${1}"+r.to+"${2}"))
	}
	return text
}

// formatted formats Go code if it was formatted before the change, because gofmt sorts imports.
func formatted(before, changed []byte) ([]byte, error) {
	if was, err := format.Source(before); err != nil || !bytes.Equal(was, before) {
		return changed, nil
	}
	return format.Source(changed)
}

var stringLiteral = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)

// descriptors changes go_package in the file descriptor that generated code holds as string literals.
func (r *rewriter) descriptors(text []byte) ([]byte, error) {
	var fault error
	out := stringLiteral.ReplaceAllFunc(text, func(literal []byte) []byte {
		value, err := strconv.Unquote(string(literal))
		if err != nil {
			return literal
		}
		got, err := r.goPackage(value)
		fault = errors.Join(fault, err)
		if got == value {
			return literal
		}
		return strconv.AppendQuote(nil, got)
	})
	return out, fault
}

// Fields of a serialized file descriptor (descriptor.proto): FileDescriptorProto.options and FileOptions.go_package.
const (
	optionsTag     = 8<<3 | 2
	goPackageField = 11
)

var errDescriptor = errors.New("go_package is not the only option of the file descriptor: regenerate the code with make proto")

// goPackage changes the option go_package in a piece of a descriptor. The lengths before it change too: a descriptor with a
// wrong length panics when the program starts.
func (r *rewriter) goPackage(s string) (string, error) {
	if !r.option.MatchString(s) {
		return s, nil
	}
	for i := range len(s) {
		options, size := protowire.ConsumeBytes([]byte(s[i+1:]))
		if s[i] != optionsTag || size < 0 {
			continue
		}
		field, _, tag := protowire.ConsumeTag(options)
		if field != goPackageField {
			continue
		}
		name, length := protowire.ConsumeString(options[tag:])
		below, ours := strings.CutPrefix(name, r.from+"/")
		if !ours || tag+length != len(options) {
			continue
		}
		renamed := protowire.AppendString(options[:tag:tag], r.to+"/"+below)
		return string(protowire.AppendBytes([]byte(s[:i+1]), renamed)) + s[i+1+size:], nil
	}
	return s, errDescriptor
}
