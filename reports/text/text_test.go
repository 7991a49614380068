package text

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDuration(t *testing.T) {
	for ms, want := range map[int64]Text{
		0:               {"0 s", "0 秒"},
		1:               {"1 ms", "1 毫秒"},
		999:             {"999 ms", "999 毫秒"},
		1_000:           {"1 s", "1 秒"},
		50_649:          {"50.6 s", "50.6 秒"},
		59_999:          {"59.9 s", "59.9 秒"}, // rounded down, so that "60 s" never appears
		872_000:         {"14 min 32 s", "14 分 32 秒"},
		3_600_000:       {"1 h 0 min", "1 小时 0 分"},
		90_000_000:      {"1 d 1 h", "1 天 1 小时"},
		math.MaxInt64:   {"106751991167 d 7 h", "106751991167 天 7 小时"},
		86_400_000 - 1:  {"23 h 59 min", "23 小时 59 分"},
		3_600_000 - 400: {"59 min 59 s", "59 分 59 秒"},
	} {
		require.Equal(t, want, Duration(ms))
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1_000: "1,000", -1_234_567: "-1,234,567", -999: "-999", math.MinInt64: "-9,223,372,036,854,775,808"} {
		require.Equal(t, want, Count(n))
	}
	for n, want := range map[float64]Text{
		0:         {"0", "0"},
		152:       {"152", "152"},
		9_999:     {"9,999", "9,999"},
		300_000:   {"300 k", "30 万"},
		999_499:   {"999 k", "99.9 万"},
		999_500:   {"1 M", "100 万"}, // never "1,000 k"
		1_800_000: {"1.8 M", "180 万"},
		182_400e3: {"182 M", "1.82 亿"},
		2.1e9:     {"2.1 bn", "21 亿"},
	} {
		require.Equal(t, want, Compact(n))
	}
	for x, want := range map[float64]string{12: "12", 0.4476: "0.45", 0.0123456: "0.0123", 744_517.061: "744,517", -2.5: "-2.5", 1e300: "1e+300"} {
		require.Equal(t, want, Figure(x))
	}
	for fen, want := range map[int64]string{0: "¥0.00", 5: "¥0.05", 318_800: "¥3,188.00", -101: "-¥1.01"} {
		require.Equal(t, want, Money(fen))
	}
	for n, want := range map[int64]string{91: "91 B", 1 << 10: "1 KiB", 96_346_560: "91.9 MiB", 3 << 30: "3 GiB"} {
		require.Equal(t, want, ByteSize(n))
	}
}

func TestShortCommit(t *testing.T) {
	for commit, want := range map[string]string{
		"":        "",
		"3fc25ea": "3fc25ea",
		"d21d11b0b3d4ede55a954b6b7b1b3e0fd30ea060":         "d21d11b0b3d4…",
		"d21d11b0b3d4ede55a954b6b7b1b3e0fd30ea060+changes": "d21d11b0b3d4…+changes",
	} {
		require.Equal(t, want, ShortCommit(commit))
	}
}

// TestQuote: a text of the record cannot control a terminal or fill a page.
func TestQuote(t *testing.T) {
	require.Equal(t, "a [31mb c", Quote("a\x1b[31mb\nc\u0085"))
	long := Quote(string(make([]byte, 10)) + "红包" + string(make([]rune, 10_000)))
	require.LessOrEqual(t, len([]rune(long)), maxQuote+1)
}
