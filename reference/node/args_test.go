package node_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// args are the words of a command: plain words, and key=value. A word that the command does not read is an error in its
// story.
type args struct {
	t       *testing.T
	command string
	plain   []string
	named   map[string]string
}

func parse(t *testing.T, command string) *args {
	a := &args{t: t, command: command, named: map[string]string{}}
	for _, word := range strings.Fields(command) {
		if key, value, ok := strings.Cut(word, "="); ok {
			require.NotContains(t, a.named, key, command)
			a.named[key] = value
		} else {
			a.plain = append(a.plain, word)
		}
	}
	return a
}

// done fails the test if a word was not read.
func (a *args) done() {
	a.t.Helper()
	require.Empty(a.t, a.named, a.command)
	require.Empty(a.t, a.plain, a.command)
}

// next returns the next plain word, or "" after the last.
func (a *args) next() string {
	if len(a.plain) == 0 {
		return ""
	}
	word := a.plain[0]
	a.plain = a.plain[1:]
	return word
}

// text returns a named word, or otherwise if it is missing.
func (a *args) text(key, otherwise string) string {
	if v, ok := a.named[key]; ok {
		delete(a.named, key)
		return v
	}
	return otherwise
}

func (a *args) int(key string, otherwise int64) int64 {
	a.t.Helper()
	n, err := strconv.ParseInt(a.text(key, strconv.FormatInt(otherwise, 10)), 10, 64)
	require.NoError(a.t, err, a.command)
	return n
}

func (a *args) money(key string, otherwise wallet.Money) wallet.Money {
	a.t.Helper()
	return wallet.Money(a.int(key, int64(otherwise)))
}

func (a *args) span(key string) time.Duration {
	a.t.Helper()
	d, err := time.ParseDuration(a.text(key, "0s"))
	require.NoError(a.t, err, a.command)
	return d
}

// list returns the parts of a named word, split at commas.
func (a *args) list(key string) []string {
	return strings.FieldsFunc(a.text(key, ""), func(r rune) bool { return r == ',' })
}

func (a *args) ratio(key string) (num, den int64) {
	a.t.Helper()
	n, d, ok := strings.Cut(a.text(key, "1/1"), "/")
	require.True(a.t, ok, a.command)
	num, err1 := strconv.ParseInt(n, 10, 64)
	den, err2 := strconv.ParseInt(d, 10, 64)
	require.NoError(a.t, err1, a.command)
	require.NoError(a.t, err2, a.command)
	return num, den
}

// caller reads the caller: app (default Douyin) and user.
func (a *args) caller() wallet.Caller {
	a.t.Helper()
	name := a.text("app", "douyin")
	app, ok := wallet.ParseApp(name)
	require.True(a.t, ok || name == "none", a.command)
	return wallet.Caller{App: app, User: wallet.UserID(a.int("user", 1))}
}

func (a *args) order() wallet.OrderNo {
	a.t.Helper()
	no, err := wallet.ParseOrderNo(a.text("order", ""))
	require.NoError(a.t, err, a.command)
	return no
}

func (a *args) stage(otherwise wallet.Stage) wallet.Stage {
	a.t.Helper()
	s, ok := wallet.ParseStage(a.text("stage", otherwise.String()))
	require.True(a.t, ok, a.command)
	return s
}
