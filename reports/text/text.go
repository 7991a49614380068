// Package text writes numbers, amounts and sentences in English and Chinese, as reports show them.
package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text says one thing in both languages of the page. Figures inside it are formatted for each.
type Text struct{ EN, ZH string }

// Same is a text that needs no translation.
func Same(s string) Text { return Text{s, s} }

// Textf formats both languages with the same arguments. A Text among them gives its own half to each.
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

// Count formats n with a comma every three digits.
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

// Compact formats n with three digits and the unit that people say: k, M, bn; 万, 亿.
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

// Significant formats x with three digits or, from 1,000 up, as a whole number.
func Significant(x float64) string {
	switch {
	case x >= 1e15: // beyond what a float holds exactly, digits would pretend
		return strconv.FormatFloat(x, 'g', 3, 64)
	case x >= 99.95:
		return Count(int64(x + 0.5))
	case x >= 9.995:
		return TrimZeros(strconv.FormatFloat(x, 'f', 1, 64))
	default:
		return TrimZeros(strconv.FormatFloat(x, 'f', 2, 64))
	}
}

// TrimZeros drops the zeros after the decimal point that say nothing.
func TrimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Duration formats milliseconds by their two largest units, such as "14 min 32 s".
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

// Money formats fen as yuan.
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

// Figure formats a metric: whole numbers in full, others with three digits.
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

// maxQuote bounds what the renderings quote of one violation, in runes; record.json has it whole.
const maxQuote = 600

// Quote makes a text of the record fit to be shown on one line: control characters become spaces, the rest is cut.
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

// HashDigits is how much of a commit's hash is shown; enough to find it by.
const HashDigits = 12

// ShortCommit cuts the hash and keeps what says that the tree had changes.
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

func Rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return Count(int64(n)) + " rounds"
}

func Percent(x float64) string { return TrimZeros(strconv.FormatFloat(x*100, 'f', 2, 64)) + "%" }

// maxSeconds bounds what Seconds writes: more than a record can hold.
const maxSeconds = 100_000_000_000

// Seconds writes a time in seconds.
func Seconds(s float64) Text { return Micros(int64(min(s, maxSeconds) * 1e6)) }

// Micros formats microseconds with three digits.
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
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Clip cuts s to n columns, with a mark where it was longer.
func Clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// MaxNamed bounds how many checks one sentence names; the table below it has them all.
const MaxNamed = 5

func Names(ns []string) Text {
	if len(ns) <= MaxNamed {
		return Text{strings.Join(ns, ", "), strings.Join(ns, "、")}
	}
	more := Count(int64(len(ns) - MaxNamed))
	return Textf("%s and %s more", "%s 等另外 %s 项", Text{strings.Join(ns[:MaxNamed], ", "), strings.Join(ns[:MaxNamed], "、")}, more)
}
