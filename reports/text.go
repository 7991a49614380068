package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Text says one thing in both languages of the page. Figures inside it are formatted for each.
type Text struct{ EN, ZH string }

// same is a text that needs no translation.
func same(s string) Text { return Text{s, s} }

// textf formats both languages with the same arguments. A Text among them gives its own half to each.
func textf(en, zh string, args ...any) Text {
	a, b := make([]any, len(args)), make([]any, len(args))
	for i, x := range args {
		a[i], b[i] = x, x
		if t, ok := x.(Text); ok {
			a[i], b[i] = t.EN, t.ZH
		}
	}
	return Text{fmt.Sprintf(en, a...), fmt.Sprintf(zh, b...)}
}

// count formats n with a comma every three digits.
func count(n int64) string {
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

// compact formats n with three digits and the unit that people say: k, M, bn; 万, 亿.
func compact(n float64) Text {
	t := Text{significant(n), significant(n)}
	switch {
	case n >= 999.5e6:
		t.EN = significant(n/1e9) + " bn"
	case n >= 999.5e3:
		t.EN = significant(n/1e6) + " M"
	case n >= 1e4:
		t.EN = significant(n/1e3) + " k"
	}
	switch {
	case n >= 9995e4:
		t.ZH = significant(n/1e8) + " 亿"
	case n >= 1e4:
		t.ZH = significant(n/1e4) + " 万"
	}
	return t
}

// significant formats x with three digits or, from 1,000 up, as a whole number.
func significant(x float64) string {
	switch {
	case x >= 1e15: // beyond what a float holds exactly, digits would pretend
		return strconv.FormatFloat(x, 'g', 3, 64)
	case x >= 99.95:
		return count(int64(x + 0.5))
	case x >= 9.995:
		return trimZeros(strconv.FormatFloat(x, 'f', 1, 64))
	default:
		return trimZeros(strconv.FormatFloat(x, 'f', 2, 64))
	}
}

// trimZeros drops the zeros after the decimal point that say nothing.
func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// duration formats milliseconds by their two largest units, such as "14 min 32 s".
func duration(ms int64) Text {
	s := ms / 1000
	switch {
	case ms == 0:
		return Text{"0 s", "0 秒"}
	case ms < 1000:
		return textf("%d ms", "%d 毫秒", ms)
	case s < 60:
		x := trimZeros(strconv.FormatFloat(float64(ms/100)/10, 'f', 1, 64))
		return textf("%s s", "%s 秒", x)
	case s < 3600:
		return textf("%d min %d s", "%d 分 %d 秒", s/60, s%60)
	case s < 86400:
		return textf("%d h %d min", "%d 小时 %d 分", s/3600, s/60%60)
	default:
		return textf("%d d %d h", "%d 天 %d 小时", s/86400, s/3600%24)
	}
}

// money formats fen as yuan.
func money(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s¥%s.%02d", sign, count(fen/100), fen%100)
}

// byteSize formats a number of bytes.
func byteSize(n int64) string {
	switch {
	case n >= 1<<30:
		return significant(float64(n)/(1<<30)) + " GiB"
	case n >= 1<<20:
		return significant(float64(n)/(1<<20)) + " MiB"
	case n >= 1<<10:
		return significant(float64(n)/(1<<10)) + " KiB"
	default:
		return count(n) + " B"
	}
}

// figure formats a metric: whole numbers in full, others with three digits.
func figure(x float64) string {
	if abs := math.Abs(x); abs < 1e15 && x == math.Trunc(x) {
		return count(int64(x))
	}
	if x < 0 {
		return "-" + figure(-x)
	}
	if x < 0.1 {
		return strconv.FormatFloat(x, 'g', 3, 64)
	}
	return significant(x)
}

// maxQuote bounds what the renderings quote of one violation, in runes; record.json has it whole.
const maxQuote = 600

// quote makes a text of the record fit to be shown on one line: control characters become spaces, the rest is cut.
func quote(s string) string {
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

// hashDigits is how much of a commit's hash is shown; enough to find it by.
const hashDigits = 12

// shortCommit cuts the hash and keeps what says that the tree had changes.
func shortCommit(s string) string {
	hash, rest, _ := strings.Cut(quote(s), "+")
	if len(hash) > hashDigits {
		hash = clip(hash, hashDigits+1)
	}
	if rest != "" {
		hash += "+" + rest
	}
	return hash
}
