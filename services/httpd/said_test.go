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
		{design("grid: {of: web-ja, values: [0.3, 2], from: ja30}"), "“Vary a share, Takes, value 2” is 2; give a share", "「比率を振るの試す比率 の 2 番目」は、2 です。"},
		{[2]string{"tokens: 4096", "tokens: 8192"}, "“Tokens a run” differs from the sweep", "「ランあたりのトークン」は、taken という名前の"},
		{[2]string{"sources: [web-ja", "sources: [web-ko, web-ja"}, "“Sources, value 1”: there is no source web-ko; add it on the page of sources", "「データソース の 1 番目」：データソース web-ko はありません。「データソース」のページで追加"},
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
