package demotext_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/japanese"

	"github.com/haigo-lab/haigo/services/corpus/demotext"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestProse shows all paragraphs of a page, and marks with + those that the sieve of either language keeps.
func TestProse(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(string) []string{
		"page.1": demotext.ManProse, "page.ja.1": demotext.ManProse, "page.html": demotext.HTMLProse,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, paragraph := range read(string(page)) {
				mark := "- "
				if demotext.IsProse("ja", paragraph) || demotext.IsProse("en", paragraph) {
					mark = "+ "
				}
				got.WriteString(mark + paragraph + "\n")
			}
			golden(t, filepath.Join("testdata", name+".golden"), got.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestManProse_MdocIsLeftOut(t *testing.T) {
	t.Parallel()
	if got := demotext.ManProse(".Dd January 1, 2026\n.Dt LS 1\n.Sh NAME\nThis would be read as prose otherwise.\n"); len(got) != 0 {
		t.Errorf("paragraphs %q, want none", got)
	}
}

func TestMarkdownProse(t *testing.T) {
	t.Parallel()
	page := "# Title\n\nA **bold** `word` in\nthe text.\n\n```\ncode\n```\n- one item\n- another\n\n| a | b |\n"
	want := []string{"A bold word in the text.", "one item", "another"}
	if diff := cmp.Diff(want, demotext.MarkdownProse(page)); diff != "" {
		t.Errorf("paragraphs (-want +got):\n%s", diff)
	}
}

func TestDebianReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pkg, lang, path string
		want            bool
	}{
		{"perl-doc", "en", "usr/share/man/man1/perlfunc.1.gz", true},
		{"perl-doc", "en", "usr/share/man/man1/perl5300delta.1.gz", false},
		{"groonga-doc", "ja", "ja/html/tutorial/introduction.html", true},
		{"groonga-doc", "ja", "ja/html/news.html", false},
		{"groonga-doc", "ja", "ja/html/news/1.0.x.html", false},
		{"live-manual-html", "ja", "live-manual/the-basics.ja.html", true},
		{"live-manual-html", "ja", "live-manual/the-basics.en.html", false},
	} {
		if got := demotext.DebianReads(tt.pkg, tt.lang, tt.path); got != tt.want {
			t.Errorf("%s in %s: %s is read: %t, want %t", tt.pkg, tt.lang, tt.path, got, tt.want)
		}
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	got := demotext.Messages([]byte(`{"b":["<p>二番目です。</p>",7],"a":{"x":"最初です。"}}`))
	if diff := cmp.Diff([]string{"最初です。", "二番目です。"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestScriptMessages(t *testing.T) {
	t.Parallel()
	got := demotext.ScriptMessages([]byte("var content = [\n\tundefined,\n\t\"一つ目、\\\"引用\\\"。\",\n\t\"[二つ目](https://example.com/)。\"\n];\n"))
	if diff := cmp.Diff([]string{`一つ目、"引用"。`, "二つ目。"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestElectronManual(t *testing.T) {
	t.Parallel()
	manuals := []byte(`{"en-US":{"/b":{"html":"<p>Two.</p>"},"/a":{"html":"<p>One.</p><pre>code</pre>"}},"ja-JP":{"/a":{"html":"<p>一。</p>"}}}`)
	for locale, want := range map[string][]string{"en-US": {"One.", "Two."}, "ja-JP": {"一。"}, "de-DE": nil} {
		if diff := cmp.Diff(want, demotext.ElectronManual(locale, manuals)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", locale, diff)
		}
	}
}

// TestPieces cuts at paragraphs and loses none.
func TestPieces(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10<<10)
	want := [][]string{{long, long}, {long, long}, {"end"}}
	if diff := cmp.Diff(want, demotext.Pieces([]string{long, long, long, long, "end"})); diff != "" {
		t.Errorf("pieces (-want +got):\n%s", diff)
	}
}

func TestDecoded(t *testing.T) {
	t.Parallel()
	text := "古い翻訳は別の文字コードで書かれている。\n"
	euc, err := japanese.EUCJP.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]string{"UTF-8": text, "EUC-JP": euc} {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(page)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := demotext.Decoded(b.Bytes()); got != text {
			t.Errorf("%s: %q", name, got)
		}
		if got := demotext.Decoded(b.Bytes()[:b.Len()-9]); got != "" {
			t.Errorf("%s, damaged: %q, want nothing", name, got)
		}
	}
}

func TestSieve(t *testing.T) {
	t.Parallel()
	sentence := "This sentence stands twice on the page and is kept once only."
	rest := strings.Repeat("And this is one more sentence for the length of it. ", 5)
	if got, want := demotext.Keep("en", []string{sentence, "a menu", sentence, rest + "End."}), sentence+"\n\n"+rest+"End."; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
	if got := demotext.Keep("en", []string{sentence}); got != "" {
		t.Errorf("kept %q of a page with next to nothing", got)
	}
	for text, want := range map[string]bool{
		"日本語の文章として十分な長さがある。": true,
		"設定の一覧": false,
		"printf(3), scanf(3), fopen(3), fclose(3) を参照":         false,
		"東京都千代田区丸の内一丁目一番一号東京中央郵便局私書箱第百一号御中":                    false,
		"This paragraph wasn't translated and is no Japanese.": false,
		"値は \ufffd である。壊れた文字を含む段落は使わない。":                       false,
	} {
		if got := demotext.IsProse("ja", text); got != want {
			t.Errorf("ja %q: %t, want %t", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"lfind() returns a pointer to the element that matches.": true,
		"Files and folders": false,
		"int open(const char *path, int flags, ... /* mode_t mode */);":  false,
		"A diretiva pode ser usada para controlar o acesso ao servidor.": false,
		"This one never comes to an end, it just":                        false,
	} {
		if got := demotext.IsProse("en", text); got != want {
			t.Errorf("en %q: %t, want %t", text, got, want)
		}
	}
}
