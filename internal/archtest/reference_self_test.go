package archtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPortsCatch(t *testing.T) {
	ports := func(body string, except map[string]string) ([]string, map[string]bool) {
		large := map[string]bool{}
		return checkPorts([]source{snippet(t, "", body)}, except, large), large
	}
	four := "type Small interface { A(); B(); C(); D() }\n"
	for _, c := range []struct {
		body  string
		found int
	}{
		{four, 0},
		{"type Large interface { A(); B(); C(); D(); E() }", 1},
		{four + "type Large interface { Small; E() }", 1}, // an embedded port counts
		{four + "type Same interface { Small }", 0},
	} {
		found, _ := ports(c.body, nil)
		require.Len(t, found, c.found, c.body)
	}
	found, large := ports("type Large interface { A(); B(); C(); D(); E() }", map[string]string{"Large": "a reason"})
	require.Empty(t, found)
	require.True(t, large["Large"])
}

func TestErrorTextCatches(t *testing.T) {
	for _, c := range []struct {
		body  string
		found int
	}{
		{`var x = strings.Contains(err.Error(), "gone")`, 1},
		{`var x = strings.HasPrefix(f().Error(), "gone")`, 1},
		{`var x = err.Error() == "gone"`, 1},
		{`var x = "gone" != err.Error()`, 1},
		{`func f() { switch err.Error() { case "gone": } }`, 1},
		{`var x = pattern.MatchString(err.Error())`, 1},
		{`var x = other.Contains(err.Error())`, 0},
		{`var x = err.Error() + strings.ToUpper("gone")`, 0},  // a text for people
		{`var x = strings.Contains(h.Error(404), "gone")`, 0}, // not the text of an error
	} {
		require.Len(t, checkErrorText(snippet(t, `import "strings"`, c.body)), c.found, c.body)
	}
}

func TestMutableVariablesCatch(t *testing.T) {
	for _, c := range []struct {
		body  string
		found int
	}{
		{`var ErrGone = errors.New("gone")`, 0},
		{`var _ Port = (*adapter)(nil)`, 0},
		{"//go:embed a.html\nvar page string", 0},
		{`var table = map[int]string{1: "a"}`, 0},
		{`var count int`, 1},
		{`var cache = map[int]string{}`, 1},
		{`var cache = make(map[int]string)`, 1},
		{`var last = new(int)`, 1},
		{`var once = sync.OnceFunc(f)`, 1},
		{`var limit = 3; func f() { limit = 4 }`, 1},
		{`var limit = 3; func f() { limit++ }`, 1},
		{`var limit = 3; func f() { g(&limit) }`, 1},
		{`var table = []int{1}; func f() { table[0] = 2 }`, 1},
		{`var table = map[int]int{1: 2}; func f() { delete(table, 1) }`, 1},
		{`var config = &T{}; func f() { config.limit.high = 2 }`, 1},
		{`var config = &T{}; func f() { *config = T{} }`, 1},
		{`var limit = 3; func f() { limit := 4; limit++ }`, 0}, // a local variable
		{`var limit = 3; func f(t *T) { t.limit = 4 }`, 0},     // a field
	} {
		require.Len(t, checkVariables([]source{snippet(t, `import "sync"`, c.body)}), c.found, c.body)
	}
	changed := snippet(t, "", "var Limit = 3")
	changer, err := parse("q/a.go", []byte("package q\n\nimport x \"hongbao/p\"\n\nfunc f() { x.Limit = 4 }\n"))
	require.NoError(t, err)
	require.Len(t, checkVariables([]source{changed, changer}), 1, "a change by another package")
}
