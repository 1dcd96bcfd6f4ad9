package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// minus is the real sign; a hyphen is too short beside figures.
const minus = "−"

// word is a value that reads differently in each language.
type word interface{ In(lang string) string }

// say formats a text in both languages. Values that are words take their own language's form.
func say(ja, en string, values ...any) ablation.Label {
	return ablation.Label{JA: fill("ja", ja, values), EN: fill("en", en, values)}
}

func fill(lang, format string, values []any) string {
	in := make([]any, len(values))
	for i, v := range values {
		if w, ok := v.(word); ok {
			v = w.In(lang)
		}
		in[i] = v
	}
	return fmt.Sprintf(format, in...)
}

// same is a name that no language changes.
func same(name string) ablation.Label { return ablation.Label{JA: name, EN: name} }

// join puts texts behind each other, in Japanese without a space.
func join(labels ...ablation.Label) ablation.Label {
	var ja, en []string
	for _, l := range labels {
		if l.JA != "" {
			ja = append(ja, l.JA)
		}
		if l.EN != "" {
			en = append(en, l.EN)
		}
	}
	return ablation.Label{JA: strings.Join(ja, ""), EN: strings.Join(en, " ")}
}

// list names several things in a row.
func list(labels []ablation.Label) ablation.Label {
	ja, en := make([]string, len(labels)), make([]string, len(labels))
	for i, l := range labels {
		ja[i], en[i] = l.In("ja"), l.In("en")
	}
	return ablation.Label{JA: strings.Join(ja, "、"), EN: strings.Join(en, ", ")}
}

// subject is a name before a Japanese word: one that ends in a letter or digit keeps a space's distance.
func subject(l ablation.Label) ablation.Label {
	if ja := l.In("ja"); ja != "" && ja[len(ja)-1] < 0x80 {
		l.JA = ja + " "
	}
	return l
}

// language is what pages call a language; one they have no word for keeps its tag.
func language(tag string) ablation.Label {
	switch tag {
	case "ja":
		return ablation.Label{JA: "日本語", EN: "Japanese"}
	case "en":
		return ablation.Label{JA: "英語", EN: "English"}
	case "code":
		return ablation.Label{JA: "コード", EN: "Code"}
	case "other":
		return ablation.Label{JA: "その他", EN: "Other"}
	}
	return same(tag)
}

// fixed is v with that many decimals; a value that isn't finite is "—".
func fixed(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "—"
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', decimals, 64), "-", minus, 1)
}

// signed is fixed with the plus written out.
func signed(v float64, decimals int) string {
	if v < 0 {
		return fixed(v, decimals)
	}
	return "+" + fixed(v, decimals)
}

// count is a number of tokens in words: 1,000億 in Japanese, 100B in English.
type count float64

var units = map[string][]struct {
	size float64
	word string
}{
	"ja": {{1e12, "兆"}, {1e8, "億"}, {1e4, "万"}},
	"en": {{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}},
}

// In is the number with the unit of that language.
func (c count) In(lang string) string {
	for _, u := range units[lang] {
		if x := float64(c) / u.size; x >= 1 {
			return thousands(short(x)) + u.word
		}
	}
	return thousands(strconv.FormatFloat(math.Round(float64(c)), 'f', 0, 64))
}

// short is x in at most three digits that mean something.
func short(x float64) string {
	decimals := 2
	if x >= 100 {
		decimals = 0
	} else if x >= 10 {
		decimals = 1
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// thousands puts commas between a number's thousands.
func thousands(number string) string {
	whole, part, dot := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		return whole + "." + part
	}
	return whole
}
