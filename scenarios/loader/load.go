// Package loader reads scenario files: strict YAML, every fault with line, column and a hint, and the JSON Schema of the
// format for editors.
//
// All faults of a file are returned at once, each as an *Error, at most MaxFaults. Units are those of package scenarios.
// The package reads only the named file, and the one that its `like` key names. It must not be imported by code that runs
// in virtual time.
//
// The program examples/scenario loads a file and replays it.
package loader

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"hongbao/scenarios"
)

// MaxFile bounds a scenario file in bytes. The file of the whole festival has a few kilobytes.
const MaxFile = 1 << 20

// maxFiles bounds the files that List loads, in case the folder is a home directory.
const maxFiles = 1_000

// Load reads a scenario file. Its error joins one *Error for each fault of the file, at most MaxFaults.
func Load(path string) (*scenarios.Scenario, error) {
	const hint = "`hongbao scenario list` lists the scenarios"
	src, problem, err := readFile(path)
	if err != nil {
		return nil, &Error{File: path, Problem: problem, Hint: hint, cause: err}
	}
	text, j, fault := join(path, strings.ReplaceAll(string(src), "\r\n", "\n"))
	if fault != nil {
		return nil, fault
	}
	return parse(path, []byte(text), j)
}

// readFile reads at most MaxFile+1 bytes of a file, which is enough to detect one that is too large.
func readFile(path string) (src []byte, problem string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "cannot be opened", err
	}
	defer file.Close()
	src, err = io.ReadAll(io.LimitReader(file, MaxFile+1))
	return src, "cannot be read", err
}

// Parse reads a scenario from its text. name is the file name shown in errors; without folder and extension it is the
// scenario's name. The text must not have a like key. Errors are as in Load. Parse does not panic on any input.
func Parse(name string, src []byte) (*scenarios.Scenario, error) { return parse(name, src, joined{}) }

func parse(name string, src []byte, j joined) (*scenarios.Scenario, error) {
	f := &faults{file: name, joined: j}
	switch {
	case len(src) > MaxFile:
		f.add(spot{}, "a scenario has a few kilobytes", "is larger than %d bytes", MaxFile)
		return nil, f.err()
	case !utf8.Valid(src) || bytes.IndexByte(src, 0) >= 0:
		f.add(spot{}, "save the file as UTF-8 text", "is not text")
		return nil, f.err()
	}
	text := strings.ReplaceAll(string(src), "\r\n", "\n")
	f.lines = strings.Split(text, "\n")
	body := f.tree(text)
	if body == nil {
		return nil, f.err()
	}
	var in file
	f.read(body, spot{}, reflect.ValueOf(&in).Elem())
	f.refuse(in.Like.place, j.other == "", "save the text in the folder of its base file", "like is only possible in a file")
	in.expand()
	f.check(&in)
	if len(f.found) > 0 {
		return nil, f.err()
	}
	s := in.scenario()
	s.Name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	f.checkCurves(&in, s)
	if len(f.found) > 0 {
		return nil, f.err()
	}
	return s, nil
}

// Listed is one file of a folder: a scenario or the error of loading it.
type Listed struct {
	Path     string
	Scenario *scenarios.Scenario // nil if Err is not
	Err      error
}

// List loads the scenario files of a folder and its subfolders except testdata, in order of their paths. A file that does not
// load is listed with its error. The returned error concerns the folder itself.
func List(dir string) ([]Listed, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" && path != dir {
			return filepath.SkipDir
		}
		if !d.IsDir() && filepath.Ext(path) == ".yaml" {
			paths = append(paths, path)
		}
		if len(paths) > maxFiles {
			return errTooMany
		}
		return nil
	})
	if err != nil {
		return nil, &Error{File: dir, Problem: "cannot be listed", Hint: "write a folder of scenario files", cause: err}
	}
	slices.Sort(paths)
	all := make([]Listed, len(paths))
	for i, path := range paths {
		s, err := Load(path)
		all[i] = Listed{path, s, err}
	}
	return all, nil
}

// errTooMany reports that a folder has too many files to be a folder of scenarios.
var errTooMany = errors.New("more than 1000 files")
