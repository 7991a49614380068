package main

import (
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
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

const fork = "example.com/acme/hongbao"

func TestCheckPath(t *testing.T) {
	for _, good := range []string{fork, "github.com/acme/wallet.v2", "example.com/hongbao", "hongbao"} {
		require.NoError(t, checkPath(good))
	}
	for _, bad := range []string{
		"",                                  // no path
		"acme/hongbao",                      // no host
		"wallet",                            // no host, and not the project's own path
		"https://github.com/acme/hongbao",   // a URL
		"github.com/acme/",                  // nothing after the last slash
		"github.com/acme/hong bao",          // a space
		`github.com/acme/"hongbao`,          // a quote
		"e.com/" + strings.Repeat("a", 200), // too long
	} {
		require.Error(t, checkPath(bad), bad)
	}
}

func TestFile(t *testing.T) {
	r := newRewriter("hongbao", fork, []string{"reference", "sim", "scenarios", "loadtest"})
	for _, c := range []struct{ name, text, want string }{
		{"go.mod", "module hongbao\n\ngo 1.26.0\n", "module example.com/acme/hongbao\n\ngo 1.26.0\n"},
		{"loadtest/k6/go.mod", "module hongbao/loadtest/k6\n\thongbao v0.0.0\nreplace hongbao => ../..\n",
			"module example.com/acme/hongbao/loadtest/k6\n\texample.com/acme/hongbao v0.0.0\nreplace example.com/acme/hongbao => ../..\n"},
		{"go.mod", "\tgithub.com/x/hongbao v1.0.0\n", ""}, // another module
		{"a.go", "package a\n\nimport (\n\t\"fmt\"\n\n\t\"hongbao/sim\"\n)\n", "package a\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/acme/hongbao/sim\"\n)\n"},
		// One group of imports is sorted again.
		{"a.go", "package a\n\nimport (\n\t\"github.com/x\"\n\t\"hongbao/sim\"\n)\n", "package a\n\nimport (\n\t\"example.com/acme/hongbao/sim\"\n\t\"github.com/x\"\n)\n"},
		{"doc.go", "package a\n\n//go:generate protoc --go_opt=module=hongbao/reference/pb hongbao/v1/a.proto\n",
			"package a\n\n//go:generate protoc --go_opt=module=example.com/acme/hongbao/reference/pb hongbao/v1/a.proto\n"},
		{"a.go", "package a\n\nconst wire, schema, metric = \"hongbao.v1\", \"hongbao/record/v1\", \"hongbao_grants\"\n", ""},
		{"a.go", "package a\n\nvar program, folder = \"hongbao\", \"/hongbao/scenarios/\"\n", ""},
		{"a_test.go", "package a\n\nconst module = \"hongbao\"\n", "package a\n\nconst module = \"example.com/acme/hongbao\"\n"},
		{"a_test.go", "package a\n\nvar p = cut(p, \"hongbao/\")\n", "package a\n\nvar p = cut(p, \"example.com/acme/hongbao/\")\n"},
		{"a_test.go", "package a\n\nvar p = `import \"hongbao/q\"`\n", ""}, // no folder of ours
		{"internal/archtest/a_test.go", "package a\n\nvar p = `import \"hongbao/q\"`\n", "package a\n\nvar p = `import \"example.com/acme/hongbao/q\"`\n"},
		{"a.proto", "import \"hongbao/v1/common.proto\";\noption go_package = \"hongbao/reference/pb\";\n",
			"import \"hongbao/v1/common.proto\";\noption go_package = \"example.com/acme/hongbao/reference/pb\";\n"},
		{"docs/k6.md", "`xk6 build --with hongbao/loadtest/k6=. --replace hongbao=../..`, see hongbao sim and ./hongbao\n",
			"`xk6 build --with example.com/acme/hongbao/loadtest/k6=. --replace example.com/acme/hongbao=../..`, see hongbao sim and ./hongbao\n"},
		{".ci/run", "grep -Ev '^hongbao(|/reports)$' ./hongbao\n", "grep -Ev '^example.com/acme/hongbao(|/reports)$' ./hongbao\n"},
		{"deploy/Dockerfile", "COPY scenarios /hongbao/scenarios\n", ""},
		{"deploy/a.md", "see [proto](../reference/server/proto/hongbao/v1/common.proto)\n", ""},
	} {
		got, err := r.file(c.name, []byte(c.text))
		require.NoError(t, err)
		want := c.want
		if want == "" {
			want = c.text
		}
		require.Equal(t, want, string(got), c.name)
		back, err := newRewriter(fork, "hongbao", []string{"reference", "sim", "scenarios", "loadtest"}).file(c.name, got)
		require.NoError(t, err)
		require.Equal(t, c.text, string(back), "%s: back", c.name)
	}
}

// TestGoPackage rewrites a serialized descriptor and reads it back. The longest path has a length of two bytes.
func TestGoPackage(t *testing.T) {
	for _, to := range []string{fork, "e.com/" + strings.Repeat("a", 150)} {
		d := &descriptorpb.FileDescriptorProto{Name: proto.String("hongbao/v1/a.proto"), Package: proto.String("hongbao.v1"), Syntax: proto.String("proto3"),
			Options: &descriptorpb.FileOptions{GoPackage: proto.String("hongbao/reference/pb")}}
		raw, err := proto.Marshal(d)
		require.NoError(t, err)
		got, err := newRewriter("hongbao", to, nil).goPackage(string(raw))
		require.NoError(t, err)
		var read descriptorpb.FileDescriptorProto
		require.NoError(t, proto.Unmarshal([]byte(got), &read))
		d.Options.GoPackage = proto.String(to + "/reference/pb")
		require.True(t, proto.Equal(d, &read), "%v", &read)
		back, err := newRewriter(to, "hongbao", nil).goPackage(got)
		require.NoError(t, err)
		require.Equal(t, string(raw), back)

		d.Options.JavaPackage = proto.String("x")
		raw, err = proto.Marshal(d)
		require.NoError(t, err)
		_, err = newRewriter(to, "hongbao", nil).goPackage(string(raw))
		require.ErrorIs(t, err, errDescriptor)
	}
}

// TestTree rewrites a copy of this repository and restores it.
func TestTree(t *testing.T) {
	if testing.Short() {
		t.Skip("rewrites every file twice")
	}
	dir := t.TempDir()
	was := read(t, "../..")
	for name, text := range was {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	from, err := modulePath(dir)
	require.NoError(t, err)
	to := fork
	if from == fork {
		to = "example.org/other"
	}
	require.NoError(t, run(dir, to))
	for name, text := range read(t, dir) {
		if path.Ext(name) != ".go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			require.False(t, strings.HasPrefix(p, from+"/"), "%s imports %s", name, p)
		}
	}
	require.NoError(t, run(dir, from))
	for name, text := range read(t, dir) {
		require.True(t, was[name] == text, "%s is not restored", name)
	}
}

// read returns the source and text files below root.
func read(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, walk(root, func(name string, _ fs.DirEntry) error {
		switch path.Ext(name) {
		case ".go", ".mod", ".proto", ".md", ".yaml", ".txtar", ".json", ".ts", ".js", "":
		default:
			return nil
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		all[name] = string(text)
		return err
	}))
	return all
}
