package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// TestSession: a token opens as its user until it expires.
func TestSession(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := wallet.Caller{App: wallet.App(rapid.IntRange(1, wallet.Apps).Draw(t, "app")), User: wallet.UserID(rapid.Int64Min(1).Draw(t, "user"))}
		key, now := NewSecret(), wallet.InstantOf(noon)
		line := SchemeBearer + Session(key, c.App, c.User, noon.Add(time.Second))
		got, err := OpenSession(key, line, now)
		require.NoError(t, err)
		require.Equal(t, c, got)
		require.LessOrEqual(t, len(line), maxSession)
		_, err = OpenSession(key, line, now.Add(time.Second))
		require.ErrorIs(t, err, ErrSessionExpired)
		_, err = OpenSession(NewSecret(), line, now)
		require.ErrorIs(t, err, ErrSession)
		at := rapid.IntRange(len(SchemeBearer), len(line)-1).Draw(t, "at")
		to := rapid.Byte().Filter(func(b byte) bool { return b != line[at] }).Draw(t, "to")
		_, err = OpenSession(key, line[:at]+string([]byte{to})+line[at+1:], now)
		require.Error(t, err, "no byte of it may differ")
		require.Equal(t, wallet.CodeUnauthorised, wallet.CodeOf(err))
	})
}

// TestSessionIsOneText: base64 has unused bits at the end; a token that differs in them is malformed.
func TestSessionIsOneText(t *testing.T) {
	key := NewSecret()
	line := SchemeBearer + Session(key, wallet.Douyin, 7, noon.Add(time.Hour))
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(digits, line[len(line)-1])
	for bits := 1; bits < 4; bits++ {
		_, err := OpenSession(key, line[:len(line)-1]+digits[last^bits:last^bits+1], wallet.InstantOf(noon))
		require.ErrorIs(t, err, ErrMalformed)
	}
}

func TestMalformedSessions(t *testing.T) {
	key := NewSecret()
	sealed := func(payload string) string {
		signed := sessionPrefix + base64.RawURLEncoding.EncodeToString([]byte(payload))
		return SchemeBearer + signed + "." + base64.RawURLEncoding.EncodeToString(sessionMAC(key, signed))
	}
	until := fmt.Sprint(int64(wallet.InstantOf(noon.Add(time.Hour))))
	_, err := OpenSession(key, sealed("1.7."+until), wallet.InstantOf(noon))
	require.NoError(t, err, "a valid payload opens, so the others fail for their own reason")
	for why, line := range map[string]string{
		"no app":           sealed("0.7." + until),
		"a ninth app":      sealed("9.7." + until),
		"an app above 255": sealed("257.7." + until),
		"no user":          sealed("1.0." + until),
		"a negative user":  sealed("1.-7." + until),
		"two parts":        sealed("1.7"),
		"four parts":       sealed("1.7." + until + ".1"),
		"words":            sealed("a.b.c"),
		"nothing":          sealed(""),
		"another version":  strings.Replace(sealed("1.7."+until), "hbs1.", "hbs2.", 1),
		"no MAC":           SchemeBearer + "hbs1.MS43",
		"oversized":        SchemeBearer + "hbs1." + strings.Repeat("A", 5000) + ".AA",
		"not base64":       SchemeBearer + "hbs1.MS43.!!",
		"empty":            SchemeBearer,
	} {
		_, err := OpenSession(key, line, wallet.InstantOf(noon))
		require.ErrorIs(t, err, ErrMalformed, why)
	}
	_, err = OpenSession(key, "Hongbao-HMAC x", wallet.InstantOf(noon))
	require.ErrorIs(t, err, ErrNoCredentials)
}

// FuzzOpenSession: no input causes a panic or opens a session.
func FuzzOpenSession(f *testing.F) {
	f.Add(SchemeBearer + Session(NewSecret(), wallet.Douyin, 7, noon))
	f.Add(SchemeBearer + "hbs1..")
	f.Fuzz(func(t *testing.T, line string) {
		_, err := OpenSession(NewSecret(), line, wallet.InstantOf(noon))
		require.Equal(t, wallet.CodeUnauthorised, wallet.CodeOf(err))
	})
}

