package corpus_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus"
)

// characters are those that JSON, UTF-8 and JavaScript treat in a way of their own, among others.
var characters = rapid.SampledFrom([]rune("a\"\\/\b\f\n\r\t\x00\x1f\x7f é配😀\u2028\u2029’\ufeff{}[]:,0"))

func TestLine_IsAsEncodingJSONWritesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id, text := rapid.StringOf(characters).Draw(t, "id"), rapid.StringOf(characters).Draw(t, "text")
		if rapid.Bool().Draw(t, "a name that isn't UTF-8") {
			id += "\xff"
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(spec.Document{ID: id, Text: text}); err != nil {
			t.Fatal(err)
		}
		got := corpus.Line(id, text)
		if !strings.Contains(id, "\xff") && got != want.String() {
			t.Fatalf("%q, want %q", got, want.String())
		}
		var d spec.Document
		if err := json.Unmarshal([]byte(got), &d); err != nil || d.Text != text {
			t.Fatalf("reads back as %q (%v), want %q", d.Text, err, text)
		}
	})
}

func TestPick_ReadsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(characters).Draw(t, "text")
		object := map[string]any{
			"a": rapid.Float64().Draw(t, "number"), "n": map[string]any{"m": []any{nil, true, text}, "text": "inner"}, "text": text, "x": -1e-9,
		}
		line, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "indented") {
			line, _ = json.MarshalIndent(object, " ", "\t")
		}
		if got, whole, ok := corpus.Pick(line, "text", true); !ok || !whole || got != text {
			t.Fatalf("%s: %q (%t, %t), want %q", line, got, whole, ok, text)
		}
		if got, _, ok := corpus.Pick(line, "n.text", true); !ok || got != "inner" {
			t.Fatalf("%s: n.text is %q", line, got)
		}
	})
}

// TestPick_TakesNothingElse: whatever the scanner takes, encoding/json takes, and reads the same text from it.
func TestPick_TakesNothingElse(t *testing.T) {
	t.Parallel()
	good := `{"a":[1,-0.5e+3,{"b":null}],"text":"one \u914d\ud83d\ude00 \"two\" \\ / \n","t":true,"f":false,"text2":""}`
	rapid.Check(t, func(t *rapid.T) {
		line := []byte(good)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(line)-1).Draw(t, "at")
			piece := rapid.SampledFrom([]string{"", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "\x01", " ", "\\u12", "\\ud800", "nul"}).Draw(t, "piece")
			line = append(append(bytes.Clone(line[:at]), piece...), line[at+rapid.IntRange(0, 1).Draw(t, "cut"):]...)
		}
		var object map[string]any
		err := json.Unmarshal(line, &object)
		got, whole, ok := corpus.Pick(line, "text", true)
		if ok != (err == nil) {
			t.Fatalf("%s: taken %t, encoding/json says %v", line, ok, err)
		}
		if want, isText := object["text"].(string); ok && isText && got != want {
			t.Fatalf("%s: %q (whole %t), want %q", line, got, whole, want)
		}
	})
}

func TestPick_DeepValuesAreLeftToEncodingJSON(t *testing.T) {
	t.Parallel()
	line := []byte(`{"deep":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"text":"one"}`)
	if got, whole, ok := corpus.Pick(line, "text", false); !ok || !whole || got != "one" {
		t.Errorf("%q (%t, %t), want one", got, whole, ok)
	}
}

func TestUTF8_IsWhatTheStandardLibraryTakes(t *testing.T) {
	t.Parallel()
	pieces := rapid.SampledFrom([]string{
		"a", "日本語、", "é", "😀", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\U00010000", "\U0010ffff", strings.Repeat("text", 20), // and what isn't:
		"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe3\x81",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 20).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		want := -1
		for i, r := range text { // RuneError of one byte alone is broken
			if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
				want = i
				break
			}
		}
		if got := corpus.InvalidUTF8([]byte(text)); got != want {
			t.Fatalf("%q is broken at %d, want %d", text, got, want)
		}
	})
}
