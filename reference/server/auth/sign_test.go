package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

var (
	noon = time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)
	key  = Key{"demo", Secret(strings.Repeat("k", keyBytes))}
	ask  = Request{Method: http.MethodPost, Path: "/hongbao.v1.GrantService/Grant", Body: []byte(`{"rain":1}`)}
)

// TestSignByHand builds the signature as the documentation describes it, as a client in another language would.
func TestSignByHand(t *testing.T) {
	for mark, prefix := range map[bool]string{false: "hongbao1", true: "hongbao1-load-test"} {
		body := sha256.Sum256(ask.Body)
		h := hmac.New(sha256.New, key.Secret)
		h.Write([]byte(prefix + "\nPOST\n/hongbao.v1.GrantService/Grant\n1643630400000000\nn1\n" + hex.EncodeToString(body[:])))
		r := ask
		r.LoadTest = mark
		require.Equal(t, "Hongbao-HMAC caller=demo,time=1643630400000000,nonce=n1,signature="+hex.EncodeToString(h.Sum(nil)), Sign(key, r, noon, "n1"))
	}
}

// TestVerify: a signature is valid only for its request.
func TestVerify(t *testing.T) {
	s, err := ParseSigned(Sign(key, ask, noon, "n1"))
	require.NoError(t, err)
	require.Equal(t, "demo", s.ID)
	require.Equal(t, "n1", s.Nonce)
	require.Equal(t, wallet.InstantOf(noon), s.At)
	require.NoError(t, s.Verify(key, ask))
	for why, change := range map[string]func(*Request){
		"method": func(r *Request) { r.Method = http.MethodPut },
		"path":   func(r *Request) { r.Path += "s" },
		"body":   func(r *Request) { r.Body = []byte(`{"rain":2}`) },
		"empty":  func(r *Request) { r.Body = nil },
		"mark":   func(r *Request) { r.LoadTest = true },
	} {
		r := ask
		change(&r)
		require.ErrorIs(t, s.Verify(key, r), ErrSignature, why)
	}
	require.ErrorIs(t, s.Verify(Key{"demo", NewSecret()}, ask), ErrSignature, "another key")
	other := strings.Replace(Sign(key, ask, noon, "n1"), "nonce=n1", "nonce=n2", 1)
	s, err = ParseSigned(other)
	require.NoError(t, err)
	require.ErrorIs(t, s.Verify(key, ask), ErrSignature, "another nonce")
	s, err = ParseSigned(strings.Replace(Sign(key, ask, noon, "n1"), "time=1643630400000000", "time=1643630400000001", 1))
	require.NoError(t, err)
	require.ErrorIs(t, s.Verify(key, ask), ErrSignature, "another time")
}

// TestAlteredSignature: a signature with one changed digit is refused.
func TestAlteredSignature(t *testing.T) {
	line := Sign(key, ask, noon, "n1")
	for i := len(line) - 64; i < len(line); i++ {
		digit := byte('0')
		if line[i] == '0' {
			digit = '1'
		}
		s, err := ParseSigned(line[:i] + string(digit) + line[i+1:])
		require.NoError(t, err)
		require.ErrorIs(t, s.Verify(key, ask), ErrSignature, i)
	}
}

func TestMalformedHeaders(t *testing.T) {
	good := Sign(key, ask, noon, "n1")
	for why, line := range map[string]string{
		"cut off":                     good[:len(good)-1],
		"longer":                      good + "0",
		"an extra field":              good + ",x=1",
		"an empty part":               good + ",",
		"no caller":                   strings.Replace(good, "caller=demo", "caller=", 1),
		"a caller with a space":       strings.Replace(good, "caller=demo", "caller=de mo", 1),
		"a caller with a line feed":   strings.Replace(good, "caller=demo", "caller=de\nmo", 1),
		"a long caller":               strings.Replace(good, "demo", strings.Repeat("d", maxID+1), 1),
		"a long nonce":                strings.Replace(good, "n1", strings.Repeat("d", maxNonce+1), 1),
		"no time":                     strings.Replace(good, "1643630400000000", "", 1),
		"a time that is not a number": strings.Replace(good, "1643630400000000", "noon", 1),
		"a negative time":             strings.Replace(good, "1643630400000000", "-1", 1),
		"a time above int64":          strings.Replace(good, "1643630400000000", "99999999999999999999", 1),
		"another order":               strings.Replace(good, "caller=demo,time=1643630400000000", "time=1643630400000000,caller=demo", 1),
		"not hex":                     good[:len(good)-1] + "g",
		"nothing":                     SchemeHMAC,
	} {
		_, err := ParseSigned(line)
		require.ErrorIs(t, err, ErrMalformed, why)
	}
	for _, line := range []string{"", "Bearer x", "hongbao-hmac caller=demo", "Hongbao-HMAC"} {
		_, err := ParseSigned(line)
		require.ErrorIs(t, err, ErrNoCredentials, line)
	}
}