// TestKeysFile: a saved file loads, only its owner can read it, and it is never overwritten.
func TestKeysFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.json")
	k := Generate()
	require.NoError(t, Save(name, k))
	got, err := Load(name)
	require.NoError(t, err)
	require.Equal(t, k, got)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.ErrorIs(t, Save(name, Generate()), os.ErrExist)
	got, err = Load(name)
	require.NoError(t, err)
	require.Equal(t, k, got, "the keys in use are unchanged")

	demo, ok := got.Caller("demo")
	require.True(t, ok)
	for _, scope := range []Scope{ScopeGrant, ScopeQuery, ScopeBind} {
		require.NoError(t, demo.May(scope))
	}
	_, ok = got.Caller("operator")
	require.False(t, ok)
	_, ok = got.Operator("operator")
	require.True(t, ok)
}

func TestBadKeysFiles(t *testing.T) {
	short := Secret("short")
	for _, c := range []struct {
		why    string
		change func(*Keys)
		want   string
	}{
		{"a short session key", func(k *Keys) { k.SessionKey = short }, "session_key is shorter"},
		{"a short caller's key", func(k *Keys) { k.Callers[0].Secret = short }, `the key of "demo" is shorter`},
		{"one name twice", func(k *Keys) { k.Operators[0].ID = "demo" }, `"demo" is used twice`},
		{"a name that breaks headers", func(k *Keys) { k.Callers[0].ID = "a,b" }, "is not 1 to 64"},
		{"an unknown scope", func(k *Keys) { k.Callers[0].Scopes = []Scope{"all"} }, `unknown scope "all"`},
		{"an unknown app", func(k *Keys) { k.Callers[0].Apps = []wallet.App{9} }, "unknown app 9"},
		{"an unknown role", func(k *Keys) { k.Operators[0].Role = "root" }, `unknown role "root"`},
		{"too many", func(k *Keys) { k.Callers = make([]Caller, maxPrincipal+1) }, "more than 1000"},
	} {
		k := Generate()
		c.change(&k)
		require.ErrorContains(t, k.Validate(), c.want, c.why)
		require.Error(t, Save(filepath.Join(t.TempDir(), "keys.json"), k), c.why)
	}
	name := filepath.Join(t.TempDir(), "keys.json")
	_, err := Load(name)
	require.ErrorIs(t, err, os.ErrNotExist)
	for why, text := range map[string]string{
		"not JSON":         "keys",
		"an unknown field": `{"session_keys":"x"}`,
		"no keys":          `{}`,
		"too large":        `{"session_key":"` + strings.Repeat("A", maxKeysFile) + `"}`,
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := Load(name)
		require.ErrorContains(t, err, name, why)
	}
}

// TestSecretsDoNotPrint: no verb and no log shows a secret, alone or within a struct.
func TestSecretsDoNotPrint(t *testing.T) {
	k := Generate()
	k.Callers[0].Secret = Secret(strings.Repeat("S3", 16))
	k.SessionKey = k.Callers[0].Secret
	var out bytes.Buffer
	for _, v := range []any{k, &k, k.Callers, k.Callers[0], &k.Callers[0], k.SessionKey, struct{ K Key }{k.Callers[0].Key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb, v)
		}
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", k.SessionKey, "caller", k.Callers[0])
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", k.SessionKey)
	require.Contains(t, out.String(), "(secret)")
	text, err := json.Marshal(k.SessionKey)
	require.NoError(t, err)
	for _, leak := range []string{"S3S3", fmt.Sprintf("%x", "S3S3"), fmt.Sprintf("%X", "S3S3"), "83 51 83", "0x53", strings.Trim(string(text), `"`)} {
		require.NotContains(t, out.String(), leak)
	}
}

// TestScopes: a key allows only the scopes that it names. Empty lists of activities and apps mean all.
func TestScopes(t *testing.T) {
	c := Caller{Scopes: []Scope{ScopeGrant}}
	require.NoError(t, c.May(ScopeGrant))
	require.ErrorIs(t, c.May(ScopeQuery), ErrScope)
	require.ErrorIs(t, c.May(ScopeBind), ErrScope)
	require.NoError(t, c.MayGrant("spring", wallet.Douyin))
	c.Activities = []wallet.ActivityID{"spring"}
	require.NoError(t, c.MayGrant("spring", wallet.Douyin))
	require.ErrorIs(t, c.MayGrant("autumn", wallet.Douyin), ErrScope)
	c.Apps = []wallet.App{wallet.Xigua}
	require.ErrorIs(t, c.MayGrant("spring", wallet.Douyin), ErrScope)
	require.NoError(t, c.MayGrant("spring", wallet.Xigua))
	require.ErrorIs(t, c.MayName(wallet.Douyin), ErrScope)
}
