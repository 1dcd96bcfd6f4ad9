package chart

import (
	"fmt"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

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
	case "und": // as corpora call a language that isn't told
		return ablation.Label{JA: "言語の指定なし", EN: "Unspecified language"}
	}
	return same(tag)
}
