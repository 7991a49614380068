package token

import (
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// noon is the instant at which the tests seal: noon of New Year's Eve 2022 in Beijing.
const noon wallet.Instant = 1_643_601_600_000_000

// seeded is the random source of keys in tests.
func seeded(seed uint64) io.Reader {
	var s [32]byte
	s[0] = byte(seed)
	return rand.NewChaCha8(s)
}

func mustKeys(t testing.TB) *Keyring {
	t.Helper()
	k, err := NewKeyring(seeded(1))
	require.NoError(t, err)
	return k
}

func mustReal(t testing.TB) *Real {
	t.Helper()
	s, err := NewReal(mustKeys(t), DefaultPolicy())
	require.NoError(t, err)
	return s
}

func mustModelled(t testing.TB) *Modelled {
	t.Helper()
	s, err := NewModelled(mustKeys(t), DefaultPolicy())
	require.NoError(t, err)
	return s
}

// typical is a typical token of the festival's rain.
func typical() wallet.Token {
	return wallet.Token{
		App:      wallet.Douyin,
		Activity: "spring-2022-official",
		Order:    wallet.OrderNo{ActID: 412_345_678, Scene: "rain-cash", Rain: 3, Award: wallet.Cash, Stage: wallet.Official},
		Amount:   188,
		Opened:   noon - wallet.Instant(time.Second/time.Microsecond),
	}
}

func ownerOf(t wallet.Token) wallet.Person { return wallet.Person{ActID: t.Order.ActID} }

// anyToken draws valid tokens up to the longest of each field.
func anyToken() *rapid.Generator[wallet.Token] {
	return rapid.Custom(func(t *rapid.T) wallet.Token {
		return wallet.Token{
			App:      wallet.App(rapid.IntRange(1, wallet.Apps).Draw(t, "app")),
			Activity: wallet.ActivityID(rapid.StringOfN(rapid.Rune(), 1, -1, wallet.MaxActivityID).Draw(t, "activity")),
			Order: wallet.OrderNo{
				ActID: wallet.ActID(rapid.Int64Min(1).Draw(t, "act id")),
				Scene: wallet.SceneID(rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "scene")),
				Rain:  rapid.Int32Min(0).Draw(t, "rain"),
				Award: wallet.AwardType(rapid.IntRange(1, int(wallet.AvatarPendant)).Draw(t, "award")),
				Stage: wallet.Stage(rapid.IntRange(1, wallet.Stages).Draw(t, "stage")),
			},
			Amount: wallet.Money(rapid.Int64Min(1).Draw(t, "amount")),
			Opened: wallet.Instant(rapid.Int64Min(0).Draw(t, "opened")),
			Status: rapid.SampledFrom([]wallet.TokenStatus{wallet.TokenIssued, wallet.TokenProcessing, wallet.TokenSuccess}).Draw(t, "status"),
		}
	})
}
