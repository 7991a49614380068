package token

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func TestKeyringIsBounded(t *testing.T) {
	k := mustKeys(t)
	for i := range maxGenerations - 1 {
		id, err := k.Rotate(seeded(uint64(i + 2)))
		require.NoError(t, err)
		require.EqualValues(t, i+2, id)
		require.Equal(t, id, k.sealing().id)
	}
	_, err := k.Rotate(seeded(99))
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.EqualValues(t, maxGenerations, k.sealing().id, "a refused rotation must change nothing")
	require.NoError(t, k.Retire(1))
	require.NoError(t, k.Retire(1), "idempotent")
	id, err := k.Rotate(seeded(99))
	require.NoError(t, err)
	require.EqualValues(t, maxGenerations+1, id, "no number is used again")
	require.Equal(t, []keyID{2, 3, 4, 5, 6, 7, 8, 9}, k.ids())
	require.ErrorIs(t, k.Retire(id), wallet.ErrInvalid, "the current one")
	require.ErrorIs(t, k.Retire(id+1), wallet.ErrInvalid, "a future one")
}

func TestKeyringFromASourceThatFails(t *testing.T) {
	broken := errors.New("no entropy")
	_, err := NewKeyring(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = NewKeyring(strings.NewReader("too short"))
	require.Error(t, err)
}

// TestKeysAreNeverPrinted tries the ways in which secrets get into logs.
func TestKeysAreNeverPrinted(t *testing.T) {
	k := mustKeys(t)
	real := must(NewReal(k, DefaultPolicy()))(t)
	_, err := real.Seal(typical(), noon)
	require.NoError(t, err)
	g := k.sealing()
	envelope, err := g.envelope.Bytes()
	require.NoError(t, err)
	var out bytes.Buffer
	modelled := must(NewModelled(k, DefaultPolicy()))(t)
	sampled := must(NewSampled(real, modelled, 1, 2))(t)
	node := struct { // keys in unexported fields, for which fmt does not call a Formatter
		keys   *Keyring
		sealer wallet.Sealer
		real   *Real
	}{k, real, real}
	for _, v := range []any{k, g, real, modelled, sampled, node, &node, []*generation{g}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	for _, secret := range [][]byte{g.seed, g.seed[32:], g.seed[64:], envelope} {
		for form, text := range map[string]string{
			"hex":     hex.EncodeToString(secret[:8]),
			"decimal": strings.Trim(fmt.Sprint(secret[:8]), "[]"),
			"go":      strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret[:8]), "[]byte{"), "}"),
			"base64":  base64.StdEncoding.EncodeToString(secret[:6]),
			"raw":     string(secret[:8]),
		} {
			require.False(t, strings.Contains(out.String(), text), form)
		}
	}
	require.False(t, strings.Contains(out.String(), fmt.Sprint(g.stand)))
	require.False(t, strings.Contains(out.String(), fmt.Sprintf("%x", g.stand)))
	require.Contains(t, out.String(), "token.Keyring{current 1 of [1], keys redacted}")
}

func TestKeyFileRoundTrip(t *testing.T) {
	k := mustKeys(t)
	_, err := k.Rotate(seeded(2))
	require.NoError(t, err)
	sealed, err := must(NewReal(k, DefaultPolicy()))(t).Seal(typical(), noon)
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, k.Save(&file))
	restarted, err := LoadKeyring(&file)
	require.NoError(t, err)
	require.Equal(t, k.ids(), restarted.ids())
	require.Equal(t, k.sealing().id, restarted.sealing().id)
	_, err = must(NewReal(restarted, DefaultPolicy()))(t).Open(sealed, ownerOf(typical()), noon)
	require.NoError(t, err, "tokens survive a restart (T8)")
	require.ErrorContains(t, k.Save(brokenWriter{}), "disk full")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFullKeyFileFits(t *testing.T) {
	k := mustKeys(t)
	for range maxGenerations - 1 {
		_, err := k.Rotate(seeded(3))
		require.NoError(t, err)
	}
	var file bytes.Buffer
	require.NoError(t, k.Save(&file))
	require.Less(t, file.Len(), maxKeyFile)
	_, err := LoadKeyring(&file)
	require.NoError(t, err)
}

func TestLoadKeyringRefuses(t *testing.T) {
	seed := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, seedSize))
	one := func(id int) string { return fmt.Sprintf(`{"id":%d,"seed":%q}`, id, seed) }
	many := one(1)
	for i := range maxGenerations {
		many += "," + one(i+2)
	}
	cases := []struct{ name, file string }{
		// A truncated file, or one that was never written.
		{"empty", ""},
		{"no JSON", "keys"},
		// A misspelt field must not silently leave the ring without a current generation.
		{"unknown field", `{"currant":1,"generations":[` + one(1) + `]}`},
		// Nothing could be sealed with it.
		{"no generations", `{"current":1,"generations":[]}`},
		{"current is not there", `{"current":2,"generations":[` + one(1) + `]}`},
		// It would be ambiguous.
		{"twice", `{"current":1,"generations":[` + one(1) + `,` + one(1) + `]}`},
		// Zero is an omitted number.
		{"number zero", `{"current":0,"generations":[` + one(0) + `]}`},
		// Keys weaker than they look.
		{"short seed", `{"current":1,"generations":[{"id":1,"seed":"AAAA"}]}`},
		// The bound applies to files too.
		{"more than a ring holds", `{"current":1,"generations":[` + many + `]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := LoadKeyring(strings.NewReader(c.file))
			require.ErrorIs(t, err, wallet.ErrInvalid)
			require.NotContains(t, err.Error(), seed[:16])
		})
	}
	_, err := LoadKeyring(strings.NewReader(`{"current":2,"generations":[` + one(2) + `,` + one(3) + `]}`))
	require.NoError(t, err, "a newer generation may wait for its turn")
}
