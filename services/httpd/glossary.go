package httpd

import (
	"html/template"
	"net/http"
	"slices"
)

// glossary is every word of the product that has a meaning of its own here, in groups, in the order in which a newcomer
// meets them; at last what keys do where they do more than anywhere.
var glossary = []termGroup{
	{"mix", []string{"source", "mixture", "schedule", "stage", "token", "epoch", "heldout", "version"}},
	{"plan", []string{"sweep", "arm", "run", "recipe", "seed", "baseline", "control", "design"}},
	{"result", []string{"metric", "bpb", "task", "score", "interval", "tradeoff", "spike", "mfu"}},
	{"work", []string{"worker", "trainer", "runner", "attempt", "lease"}},
	{"around", []string{"recurrence", "firing", "share", "alert"}},
	{"keys", []string{"keychart", "keyeditor", "keyyaml"}},
}

// termGroup is a part of the glossary; texts of a term are under gl.TERM and gl.TERM.is.
type termGroup struct {
	Key   string
	Terms []string
}

// termPages are where a term's things are listed.
var termPages = map[string]string{
	"source": "/sources", "schedule": "/new", "sweep": "/", "task": "/sources", "baseline": "/compare", "recurrence": "/recurrences", "share": "/shares", "alert": "/alerts",
}

type glossaryView struct {
	Groups []glossaryGroup
}

type glossaryGroup struct {
	Key   string
	Terms []glossaryTerm
}

// glossaryTerm is a word in the page's language, and in the other one.
type glossaryTerm struct {
	Key, Word, Other, Meaning, Page string
}

func (s *Server) glossaryPage(w http.ResponseWriter, r *http.Request) {
	words := s.words(r)
	other := s.renderer.words[languages[1-slices.Index(languages, words.lang)]]
	var v glossaryView
	for _, g := range glossary {
		group := glossaryGroup{Key: g.Key}
		for _, key := range g.Terms {
			group.Terms = append(group.Terms, glossaryTerm{key, words.text("gl." + key), other.text("gl." + key), words.text("gl." + key + ".is"), termPages[key]})
		}
		v.Groups = append(v.Groups, group)
	}
	s.render(w, r, view{page: "glossary", title: words.text("gl"), nav: "glossary", data: v})
}

// term is a word that leads to what it means.
func term(key, word string) template.HTML {
	return template.HTML(`<a class="term" href="/glossary#` + template.HTMLEscapeString(key) + `">` + template.HTMLEscapeString(word) + `</a>`) //nolint:gosec // both are escaped
}
