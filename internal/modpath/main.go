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
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// maxPath bounds the length of a module path in bytes.
const maxPath = 200

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: modpath HOST/OWNER/NAME (in the root of the repository)")
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(".", flag.Arg(0)); err != nil {
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

var moduleLine = regexp.MustCompile(`(?m)^module\s+(\S+)$`)

func modulePath(root string) (string, error) {
	text, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		return "", err
	}
	m := moduleLine.FindSubmatch(text)
	if m == nil {
		return "", errors.New("go.mod has no module line")
	}
	return string(m[1]), nil
}

var pathForm = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9][A-Za-z0-9._~-]*)*$`)

// checkPath accepts what go get can fetch, and the path without a host that the project itself has.
func checkPath(p string) error {
	host, _, below := strings.Cut(p, "/")
	switch {
	case len(p) > maxPath || !pathForm.MatchString(p):
		return fmt.Errorf("%q is not a module path: want HOST/OWNER/NAME, such as github.com/acme/hongbao", p)
	case below && !strings.Contains(host, "."):
		return fmt.Errorf("%q: the host %q has no dot, so go get cannot fetch it", p, host)
	case !below && p != "hongbao":
		return fmt.Errorf("%q: want HOST/OWNER/NAME, such as github.com/acme/hongbao", p)
	}
	return nil
}
