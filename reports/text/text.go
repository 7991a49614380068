// Package text formats numbers, amounts, times and sentences in English and Chinese for the reports. It knows nothing of
// records. Units are in the names of the parameters: fen, milliseconds, microseconds, seconds, bytes.
package text

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text is one text in both languages of the page.
type Text struct{ EN, ZH string }

// Same returns a Text that is s in both languages.
func Same(s string) Text { return Text{s, s} }

// Textf formats both languages with the same arguments. An argument of type Text is replaced by its string in the language.
func Textf(en, zh string, args ...any) Text {
	a, b := make([]any, len(args)), make([]any, len(args))
	for i, x := range args {
		a[i], b[i] = x, x
		if t, ok := x.(Text); ok {
			a[i], b[i] = t.EN, t.ZH
		}
	}
	return Text{fmt.Sprintf(en, a...), fmt.Sprintf(zh, b...)}
}

// FestivalZone is the time zone of all shown times of the festival: Asia/Shanghai, as a fixed offset, because a machine may
// have no zone files. The zone has had no summer time since 1991.
func FestivalZone() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// Count formats n with a comma before each group of three digits.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Compact formats n, which is not negative, with three significant digits and a unit: k, M, bn; 万, 亿.
func Compact(n float64) Text {
	t := Text{Significant(n), Significant(n)}
	switch {
	case n >= 999.5e6:
		t.EN = Significant(n/1e9) + " bn"
	case n >= 999.5e3:
		t.EN = Significant(n/1e6) + " M"
	case n >= 1e4:
		t.EN = Significant(n/1e3) + " k"
	}
	switch {
	case n >= 9995e4:
		t.ZH = Significant(n/1e8) + " 亿"
	case n >= 1e4:
		t.ZH = Significant(n/1e4) + " 万"
	}
	return t
}

// Significant formats x, which is not negative, with three significant digits; from 1,000 as a whole number.
func Significant(x float64) string {
	switch {
	case x >= 1e15: // a float64 does not hold larger whole numbers exactly
		return strconv.FormatFloat(x, 'g', 3, 64)
	case x >= 99.95:
		return Count(int64(x + 0.5))
	case x >= 9.995:
		return TrimZeros(strconv.FormatFloat(x, 'f', 1, 64))
	default:
		return TrimZeros(strconv.FormatFloat(x, 'f', 2, 64))
	}
}

// TrimZeros removes trailing zeros after the decimal point.
func TrimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Duration formats milliseconds with their two largest units, such as "14 min 32 s". It rounds down.
func Duration(ms int64) Text {
	s := ms / 1000
	switch {
	case ms == 0:
		return Text{"0 s", "0 秒"}
	case ms < 1000:
		return Textf("%d ms", "%d 毫秒", ms)
	case s < 60:
		x := TrimZeros(strconv.FormatFloat(float64(ms/100)/10, 'f', 1, 64))
		return Textf("%s s", "%s 秒", x)
	case s < 3600:
		return Textf("%d min %d s", "%d 分 %d 秒", s/60, s%60)
	case s < 86400:
		return Textf("%d h %d min", "%d 小时 %d 分", s/3600, s/60%60)
	default:
		return Textf("%d d %d h", "%d 天 %d 小时", s/86400, s/3600%24)
	}
}

// Money formats an amount in fen as yuan.
func Money(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s¥%s.%02d", sign, Count(fen/100), fen%100)
}

// ByteSize formats a number of bytes.
func ByteSize(n int64) string {
	switch {
	case n >= 1<<30:
		return Significant(float64(n)/(1<<30)) + " GiB"
	case n >= 1<<20:
		return Significant(float64(n)/(1<<20)) + " MiB"
	case n >= 1<<10:
		return Significant(float64(n)/(1<<10)) + " KiB"
	default:
		return Count(n) + " B"
	}
}

// Figure formats a metric: whole numbers in full, others with three significant digits.
func Figure(x float64) string {
	if abs := math.Abs(x); abs < 1e15 && x == math.Trunc(x) {
		return Count(int64(x))
	}
	if x < 0 {
		return "-" + Figure(-x)
	}
	if x < 0.1 {
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	return Significant(x)
}

// maxQuote bounds a quoted text in the renderings, in runes. record.json has the whole text.
const maxQuote = 600

// Quote makes a text of the record safe to show on one line: control characters become spaces, and a text longer than
// maxQuote is cut.
func Quote(s string) string {
	n := 0
	out := strings.Map(func(c rune) rune {
		n++
		switch {
		case n > maxQuote:
			return -1
		case c < ' ' || c >= 0x7f && c < 0xa0:
			return ' '
		}
		return c
	}, s)
	if n > maxQuote {
		out += "…"
	}
	return strings.TrimSpace(out)
}

// HashDigits is the number of shown digits of a commit's hash, which is enough to find the commit.
const HashDigits = 12

// ShortCommit shortens the hash of a commit to HashDigits and keeps a suffix such as "+changes".
func ShortCommit(s string) string {
	hash, rest, _ := strings.Cut(Quote(s), "+")
	if len(hash) > HashDigits {
		hash = Clip(hash, HashDigits+1)
	}
	if rest != "" {
		hash += "+" + rest
	}
	return hash
}

// Percent formats a share as percent with at most two decimals.
func Percent(x float64) string { return TrimZeros(strconv.FormatFloat(x*100, 'f', 2, 64)) + "%" }

// maxSeconds bounds the argument of Seconds against overflow. It is more than a record can hold.
const maxSeconds = 100_000_000_000

// Seconds formats seconds as Micros does.
func Seconds(s float64) Text { return Micros(int64(min(s, maxSeconds) * 1e6)) }

// Micros formats microseconds with three significant digits; from one minute as Duration does.
func Micros(us int64) Text {
	switch {
	case us < 1000:
		return Textf("%d µs", "%d 微秒", us)
	case us < 999_500:
		return Textf("%s ms", "%s 毫秒", Significant(float64(us)/1000))
	case us < 59_950_000:
		return Textf("%s s", "%s 秒", Significant(float64(us)/1e6))
	}
	return Duration(us / 1000)
}

// OrDash returns s, or a dash if it is empty.
func OrDash(s string) string { return cmp.Or(s, "-") }

// Clip cuts s to n columns. A text that is cut ends in an ellipsis.
func Clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// MaxNamed bounds the names in one sentence. The tables show all of them.
const MaxNamed = 5

// Names joins names for a sentence: at most MaxNamed of them and the number of the others.
func Names(ns []Text) Text {
	var en, zh []string
	for _, n := range ns[:min(len(ns), MaxNamed)] {
		en, zh = append(en, n.EN), append(zh, n.ZH)
	}
	out := Text{strings.Join(en, ", "), strings.Join(zh, "、")}
	if len(ns) > MaxNamed {
		out = Textf("%s and %s more", "%s，另有 %s 项", out, Count(int64(len(ns)-MaxNamed)))
	}
	return out
}
