// Command modpath changes the module path of this repository, so that `go get` works for a fork:
//
//	go run ./internal/modpath github.com/acme/hongbao
//
// It rewrites go.mod files, imports, generated protobuf code, and documents and scripts that name a package. It does not
// rewrite wire names (hongbao.v1), schema names (hongbao/record/v1), metric names (hongbao_…), file names or the name
// of the program. A second run with the former path restores every file.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// maxPath bounds the length of a module path in bytes.
const maxPath = 200

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: modpath HOST/OWNER/NAME (in the root of the repository)")
		os.Exit(2)
	}
	if err := run(".", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "modpath:", err)
		os.Exit(1)
	}
}

func run(root, to string) error {
	from, err := modulePath(root)
	if err != nil {
		return err
	}
	if err := checkPath(to); err != nil {
		return err
	}
	if from == to {
		fmt.Printf("the module path is %s already\n", to)
		return nil
	}
	n, err := rewriteTree(root, from, to)
	if err != nil {
		return err
	}
	fmt.Printf("%s -> %s in %d files; check it with: go build ./...\n", from, to, n)
	return nil
}

func modulePath(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	path := modfile.ModulePath(text)
	if err == nil && path == "" {
		err = errors.New("go.mod has no module line")
	}
	return path, err
}

// checkPath accepts what go get can fetch, and the path without a host that the project itself has.
func checkPath(p string) error {
	if p == "hongbao" {
		return nil
	}
	if err := module.CheckPath(p); err != nil || len(p) > maxPath {
		return fmt.Errorf("%.*q is not a module path that go get can fetch: want HOST/OWNER/NAME, such as github.com/acme/hongbao", maxPath, p)
	}
	return nil
}
