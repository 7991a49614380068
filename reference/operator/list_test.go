package operator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

const good = Header + "\ndouyin,7,rain,cash,100,late draw\n"

func TestReadList(t *testing.T) {
	rows, faults := readList([]byte("\ufeff" + Header + "\r\ndouyin,7,rain,cash,100,\"late, draw\"\r\nxigua,8,movie,movie-coupon,,\r\n\r\ntoutiao,9,movie,movie-coupon,0,补发\r\n"))
	require.Empty(t, faults)
	require.Equal(t, []wallet.BulkRow{
		{Line: 2, Caller: wallet.Caller{App: wallet.Douyin, User: 7}, Scene: "rain", Award: wallet.Cash, Amount: 100, Reason: "late, draw"},
		{Line: 3, Caller: wallet.Caller{App: wallet.Xigua, User: 8}, Scene: "movie", Award: wallet.MovieCoupon},
		{Line: 5, Caller: wallet.Caller{App: wallet.Toutiao, User: 9}, Scene: "movie", Award: wallet.MovieCoupon, Reason: "补发"},
	}, rows)
	_, faults = readList([]byte(Header + "\ndouyin,7,rain,cash,1,\ntoutiao,7,rain,cash,1,\ndouyin,7,cards,cash,1,\n"))
	require.Empty(t, faults, "one user number in two families is two accounts, and two scenes are two rewards")
	rows, faults = readList([]byte("app,user,scene,award,amount_fen\ndouyin,7,rain,cash,9223372036854775807\n"))
	require.Empty(t, faults, "the reason may be absent, and the reader does not check the cap")
	require.EqualValues(t, 1<<63-1, rows[0].Amount)
}

func TestReadListRefuses(t *testing.T) {
	line := func(text string) string { return Header + "\n" + text + "\n" }
	for _, c := range []struct {
		why, text string
		line      int
		says      string
	}{
		{"an empty file", "", 1, "first line"},
		{"only a header", Header + "\n", 0, "only a header"},
		{"no header", "douyin,7,rain,cash,100,x\n", 1, "first line"},
		{"columns in another order", "user,app,scene,award,amount_fen\n", 1, "first line"},
		{"a truncated column name", short + ",r\n", 1, "first line"},
		{"a column too many", Header + ",x\n", 1, "first line"},
		{"an unknown app", line("weibo,7,rain,cash,100,"), 2, "app"},
		{"an app in capitals: names are exact", line("Douyin,7,rain,cash,100,"), 2, "app"},
		{"user 0", line("douyin,0,rain,cash,100,"), 2, "user"},
		{"a negative user", line("douyin,-7,rain,cash,100,"), 2, "user"},
		{"a user above 64 bits", line("douyin,9223372036854775808,rain,cash,100,"), 2, "user"},
		{"a user in exponent notation", line("douyin,7.0E+00,rain,cash,100,"), 2, "user"},
		{"a user with a leading zero", line("douyin,07,rain,cash,100,"), 2, "user"},
		{"a leading space", line("douyin, 7,rain,cash,100,"), 2, "user"},
		{"a scene in capitals", line("douyin,7,RAIN,cash,100,"), 2, "scene"},
		{"no scene", line("douyin,7,,cash,100,"), 2, "scene"},
		{"an unknown award", line("douyin,7,rain,gold,100,"), 2, "award"},
		{"zero cash", line("douyin,7,rain,cash,0,"), 2, "amount_fen"},
		{"cash without an amount", line("douyin,7,rain,cash,,"), 2, "amount_fen"},
		{"negative cash", line("douyin,7,rain,cash,-1,"), 2, "amount_fen"},
		{"yuan", line("douyin,7,rain,cash,1.00,"), 2, "amount_fen"},
		{"above 64 bits", line("douyin,7,rain,cash,99999999999999999999,"), 2, "amount_fen"},
		{"a coupon with an amount", line("douyin,7,movie,movie-coupon,5,"), 2, "amount_fen"},
		{"a reason of two lines", line("douyin,7,rain,cash,100,\"a\nb\""), 2, "reason"},
		{"a reason that is too long", line("douyin,7,rain,cash,100," + strings.Repeat("x", wallet.MaxBulkReason+1)), 2, "reason"},
		{"a NUL", line("douyin,7,rain,cash,100,\x00"), 2, "reason"},
		{"a NUL in a number", line("douyin,7\x00,rain,cash,100,"), 2, "user"},
		{"too few columns", line("douyin,7,rain,cash,100"), 2, "5 columns, not 6"},
		{"too many columns", line("douyin,7,rain,cash,100,x,y"), 2, "7 columns, not 6"},
		{"a bare quote", line("douyin,7,rain,cash,100,a\"b"), 2, "quote"},
		{"an unclosed quote", line("douyin,7,rain,cash,100,\"a"), 2, "quote"},
		{"semicolons", line("douyin;7;rain;cash;100;"), 2, "1 columns"},
		{"not UTF-8", line("douyin,7,rain,cash,100,\xff"), 0, "UTF-8"},
		{"a byte order mark in the middle", line("\ufeffdouyin,7,rain,cash,100,"), 2, "app"},
		{"the same person twice", line("douyin,7,rain,cash,100,\ndouyin-lite,7,rain,cash,50,"), 3, "as line 2"},
		{"too many bytes", good + strings.Repeat(" ", wallet.MaxBulkBytes), 0, "bytes"},
	} {
		_, faults := readList([]byte(c.text))
		require.Len(t, faults, 1, c.why)
		require.Equal(t, c.line, faults[0].Line, "%s: %v", c.why, faults)
		require.Contains(t, faults[0].Text, c.says, c.why)
	}
}

