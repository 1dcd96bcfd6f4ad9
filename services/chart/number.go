package chart

import (
	"math"
	"strconv"
	"strings"
)

// Numbers as figures, the sentences beside them and pages write them. web/src/format.ts writes them in the browser by the
// same rules; web/testdata/numbers.json holds the examples that both are held to.

// minus is the real sign; a hyphen is too short beside figures.
const minus = "−"

// Fixed is v with that many decimals. Ties go away from zero; what rounds to nothing has no sign.
func Fixed(v float64, decimals int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return sign(v) + "∞"
	}
	text := strconv.FormatFloat(tie(math.Abs(v), decimals), 'f', decimals, 64)
	if strings.Trim(text, "0.") == "" {
		return text
	}
	return sign(v) + text
}

// Signed is Fixed with the plus written out.
func Signed(v float64, decimals int) string {
	text := Fixed(v, decimals)
	if !(v > 0) || strings.Trim(text, "0.") == "" {
		return text
	}
	return "+" + text
}

func sign(v float64) string {
	if v < 0 {
		return minus
	}
	return ""
}

// tie is v, rounded where it lies exactly between two numbers of that many decimals: FormatFloat would take the even one,
// a browser takes the greater.
func tie(v float64, decimals int) float64 {
	power := math.Pow(10, float64(decimals))
	scaled := v * power
	if math.FMA(v, power, -scaled) != 0 || scaled != math.Trunc(scaled)+.5 {
		return v
	}
	return math.Ceil(scaled) / power
}

// Integer is v rounded to a whole number, with commas between thousands.
func Integer(v float64) string { return thousands(Fixed(v, 0)) }

// Size is a number of bytes in decimal units: 21.2 kB.
func Size(n int64) string {
	v, unit := float64(n), 0
	names := []string{"B", "kB", "MB", "GB", "TB"}
	for v >= 1000 && unit < len(names)-1 {
		v, unit = v/1000, unit+1
	}
	if v >= 100 || unit == 0 {
		return Fixed(v, 0) + " " + names[unit]
	}
	return Fixed(v, 1) + " " + names[unit]
}

// Percent is a fraction in percent.
func Percent(fraction float64, decimals int) string { return Fixed(fraction*100, decimals) + "%" }

// Count is a number of tokens, documents or the like in words: 1,000億 in Japanese, 100B in English.
type Count float64

type unit struct {
	size float64
	word string
}

var units = map[string][]unit{
	"ja": {{1e12, "兆"}, {1e8, "億"}, {1e4, "万"}},
	"en": {{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}},
}

// In is the number with the unit of lang, "ja" or "en".
func (c Count) In(lang string) string {
	v := math.Abs(float64(c))
	for i, u := range units[lang] {
		if v < u.size || math.IsInf(v, 0) {
			continue
		}
		text := short(v / u.size)
		if x, err := strconv.ParseFloat(text, 64); err == nil && i > 0 && x*u.size >= units[lang][i-1].size {
			text, u = "1", units[lang][i-1] // rounded up into the next unit
		}
		return sign(float64(c)) + thousands(text) + u.word
	}
	return Integer(float64(c))
}

// short is x in at most three digits that mean something.
func short(x float64) string {
	decimals := 2
	if x >= 100 {
		decimals = 0
	} else if x >= 10 {
		decimals = 1
	}
	text := Fixed(x, decimals)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// thousands puts commas between a number's thousands.
func thousands(number string) string {
	start := strings.IndexAny(number, "123456789")
	whole, part, dot := strings.Cut(number, ".")
	for i := len(whole) - 3; i > start && start >= 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		return whole + "." + part
	}
	return whole
}
