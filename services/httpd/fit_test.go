package httpd_test

import (
	"encoding/json"
	"html"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/httpd"
)

var stateOf = regexp.MustCompile(`id="state"[^>]*data-json="([^"]*)"`)

// TestNew_fit: a document of sources that aren't here reads those of the same language, and shares of what has none go to
// the others; two of a language of which one is here become one; comments stay. One of which nothing is here stays as it
// is, and the page says so.
func TestNew_fit(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	const talk = "name: talk # 講演\nsources: [ja, en, code]\nrecipe: {tokens: 64k}\nschedules:\n" +
		"  ja57: # 57/31\n    stages: [{until: 1.0, mixture: {ja: 0.57, en: 0.31, code: 0.12}}]\n" +
		"  first:\n    stages:\n      - {until: 0.5, mixture: {code: 1.0}}\n      - {until: 1.0, mixture: {ja: 1.0}}\n"
	const fitted = "name: talk # 講演\nsources: [web-ja, web-en]\nrecipe: {tokens: 64k}\nschedules:\n" +
		"  ja57: # 57/31\n    stages: [{until: 1.0, mixture: {web-ja: 0.6477, web-en: 0.3523}}]\n" +
		"  first:\n    stages:\n      - {until: 0.5, mixture: {code: 1.0}}\n      - {until: 1.0, mixture: {web-ja: 1.0}}\n"
	const foreign = "name: far\nsources: [ko]\nrecipe: {tokens: 64k}\nschedules: {a: {stages: [{until: 1.0, mixture: {ko: 1.0}}]}}\n"
	const swarm = "name: swarm\nsources: [ja-pages, ja-books, en-pages, en-books, code]\nrecipe: {tokens: 64k}\nschedules:\n" +
		"  centre:\n    stages: [{until: 1.0, mixture: {ja-pages: 0.3, ja-books: 0.2, en-pages: 0.25, en-books: 0.15, code: 0.1}}]\n" +
		"design:\n  dirichlet: {centre: centre, concentration: 8, arms: 3, bounds: {code: [0.05, 0.3]}}\n  one_factor: {from: centre, of: [ja-pages, ja-books], step: 0.1}\n"
	const fewer = "name: swarm\nsources: [web-ja, web-en]\nrecipe: {tokens: 64k}\nschedules:\n" +
		"  centre:\n    stages: [{until: 1.0, mixture: {web-ja: 0.5556, web-en: 0.4444}}]\n" +
		"design:\n  dirichlet: {centre: centre, concentration: 8, arms: 3}\n  one_factor: {from: centre, of: [web-ja], step: 0.1}\n"
	for document, want := range map[string]string{talk: fitted, foreign: foreign, swarm: fewer} {
		page := s.send("/new/check?lang=en", "document", document, "fit", "1").want(t, 200, "data-do=\"undo\"")
		if diff := cmp.Diff(want, page.document(t)); diff != "" {
			t.Error(diff)
		}
	}
	s.send("/new/check?lang=en", "document", swarm).want(t, 200, `id="fit"`)
	s.send("/new/check?lang=en", "document", fewer).want(t, 200, `class="big3"`)
	s.send("/new/check?lang=en", "document", foreign).want(t, 200, "nor another of its language")
}

// document is that of the editor's state.
func (a answer) document(t *testing.T) string {
	t.Helper()
	var state struct{ Document string }
	if err := json.Unmarshal([]byte(html.UnescapeString(stateOf.FindStringSubmatch(a.body)[1])), &state); err != nil {
		t.Fatal(err)
	}
	return state.Document
}
