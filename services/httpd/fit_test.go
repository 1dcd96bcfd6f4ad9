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
// the others; comments stay. One of which nothing is here stays as it is.
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
	for document, want := range map[string]string{talk: fitted, foreign: foreign} {
		page := s.send("/new/check", "document", document, "fit", "1").want(t, 200, "data-do=\"undo\"")
		if diff := cmp.Diff(want, page.document(t)); diff != "" {
			t.Error(diff)
		}
	}
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
