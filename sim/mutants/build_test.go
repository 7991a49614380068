package mutants

import (
	"encoding/json"
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The go command compiles again all packages that import a changed one, to find that most of them have not changed. A
// mutant is linked from its own package, and from what the go command has for the others, where the linker allows that:
// it compares what each package was compiled against with what it is linked to. Where it does not, because something that
// importers see was changed, the go command builds the mutant.

// noInlining leaves function bodies out of what importers see of a package, so that most mutants change nothing there. The
// digest of a run does not depend on it.
const noInlining = "-gcflags=hongbao/...=-l"

// compiled is a package that the rehearsal is linked from.
type compiled struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	SFiles, EmbedFiles      []string
	Module                  *struct{ GoVersion string }
}

// parts returns the packages of the rehearsal as the go command compiles them.
var parts = sync.OnceValues(func() (all []compiled, err error) {
	cmd := goCommand("list", "-export", noInlining, "-deps", "-json=ImportPath,Dir,Export,GoFiles,SFiles,EmbedFiles,Module", rehearsal)
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p compiled
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
})

// link builds the rehearsal with files in place of others, all of one package, and returns false where that is not enough.
func link(t *testing.T, dir, bin string, replace map[string]string) bool {
	t.Helper()
	all, err := parts()
	require.NoError(t, err)
	var folders []string
	for path := range replace {
		folders = append(folders, filepath.Dir(path))
	}
	slices.Sort(folders)
	folders = slices.Compact(folders)
	at := slices.IndexFunc(all, func(p compiled) bool { return p.Dir == folders[0] })
	if len(folders) != 1 || at < 0 || len(all[at].SFiles)+len(all[at].EmbedFiles) > 0 {
		return false
	}
	changed := all[at]
	config := func(name string) string {
		var text strings.Builder
		for _, p := range all {
			if p.Export != "" {
				fmt.Fprintf(&text, "packagefile %s=%s\n", p.ImportPath, p.Export)
			}
		}
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, []byte(text.String()), 0o600))
		return name
	}
	archive, trim := filepath.Join(dir, "changed.a"), ""
	var files []string
	for _, f := range changed.GoFiles {
		path := filepath.Join(changed.Dir, f)
		if by, ok := replace[path]; ok {
			trim += by + "=>" + path + ";" // positions name the file of the tree
			path = by
		}
		files = append(files, path)
	}
	goTool(t, append([]string{"tool", "compile", "-l", "-o", archive, "-trimpath", trim, "-p", changed.ImportPath, "-lang", version.Lang("go" + changed.Module.GoVersion),
		"-complete", "-nolocalimports", "-importcfg", config("compile.cfg"), "-pack"}, files...)...)
	all = slices.Clone(all)
	all[at].Export = archive
	main := all[len(all)-1] // after all that it imports
	require.Equal(t, "hongbao/"+strings.TrimPrefix(rehearsal, "./"), main.ImportPath)
	out, err := goCommand("tool", "link", "-o", bin, "-importcfg", config("link.cfg"), "-buildmode=exe", "-s", "-w", main.Export).CombinedOutput()
	if err != nil {
		t.Logf("built by the go command, because %s", out)
	}
	return err == nil
}
