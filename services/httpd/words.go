package httpd

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"github.com/haigo-lab/haigo/web"
)

// languages of the pages; the first is taken where a browser asks for none of them.
var languages = []string{"ja", "en"}

var matcher = language.NewMatcher([]language.Tag{language.Japanese, language.English})

const languageCookie = "haigo_lang"

// chooseLanguage takes what the address says, then what was chosen before, then what the browser asks for. A choice in
// the address is remembered.
func chooseLanguage(w http.ResponseWriter, r *http.Request) string {
	if chosen := r.URL.Query().Get("lang"); chosen == "ja" || chosen == "en" {
		http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: chosen, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode})
		return chosen
	}
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == "ja" || c.Value == "en") {
		return c.Value
	}
	tags, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return languages[0]
	}
	return languages[i]
}

// words are a language's texts by key.
type words struct {
	lang  string
	texts map[string]string
}

func loadWords(lang string) (words, error) {
	texts, err := web.Words(lang)
	return words{lang, texts}, err
}

// plural is {name|one|many}: which of the two depends on the value of name.
var plural = regexp.MustCompile(`\{(\w+)\|([^|}]*)\|([^}]*)\}`)

// text is the text of key with {name} replaced by values, given as name and value in turn. A missing key shows itself,
// so that nobody overlooks it.
func (w words) text(key string, values ...any) string {
	text, ok := w.texts[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	given := map[string]string{}
	for i := 0; i+1 < len(values); i += 2 {
		value := values[i+1]
		if n, ok := value.(*int); ok && n != nil { // what may be left out
			value = *n
		}
		given[fmt.Sprint(values[i])] = fmt.Sprint(value)
	}
	text = plural.ReplaceAllStringFunc(text, func(m string) string {
		parts := plural.FindStringSubmatch(m)
		if given[parts[1]] == "1" {
			return parts[2]
		}
		return parts[3]
	})
	for name, value := range given {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// known is the text of key, or otherwise where there is none.
func (w words) known(key, otherwise string) string { return cmp.Or(w.texts[key], otherwise) }

// beginning are the texts whose keys begin with prefix, without it: those that a page's script needs.
func (w words) beginning(prefix string) map[string]string {
	out := map[string]string{}
	for key, text := range w.texts {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			out[rest] = text
		}
	}
	return out
}
