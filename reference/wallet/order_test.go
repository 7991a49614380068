package wallet

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// orderNos draws valid order numbers.
func orderNos() *rapid.Generator[OrderNo] {
	return rapid.Custom(func(t *rapid.T) OrderNo {
		return OrderNo{
			ActID: ActID(rapid.Int64Min(1).Draw(t, "act id")),
			Scene: SceneID(rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "scene")),
			Rain:  rapid.Int32Min(0).Draw(t, "rain"),
			Award: AwardType(rapid.IntRange(int(Cash), int(AvatarPendant)).Draw(t, "award")),
			Stage: Stage(rapid.IntRange(1, Stages).Draw(t, "stage")),
		}
	})
}

func TestOrderNoIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		no := orderNos().Draw(t, "no")
		require.NoError(t, no.Validate())
		text := no.String()
		require.LessOrEqual(t, len(text), maxOrderNo)
		got, err := ParseOrderNo(text)
		require.NoError(t, err)
		require.Equal(t, no, got)
		require.Equal(t, "before "+text, string(no.Append([]byte("before "))))
	})
}

func TestLongestOrderNoFits(t *testing.T) {
	no := OrderNo{ActID: math.MaxInt64, Scene: SceneID(strings.Repeat("z", MaxSceneID)), Rain: math.MaxInt32, Award: AvatarPendant, Stage: Official}
	got, err := ParseOrderNo(no.String())
	require.NoError(t, err)
	require.Equal(t, no, got)
}

func TestOrderNoReadsNothingElse(t *testing.T) {
	for _, c := range []struct{ text, why string }{
		{"", "an empty text"},
		{"1_rain_3_1", "a part too few"},
		{"1_rain_3_1_3_", "a part too many"},
		{"1__3_1_3", "no scene"},
		{"1_ra_in_3_1_3", "the separator within a scene"},
		{"1_Rain_3_1_3", "capitals"},
		{"1_雨_3_1_3", "letters outside ASCII"},
		{"1_" + strings.Repeat("a", MaxSceneID+1) + "_3_1_3", "a scene too long"},
		{"0_rain_3_1_3", "wallet 0"},
		{"-1_rain_3_1_3", "a wallet below zero"},
		{"9223372036854775808_rain_3_1_3", "a wallet beyond int64"},
		{"1_rain_-1_1_3", "a rain below zero"},
		{"1_rain_2147483648_1_3", "a rain beyond int32"},
		{"1_rain_3_0_3", "no reward type"},
		{"1_rain_3_14_3", "one reward type too many"},
		{"1_rain_3_257_3", "a reward type that would wrap round to 1"},
		{"1_rain_3_1_0", "no stage"},
		{"1_rain_3_1_4", "one stage too many"},
		{"01_rain_3_1_3", "a leading zero: each number has one text"},
		{"+1_rain_3_1_3", "a sign"},
		{"1_rain_3_1_3 ", "a space"},
		{"1_rain_0x3_1_3", "another base"},
		{strings.Repeat("1", maxOrderNo+1), "longer than the longest number"},
	} {
		_, err := ParseOrderNo(c.text)
		require.ErrorIs(t, err, ErrInvalid, c.why)
	}
}

func FuzzParseOrderNo(f *testing.F) {
	f.Add("1_rain_3_1_3")
	f.Add("9223372036854775807_card-lottery_2147483647_13_3")
	f.Add("01_rain_3_1_3")
	f.Add("1_rain_3_257_3")
	f.Fuzz(func(t *testing.T, text string) {
		no, err := ParseOrderNo(text)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			require.Zero(t, no)
			return
		}
		require.NoError(t, no.Validate())
		require.Equal(t, text, no.String())
	})
}

func TestOrderNosHaveOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := orderNos().Draw(t, "a"), orderNos().Draw(t, "b"), orderNos().Draw(t, "c")
		if rapid.Bool().Draw(t, "near") { // numbers that differ in few parts
			b.ActID, b.Stage, c.ActID, c.Stage = a.ActID, a.Stage, a.ActID, a.Stage
		}
		require.Equal(t, a.Compare(b), -b.Compare(a))
		require.Equal(t, a == b, a.Compare(b) == 0)
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 {
			require.LessOrEqual(t, a.Compare(c), 0)
		}
	})
}

// TestOrderNosDifferInEachPart checks that the order uses every part of the number.
func TestOrderNosDifferInEachPart(t *testing.T) {
	no := OrderNo{ActID: 1, Scene: "rain", Rain: 1, Award: Cash, Stage: InternalTest}
	for part, larger := range map[string]OrderNo{
		"act id": {2, "rain", 1, Cash, InternalTest}, "scene": {1, "rain-2", 1, Cash, InternalTest}, "rain": {1, "rain", 2, Cash, InternalTest},
		"award": {1, "rain", 1, VideoSubsidy, InternalTest}, "stage": {1, "rain", 1, Cash, ExternalDrill},
	} {
		require.Negative(t, no.Compare(larger), part)
		require.NotEqual(t, no.String(), larger.String(), part)
		require.False(t, Order{No: no}.SameGrant(Order{No: larger}), part)
	}
	require.False(t, Order{No: no, Amount: 1}.SameGrant(Order{No: no, Amount: 2}))
	require.True(t, Order{No: no, Amount: 1, Created: 1}.SameGrant(Order{No: no, Amount: 1, Created: 2}), "a repeat may come later")
}

func TestCreditIsWhatOrderAndTokenPromise(t *testing.T) {
	no := OrderNo{ActID: 1, Scene: "rain", Rain: 1, Award: Cash, Stage: Official}
	want := Credit{Order: no, Amount: 7, Opened: 9}
	require.Equal(t, want, Order{No: no, Amount: 7, Opened: 9, Created: 11}.Credit())
	require.Equal(t, want, Token{Order: no, Amount: 7, Opened: 9, Status: TokenProcessing}.Credit())
}
