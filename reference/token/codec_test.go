package token

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"hongbao/reference/token/tokenpb"
	"hongbao/reference/wallet"
)

// TestSignedBytesAreFixed fixes T3's field numbers: clients and stores in other languages read these exact bytes.
func TestSignedBytesAreFixed(t *testing.T) {
	want := "08" + "01" + // 1 AppID
		"10" + "cecacfc401" + // 2 ActID
		"1a" + "14" + hex.EncodeToString([]byte("spring-2022-official")) + // 3 ActivityID
		"22" + "09" + hex.EncodeToString([]byte("rain-cash")) + // 4 SceneID
		"28" + "bc01" + // 5 Amount
		"32" + "19" + hex.EncodeToString([]byte("412345678_rain-cash_3_1_3")) + // 6 OutTradeNo
		"38" + "c0dbd78b8ddbf502" + // 7 OpenTime
		"40" + "03" // 8 RainID
	tok := typical()
	tok.Status = wallet.TokenSuccess
	got, err := appendSigned(nil, tok)
	require.NoError(t, err)
	require.Equal(t, want, hex.EncodeToString(got), "without field 9: the status stays on the server")
}

func TestCodecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tok := anyToken().Draw(t, "token")
		b, err := appendSigned(nil, tok)
		require.NoError(t, err)
		got, err := decodeSigned(b)
		require.NoError(t, err)
		tok.Status = wallet.TokenIssued
		require.Equal(t, tok, got)
	})
}

func TestDecodeRefuses(t *testing.T) {
	cases := []struct {
		name  string
		alter func(*tokenpb.Token)
	}{
		// The order number is the identity; the other fields may only repeat it.
		{"owner contradicts the order number", func(m *tokenpb.Token) { m.ActID++ }},
		{"scene contradicts the order number", func(m *tokenpb.Token) { m.SceneID = "fireworks" }},
		{"rain contradicts the order number", func(m *tokenpb.Token) { m.RainID++ }},
		{"order number with another text", func(m *tokenpb.Token) { m.OutTradeNo = "0" + m.OutTradeNo }},
		// The status is never signed, so no valid token has one.
		{"status", func(m *tokenpb.Token) { m.Status = 8 }},
		// A promise of nothing, or a debt.
		{"no amount", func(m *tokenpb.Token) { m.Amount = 0 }},
		{"negative amount", func(m *tokenpb.Token) { m.Amount = -1 }},
		// Numbers must not be truncated to the width of the Go type.
		{"app beyond a byte", func(m *tokenpb.Token) { m.AppID += 256 }},
		{"app below zero", func(m *tokenpb.Token) { m.AppID -= 256 }},
		// Seal makes no such token.
		{"activity too long", func(m *tokenpb.Token) { m.ActivityID = strings.Repeat("a", wallet.MaxActivityID+1) }},
		{"no activity", func(m *tokenpb.Token) { m.ActivityID = "" }},
		// No valid clock shows that time.
		{"opened before 1970", func(m *tokenpb.Token) { m.OpenTime = -1 }},
		// A field of a later version could mean anything.
		{"unknown field", func(m *tokenpb.Token) { m.ProtoReflect().SetUnknown([]byte{0x50, 1}) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := message(typical())
			c.alter(m)
			b, err := proto.Marshal(m)
			require.NoError(t, err)
			_, err = decodeSigned(b)
			require.ErrorIs(t, err, wallet.ErrTokenUnreadable)
		})
	}
	_, err := decodeSigned([]byte{0xff})
	require.ErrorIs(t, err, wallet.ErrTokenUnreadable, "not protobuf at all")
}

// TestProtobufIsAboutHalfOfJSON measures T3's claim.
func TestProtobufIsAboutHalfOfJSON(t *testing.T) {
	tok := typical()
	tok.Status = wallet.TokenProcessing
	pb, js := EncodedSizes(tok)
	t.Logf("protobuf %d bytes, JSON %d bytes, ratio %.2f", pb, js, float64(pb)/float64(js))
	require.Less(t, pb*100, js*55)
	require.Greater(t, pb*100, js*30, "a smaller ratio means that fields are missing")
	require.Panics(t, func() { EncodedSizes(wallet.Token{}) })
}

func TestLongestTokenFits(t *testing.T) {
	tok := longest()
	b, err := mustReal(t).Seal(tok, noon)
	require.NoError(t, err)
	require.LessOrEqual(t, len(b), maxSealed)
	b, err = mustModelled(t).Seal(tok, noon)
	require.NoError(t, err)
	require.LessOrEqual(t, len(b), maxSealed)
}

// longest is a token whose fields all have their maximum size.
func longest() wallet.Token {
	return wallet.Token{
		App:      wallet.FanqieAudio,
		Activity: wallet.ActivityID(strings.Repeat("a", wallet.MaxActivityID)),
		Order: wallet.OrderNo{ActID: math.MaxInt64, Scene: wallet.SceneID(strings.Repeat("s", wallet.MaxSceneID)),
			Rain: math.MaxInt32, Award: wallet.AvatarPendant, Stage: wallet.Official},
		Amount: math.MaxInt64,
		Opened: math.MaxInt64,
	}
}