// TestReadListNamesAll: one reading reports all faults, in order of the lines, up to the bound.
func TestReadListNamesAll(t *testing.T) {
	rows, faults := readList([]byte(Header + "\nweibo,7,rain,cash,100,\ndouyin,7,rain,cash,100,\ndouyin,8,rain,cash,100,a\"b\ndouyin,9,rain,cash,x,\n"))
	require.Len(t, rows, 1)
	require.Equal(t, []int{2, 4, 5}, []int{faults[0].Line, faults[1].Line, faults[2].Line})

	var b strings.Builder
	b.WriteString(Header + "\n")
	for range 3 * maxFaults {
		b.WriteString("weibo,7,rain,cash,100,\n")
	}
	_, faults = readList([]byte(b.String()))
	require.Len(t, faults, maxFaults)
	require.Equal(t, wallet.BulkLineError{Text: "there are more faults than are listed"}, faults[0])

	b.Reset()
	b.WriteString(Header + "\n")
	for i := range wallet.MaxBulkRows + 1 {
		fmt.Fprintf(&b, "douyin,%d,rain,cash,100,\n", i+1)
	}
	rows, faults = readList([]byte(b.String()))
	require.Len(t, faults, 1)
	require.Contains(t, faults[0].Text, "more than 10000 lines")
	require.Len(t, rows, wallet.MaxBulkRows+1)
	rows, faults = readList([]byte(b.String()[:strings.LastIndex(b.String()[:b.Len()-1], "\n")+1]))
	require.Empty(t, faults)
	require.Len(t, rows, wallet.MaxBulkRows)
}

// FuzzList: any text gives faults or rows that a store accepts, and reading it is bounded.
func FuzzList(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("\ufeff" + Header + "\r\nxigua,8,movie,movie-coupon,,\"a\"\"b\"\r\n"))
	f.Add([]byte(Header + "\ndouyin,7,rain,cash,100,a\"b\n\x00,,,\n\"\n"))
	f.Add([]byte(short + "\ndouyin,7,rain,cash,9223372036854775808\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, faults := readList(text)
		require.LessOrEqual(t, len(faults), maxFaults)
		if len(faults) > 0 {
			return
		}
		require.NoError(t, wallet.BulkJob{By: "x"}.Check(rows))
		seen := map[rewardKey]bool{}
		for i, r := range rows {
			require.Equal(t, r.Award == wallet.Cash, r.Amount > 0)
			require.GreaterOrEqual(t, r.Line, i+2)
			who := rewardKey{wallet.AccountOf(r.App, r.User), r.Scene, r.Award}
			require.False(t, seen[who])
			seen[who] = true
		}
	})
}