// TestFresh: the window includes both limits, and no value overflows.
func TestFresh(t *testing.T) {
	at := func(d time.Duration) error {
		return Signed{At: wallet.InstantOf(noon).Add(d)}.Fresh(wallet.InstantOf(noon))
	}
	require.NoError(t, at(0))
	require.NoError(t, at(Window))
	require.NoError(t, at(-Window))
	require.ErrorIs(t, at(Window+time.Microsecond), ErrTime)
	require.ErrorIs(t, at(-Window-time.Microsecond), ErrTime)
	require.ErrorIs(t, Signed{At: wallet.Never}.Fresh(wallet.InstantOf(noon)), ErrTime)
	require.ErrorIs(t, Signed{At: 1}.Fresh(wallet.InstantOf(noon)), ErrTime)
}

// FuzzParseSigned: no input causes a panic, and a parsed header has only values that Sign would write.
func FuzzParseSigned(f *testing.F) {
	f.Add(Sign(key, ask, noon, NewNonce()))
	f.Add(SchemeHMAC + "caller=,time=,nonce=,signature=")
	f.Fuzz(func(t *testing.T, line string) {
		s, err := ParseSigned(line)
		if err != nil {
			require.Equal(t, wallet.CodeUnauthorised, wallet.CodeOf(err))
			return
		}
		require.True(t, goodName(s.ID, maxID) && goodName(s.Nonce, maxNonce) && s.At > 0)
		require.ErrorIs(t, s.Verify(Key{s.ID, NewSecret()}, ask), ErrSignature)
	})
}

// TestNonces: each nonce is accepted once per key while its time is fresh, and then forgotten.
func TestNonces(t *testing.T) {
	n, now := NewNonces(), wallet.InstantOf(noon)
	use := func(id, nonce string, at, now wallet.Instant) error {
		return n.Use(Signed{ID: id, Nonce: nonce, At: at}, now)
	}
	require.NoError(t, use("a", "1", now, now))
	require.ErrorIs(t, use("a", "1", now, now), ErrReplayed)
	require.NoError(t, use("b", "1", now, now), "another key's")
	require.NoError(t, use("a", "2", now, now))
	for at := now; at <= now.Add(Window); at = at.Add(10 * time.Second) {
		require.NoError(t, use("a", "x"+at.String(), at, at), "advances the time")
		require.ErrorIs(t, use("a", "1", now, at), ErrReplayed, "still fresh after %s", at.Sub(now))
	}
	for i := range 100 {
		at := now.Add(time.Hour + time.Duration(i)*time.Minute)
		require.NoError(t, use("a", "1", at, at))
		require.LessOrEqual(t, n.of["a"].count, 2+int(Window/slice), "stale ones are forgotten")
		require.LessOrEqual(t, len(n.of["a"].slices), 2+int(Window/slice))
	}
}

// TestNoncesAreBounded: a nonce that cannot be remembered is refused, because a replay could not be detected.
func TestNoncesAreBounded(t *testing.T) {
	n, now := NewNonces(), wallet.InstantOf(noon)
	n.memory("a").count = maxNonces
	require.ErrorIs(t, n.Use(Signed{ID: "a", Nonce: "1", At: now}, now), wallet.ErrLimited)
	require.NoError(t, n.Use(Signed{ID: "b", Nonce: "1", At: now}, now))
}

// TestNoncesModel compares any sequence of fresh requests with a model that forgets nothing.
func TestNoncesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, now, used := NewNonces(), wallet.InstantOf(noon), map[string]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			at := now.Add(time.Duration(rapid.IntRange(-300, 300).Draw(t, "skew")) * time.Second)
			s := Signed{ID: "a", Nonce: rapid.StringMatching(`[ab]`).Draw(t, "nonce") + at.String(), At: at}
			err := n.Use(s, now)
			require.Equal(t, used[s.Nonce], err == ErrReplayed)
			used[s.Nonce] = true
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s, err := ParseSigned(Sign(key, ask, noon, NewNonce()))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if s.Verify(key, ask) != nil {
			b.Fatal()
		}
	}
}

func BenchmarkNonces(b *testing.B) {
	n, now := NewNonces(), wallet.InstantOf(noon)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := n.Use(Signed{ID: "a", Nonce: string(wallet.OrderNo{ActID: wallet.ActID(i)}.Append(nil)), At: now}, now); err != nil {
			b.Fatal(err)
		}
	}
}
