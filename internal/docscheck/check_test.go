//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listener is a program for the documents of these tests: it listens on a port until it is asked to end.
const listener = `import signal, socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print("listening"); sys.stdout.flush(); signal.pause()
`

// repository makes a repository with these files; those of notCommitted are added after the commit.
func repository(t *testing.T, files, notCommitted map[string]string) string {
	t.Helper()
	for _, program := range []string{"bash", "git", "make", "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	write := func(files map[string]string) {
		for name, text := range files {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(fences(text)), 0o644))
		}
	}
	write(files)
	write(map[string]string{"listener.py": listener, ".gitignore": "/out\n"})
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "a"}} {
		_, err := git(t.Context(), dir, args...)
		require.NoError(t, err)
	}
	write(notCommitted)
	return dir
}

// checked checks a.md of a repository and returns what was printed and the error.
func checked(t *testing.T, files, notCommitted map[string]string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := checker{root: repository(t, files, notCommitted), limit: 5 * time.Second, out: &out}
	err := c.check(t.Context(), []string{"a.md"})
	return out.String(), err
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestCheckRuns(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	out, err := checked(t, map[string]string{"a.md": fmt.Sprintf(`
'''sh
NAME=value # a variable lasts
mkdir -p out && cd out
'''

'''sh
test "$NAME" = value && test "$(basename "$PWD")" = out
cd ..
test "$(cat new.txt)" = new && test "$(cat old.txt)" = changed && test ! -e data
cat # nothing to read, and no wait
'''

'''sh exit=3
NAME=lost
(exit 3)
echo never >never.txt
'''

'''sh
test "$NAME" = value && test ! -e never.txt
'''

'''sh serve=%[1]d
python3 listener.py %[1]d
'''

'''sh
python3 -c 'import socket; socket.create_connection(("127.0.0.1", %[1]d))'
'''

'''sh serve=%[1]d
python3 listener.py %[1]d
'''

'''sh browser
false
'''

'''sh
make demo # not run: CI runs it
make other
'''
`, port), "old.txt": "old\n", "Makefile": "demo:\n\tfalse\nother:\n\ttouch made\n"},
		map[string]string{"new.txt": "new\n", "old.txt": "changed\n", "out/ignored.txt": "x"})
	require.NoError(t, err, out)
	require.Contains(t, out, "8 blocks of 1 documents")
	require.Regexp(t, `(?m)^ok +\d\.\d s  a\.md:3$`, out)
	require.Regexp(t, `(?m)^skip +a\.md:\d+ browser$`, out)
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		c.Close()
	}
	require.Error(t, err, "the server ends with the document")
}

func TestCheckFails(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { taken.Close() })
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a command fails": {"'''sh\necho before\nls /no/such/folder\necho after\n'''\n'''sh\ntouch never\n'''\n",
			[]string{"FAIL  a.md:2: exit code 2", "line 3: ls /no/such/folder", "before", "No such file", "0 blocks"}},
		"a command ends the shell": {"'''sh\nexit 0\n'''\n", []string{"a.md:2: exit code 0", "block: exit 0"}},
		"another exit code":        {"'''sh exit=3\n(exit 4)\n'''\n", []string{"exit code 4, want 3"}},
		"no failure":               {"'''sh exit=3\ntrue\n'''\n", []string{"exit code 0, want 3"}},
		"too slow":                 {"'''sh\nsleep 60\n'''\n", []string{"the limit of 5s for one block is over", "block: sleep 60"}},
		"a port is taken": {fmt.Sprintf("'''sh serve=%d\nsleep 60\n'''\n", taken.Addr().(*net.TCPAddr).Port),
			[]string{"is in use by another program"}},
		"a server ends":            {fmt.Sprintf("'''sh serve=%d\necho broken >&2\n(exit 1)\n'''\n", port), []string{"the server ended before", "broken"}},
		"a server listens nowhere": {fmt.Sprintf("'''sh serve=%d\nsleep 60\n'''\n", port), []string{"does not listen on port", "the limit of 5s"}},
		"no such target":           {"'''sh\nmake demo\n'''\n", []string{"a.md:2", "demo"}},
		"faults of two fences":     {"'''\nmake a\n'''\n'''\nmake b\n'''\n", []string{"a.md:1: line 1", "a.md:4: line 1"}},
		"no such document":         {"", []string{"no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"a.md": c.text, "Makefile": "all:\n"}
			if c.text == "" {
				delete(files, "a.md")
			}
			out, err := checked(t, files, nil)
			require.EqualError(t, err, "1 documents have faults", out)
			for _, want := range c.want {
				require.Contains(t, out, want)
			}
		})
	}
}

// TestCheckBuildsOnce has a program built for two documents, and one that has nothing to run.
func TestCheckBuildsOnce(t *testing.T) {
	t.Parallel()
	dir := repository(t, map[string]string{"a.md": "'''sh\n./hongbao\n'''\n", "b.md": "'''sh\n./hongbao\n'''\n", "c.md": "nothing\n",
		"Makefile": "build:\n\tprintf '#!/bin/sh\\necho built\\n' > hongbao && chmod +x hongbao\n"}, nil)
	var out bytes.Buffer
	c := checker{root: dir, build: true, limit: 5 * time.Second, out: &out}
	require.NoError(t, c.check(t.Context(), []string{"a.md", "b.md", "c.md"}), out.String())
	require.Equal(t, 1, strings.Count(out.String(), "make build"))
	require.Contains(t, out.String(), "2 blocks of 3 documents")
	require.NoFileExists(t, filepath.Join(dir, "hongbao"), "the user's folder is left alone")
}

// TestCheckRepeats has a machine that is busy at the first try, and one that always is.
func TestCheckRepeats(t *testing.T) {
	t.Parallel()
	note := filepath.Join(t.TempDir(), "note")
	out, err := checked(t, map[string]string{"a.md": "'''sh\ntrue\ntest -e " + note + " || { touch " + note + "; (exit 5); }\n'''\n"}, nil)
	require.NoError(t, err, out)
	require.Contains(t, out, "again           a.md:2: exit code 5")
	require.Contains(t, out, "1 blocks of 1 documents")
	out, err = checked(t, map[string]string{"a.md": "'''sh\n(exit 5)\n'''\n"}, nil)
	require.Error(t, err)
	require.Equal(t, tries-1, strings.Count(out, "again"))
	require.Contains(t, out, "FAIL  a.md:2: exit code 5")
	out, err = checked(t, map[string]string{"a.md": "'''sh exit=5\n(exit 5)\n'''\n"}, nil)
	require.NoError(t, err, out)
	require.NotContains(t, out, "again")
}

// TestCheckStops ends everything at the total limit.
func TestCheckStops(t *testing.T) {
	t.Parallel()
	dir := repository(t, map[string]string{"a.md": "'''sh\nsleep 61 &\nwait\n'''\n", "b.md": "'''sh\nsleep 61\n'''\n'''sh\ntouch never\n'''\n"}, nil)
	var out bytes.Buffer
	c := checker{root: dir, limit: time.Minute, out: &out}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, fmt.Errorf("the end"))
	defer cancel()
	require.EqualError(t, c.check(ctx, []string{"b.md", "a.md"}), "the end")
	require.Contains(t, out.String(), "FAIL  b.md:2: stopped: the end")
	require.NotContains(t, out.String(), "a.md")
}
