package httpd_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/services/httpd"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// TestNew_said: every problem and warning is a sentence that names its field as the form does, with what to do about it, and
// nothing that only a command line has.
func TestNew_said(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	s.sweep("taken")
	design := func(rule string) [2]string { return [2]string{"{baseline: ja30}", "{" + rule + "}"} }
	tests := []struct {
		change [2]string
		en, ja string
	}{
		{[2]string{"tokens: 4096", "tokens: ２Ｍ"}, "“Tokens a run”: \"２Ｍ\" is no number of tokens", "「ランあたりのトークン」：\"２Ｍ\" は"},
		{[2]string{"row_tokens: 64", "row_tokens: ２"}, "“Tokens a row” is ２; give a whole number", "「1 行のトークン」は、２ です。"},
		{[2]string{"seeds: 2", "seeds: {}"}, "“Seeds”", "「シード数」"},
		{[2]string{"web-ja: 0.3", "web-ja: three"}, "“web-ja in stage 1 of ja30” is three; give a share", "「ja30 の区間 1 の web-ja」は、three です。"},
		{[2]string{"web-en: 0.7}", "web-en: 0.6}"}, "“stage 1 of ja30”: shares sum to 0.9", "「ja30 の区間 1」：割合の合計が 0.9"},
		{design("grid: {of: web-ja, values: [0.3, 2], from: ja30}"), "“Vary a share, Takes, value 2” is 2; give a share", "「比率を振るの試す比率の 2 番目」は、2 です。"},
		{design("dirichlet: {centre: ja30, concentration: 20, arms: 4, bounds: {web-ja: [few, most]}}"), "the lower bound of web-ja” is few", "web-ja の範囲の上限」は、most です。"},
		{[2]string{"tokens: 4096", "tokens: 8192"}, "“Tokens a run” differs from the sweep", "「ランあたりのトークン」は、taken という名前の"},
		{[2]string{"ja30:\n", "日本語30:\n"}, "“日本語30”: \"日本語30\" is no name", "「日本語30」：\"日本語30\" は名前に使えません"},
		{[2]string{"seeds: 2", "seeds: 2\nkeep: {points: many}"}, "“Points” is many", "「点」は、many です。"},
		{[2]string{"sources: [web-ja", "sources: [web-ko, web-ja"}, "“Sources, value 1”: there is no source web-ko; add it on the page of sources", "「データソースの 1 番目」：データソース web-ko はありません。「データソース」のページで追加"},
		{[2]string{"tokens: 4096", "tokens: 80M, max_epochs: 5"}, "or raise “Epochs allowed” (recipe.max_epochs)", "「許すエポック数」（recipe.max_epochs）を上げて"},
	}
	for _, tt := range tests {
		for lang, want := range map[string]string{"en": tt.en, "ja": tt.ja} {
			name := map[bool]string{true: "taken", false: "next"}[strings.Contains(tt.en, "differs")]
			document := strings.Replace(sweepFile(name), tt.change[0], tt.change[1], 1)
			page := s.send("/new/check?lang="+lang, "document", document).want(t, 200)
			_, wrong, _ := strings.Cut(page.body, `id="wrong"`)
			wrong, _, _ = strings.Cut(wrong, `id="preview"`)
			wrong = html.UnescapeString(strings.Join(strings.Fields(tags.ReplaceAllString(wrong, " ")), " "))
			if !strings.Contains(wrong, want) {
				t.Errorf("%s, %s: lacks %q:\n%s", tt.change[1], lang, want, wrong)
			}
			if strings.Contains(wrong, " --") || strings.Contains(wrong, "haigo ") {
				t.Errorf("%s, %s: names the command line:\n%s", tt.change[1], lang, wrong)
			}
		}
	}
}

// TestNew_tokenizer: the form offers the trainer's, the preview says how long their tokens are, and what the trainer hasn't is
// said at the field.
func TestNew_tokenizer(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	with := func(tokenizer string) string {
		return strings.Replace(sweepFile("tokens"), "tokens: 4096", "tokens: 4096, tokenizer: "+tokenizer, 1)
	}
	s.send("/new/check?lang=en", "document", with("unigram-8k")).want(t, 200,
		`<option value="unigram-8k">`, `data-path="recipe/tokenizer"`, "8,192 tokens", "bytes a token: web-ja 4.0")
	s.send("/new/check?lang=ja", "document", with("unigram-8k")).want(t, 200, "8,192 トークン", "1 トークンのバイト数 web-ja 4.0")
	s.send("/new/check?lang=en", "document", with("unigram-9k")).want(t, 200, "trainer cpu has no tokenizer unigram-9k", `id="f-recipe-tokenizer-e"`)
}

// TestNew_unfinished: a document that isn't finished, as it is while somebody writes it, is a form with the fields that it has.
func TestNew_unfinished(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	file := sweepFile("draft")
	head, _, _ := strings.Cut(file, "schedules:")
	for name, tt := range map[string]struct{ document, want string }{
		"a schedule without anything":     {head + "schedules:\n  a:\n", `"stages":[]`},
		"no source":                       {strings.Replace(file, "sources: [web-ja, web-en]", "sources: []", 1), `"sources":[]`},
		"a schedule with no name for one": {strings.Replace(file, "ja30:", "日本語:", 1), `"name":"日本語"`},
		"a stage that ends at nothing":    {strings.Replace(file, "until: 1.0", "until: 0%", 1), `"until":0,`},
		"a shape that lacks a number":     {strings.Replace(file, "recipe: {", "recipe: {shape: {layers: , width: 128, heads: 4, ffn: 352}, ", 1), `data-path="recipe/shape/layers"`},
	} {
		if page := html.UnescapeString(s.send("/new/check?lang=en", "document", tt.document).want(t, 200).body); !strings.Contains(page, tt.want) {
			t.Errorf("%s: lacks %s", name, tt.want)
		}
	}
	page := html.UnescapeString(s.send("/new?lang=ja", "document", file, "as", "デモ2").want(t, 422, `id="as-e"`, `aria-describedby="as-e"`).body)
	if !strings.Contains(page, `「別の名前」："デモ2" は名前に使えません`) {
		t.Error("a name to start under isn't called by its field's name")
	}
}
