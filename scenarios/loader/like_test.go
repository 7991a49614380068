package loader

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/scenarios"
)

// write creates files in a new folder and returns the path of the first one.
func write(t *testing.T, texts ...[2]string) string {
	dir := t.TempDir()
	for _, f := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f[0]), []byte(f[1]), 0o600))
	}
	return filepath.Join(dir, texts[0][0])
}

// TestLike: a file takes the omitted top-level keys from its base file, and nothing else.
func TestLike(t *testing.T) {
	src, err := os.ReadFile("../limits.yaml")
	require.NoError(t, err)
	whole, err := Load("../limits.yaml")
	require.NoError(t, err)
	path := write(t, [2]string{"drill.yaml", "like: base.yaml # the rest\ntitle: A drill\npeople:\n  count: 4_077\n" +
		"  app_shares: {douyin: 1}\n  apps_held: [1]\n  phone_bound: 1/2\n  keep_tokens: 1/2\n"}, [2]string{"base.yaml", string(src)})
	s, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, "drill", s.Name)
	require.Equal(t, "A drill", s.Title)
	require.EqualValues(t, 4_077, s.People.Count)
	require.Equal(t, scenarios.Ratio{Num: 0, Den: 1}, s.People.BindLater, "a top-level key is not merged")
	require.Equal(t, whole.Windows, s.Windows)
	require.Equal(t, whole.Limits, s.Limits)
}

// TestLikeFaults: faults have the file and line where they are, also those in the base file.
func TestLikeFaults(t *testing.T) {
	src, err := os.ReadFile("../limits.yaml")
	require.NoError(t, err)
	base := [2]string{"base.yaml", string(src)}
	for _, c := range []struct {
		why, text, file string
		other           [2]string
		line            int
		want            string
	}{
		{"a fault of the file itself", "like: base.yaml\ndrain: soon\n", "drill.yaml", base, 2, "soon"},
		{"a fault of the base file", "like: base.yaml\n", "base.yaml", [2]string{"base.yaml", "title: x\nunknown: 1\n"}, 2, "unknown key"},
		{"no such file", "title: x\nlike: nowhere.yaml\n", "drill.yaml", base, 2, "cannot be read"},
		{"a file elsewhere", "like: ../base.yaml\n", "drill.yaml", base, 1, "in the same folder"},
		{"no value", "like:\n", "drill.yaml", base, 1, "in the same folder"},
		{"a chain", "like: base.yaml\n", "drill.yaml", [2]string{"base.yaml", "like: third.yaml\n"}, 1, "has a like key itself"},
		{"itself", "like: drill.yaml\n", "drill.yaml", base, 1, "has a like key itself"},
	} {
		_, err := Load(write(t, [2]string{"drill.yaml", c.text}, c.other))
		fault := (*Error)(nil)
		require.ErrorAs(t, err, &fault, c.why)
		require.ErrorContains(t, err, c.want, c.why)
		found := false
		for _, e := range unjoin(err) {
			found = found || filepath.Base(e.File) == c.file && e.Line == c.line
		}
		require.True(t, found, "%s: %v", c.why, err)
	}
	_, err = Parse("text.yaml", []byte("like: base.yaml\n"))
	require.ErrorContains(t, err, "only possible in a file")
}

// unjoin returns the faults that an error lists.
func unjoin(err error) (all []*Error) {
	if e := (*Error)(nil); errors.As(err, &e) {
		all = append(all, e)
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all = nil
		for _, one := range many.Unwrap() {
			all = append(all, unjoin(one)...)
		}
	}
	return all
}
