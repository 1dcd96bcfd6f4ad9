package httpd_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/web"
)

// TestGlossary: every word that pages link is explained, in both languages, beside its word in the other one.
func TestGlossary(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	ja := s.get("/glossary?lang=ja").want(t, 200, `id="arm"`, "アーム", ">arm<").body
	en := s.get("/glossary?lang=en").want(t, 200, `id="arm"`, "アーム", "arm").body
	s.get("/compare?lang=en").want(t, 200, `href="/glossary"`)
	if strings.Contains(ja+en, "⟦") {
		t.Error("a word has no text")
	}
	linked := regexp.MustCompile(`[{(]term "([a-z]+)"`)
	files, err := fs.Glob(web.Templates(), "*.html")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		text, err := fs.ReadFile(web.Templates(), file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range linked.FindAllStringSubmatch(string(text), -1) {
			if n++; !strings.Contains(ja, `id="`+m[1]+`"`) {
				t.Errorf("%s links %s, which the glossary lacks", file, m[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("%d words are linked, want most of the glossary", n)
	}
}
