package httpd_test

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/web"
)

var placeholder = regexp.MustCompile(`\{(\w+)`)

func TestWords(t *testing.T) {
	t.Parallel()
	ja, err := web.Words("ja")
	if err != nil {
		t.Fatal(err)
	}
	en, err := web.Words("en")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(ja)), slices.Sorted(maps.Keys(en))); diff != "" {
		t.Fatalf("the catalogues hold other keys (-ja +en):\n%s", diff)
	}
	for key, text := range ja {
		if text == "" || en[key] == "" {
			t.Errorf("%s has no text", key)
		}
		if diff := cmp.Diff(names(text), names(en[key])); diff != "" {
			t.Errorf("%s takes other values (-ja +en):\n%s", key, diff)
		}
	}
}

func names(text string) []string {
	found := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestWords_used finds keys that templates ask for by name and that nobody wrote.
func TestWords_used(t *testing.T) {
	t.Parallel()
	words, err := web.Words("ja")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(web.Templates(), "*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d templates, %v", len(files), err)
	}
	asked := regexp.MustCompile(`[{( ]t "([^"]+)"`)
	for _, file := range files {
		text, err := fs.ReadFile(web.Templates(), file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			if _, ok := words[m[1]]; !ok {
				t.Errorf("%s asks for %s, which nobody wrote", file, m[1])
			}
		}
	}
}
