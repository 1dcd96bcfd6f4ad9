package httpd_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
)

func TestAddition(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := open(t, httpd.Options{TextRoots: []string{root}})
	for i := range 20 {
		write(t, fmt.Sprintf("%s/%02d.jsonl", root, i), fmt.Sprintf(`{"body": "本文 %d", "text": 1}`+"\n", i))
	}
	s.get("/sources/new?lang=en").want(t, 200, root)
	good := []string{"path", root, "name", "web-ja", "language", "ja", "licence", "CC0", "column", "body"}
	s.send("/sources/look?lang=ja", good...).want(t, 200, "20 ファイル", "本文 0", `value="body"`)
	s.send("/sources/look?lang=en", "path", root, "name", "web-ja", "language", "ja").want(t, 200, "holds no document")
	s.send("/sources/look?lang=en", "path", "/etc", "name", "Web", "language", "日本語").want(t, 422, `id="name-e"`, `id="lang-e"`, `id="path-e"`, `value="/etc"`)
	s.send("/sources/look?lang=en", "path", "", "name", "web-ja", "language", "ja").want(t, 422, "name at least one file, folder or glob to read")
	s.send("/sources?lang=en", "path", "/etc", "name", "web-ja", "language", "ja").want(t, 422, `id="path-e"`, "text may be read below")
	s.send("/sources?lang=ja", "path", root+"/none", "name", "web-ja", "language", "ja").want(t, 422, "ファイルもフォルダーもなく")
	s.get("/sources/new?lang=ja&name=Web&language=ja&path=/etc").want(t, 200, `id="name-e"`, `value="/etc"`)
	refused := s.send("/sources/look?lang=en", "path", root, "name", "Web", "language", "en", "share", "５０％").want(t, 422, `id="name-e"`, `value="50"`).body
	if !strings.Contains(refused, `name=Web&amp;path=`+url.QueryEscape(root)) {
		t.Error("the other language forgets what was refused")
	}
	s.send("/sources/look?lang=ja", append(good, "share", "100")...).want(t, 422, `id="share-e"`, "0 より大きく")
	s.send("/sources/look?lang=en", append(good, "share", "abc")...).want(t, 422, `value="abc"`, "a percentage above 0")
	write(t, root+"/one.txt", "一つの文書。\n\n次の段落。\n")
	lone := []string{"path", root + "/one.txt", "name", "web-ja", "language", "ja"}
	s.send("/sources/look?lang=ja", lone...).want(t, 200, "全体が 1 つの文書です", `id="how" open`)
	if page := s.send("/sources/look?lang=ja", append(lone, "split", "paragraphs", "drop", "1")...).want(t, 200, `value="paragraphs" selected`, `name="drop" value="1" checked`); strings.Contains(page.body, "全体が 1 つの") {
		t.Error("text in two documents is said to be one")
	}
	write(t, root+"/sjis.txt", "\x93\xfa\x96{\x8c\xea\x82\xcc\x95\xb6\x8f\x91\x82\xc5\x82\xb7\n")
	s.send("/sources/look?lang=ja", "path", root+"/sjis.txt", "name", "web-ja", "language", "ja").want(t, 200, "SHIFT_JIS のようです")
	for _, field := range []string{"licence", "column", "path", "name", "language"} { // a program's in Shift_JIS
		s.send("/sources?lang=ja", append(slices.Clone(good), field, "\x93\xfa")...).want(t, 422, `-e">`)
	}
	for range 2 {
		s.send("/sources", good...).want(t, 303)
	}
	s.send("/sources", "path", root+"/00.jsonl", "name", "web-ja", "language", "ja", "column", "body").want(t, 409, "読み込み中")
	s.get("/sources?lang=ja").want(t, 200, "待機", "web-ja の追加を中止")
	s.send("/sources/additions/1/cancel").want(t, 303)
	s.get("/sources?lang=ja").want(t, 200, "中止")
	s.send("/sources/additions/99/cancel").want(t, 404)
	s.send("/sources/additions/x/cancel").want(t, 404)
}

// TestAPI_addition is refused at its fields, and told what becomes of it.
func TestAPI_addition(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := open(t, httpd.Options{TextRoots: []string{root}})
	write(t, root+"/00.txt", "本文")
	ask := func(path string) string {
		return fmt.Sprintf(`{"name": "web-ja", "lang": "ja", "path": %q}`, path)
	}
	s.post("/additions", ask("/etc")).want(t, 422, `"field":"body.path"`)
	s.post("/survey", ask(root+"/none")).want(t, 422, `"field":"body.path"`)
	s.post("/survey", `{"name": "Web", "lang": "日本語", "path": ""}`).want(t, 422, `"field":"body.name"`)
	s.post("/survey", `{"name": "web-ja", "lang": "ja", "path": "/", "column": "a\u0000"}`).want(t, 422, `"field":"body.column"`)
	s.post("/survey", ask(root)).want(t, 200, `"files":1`, `"first":"本文"`)
	for range 2 {
		s.post("/additions", ask(root)).want(t, 200, `"id":1,`, `"state":"waiting"`)
	}
	s.post("/additions", ask(root+"/00.txt")).want(t, 409)
	s.post("/additions/1/cancel", "").want(t, 200, `"state":"cancelled"`)
	s.get("/api/v1/additions").want(t, 200, `"state":"cancelled"`)
	s.get("/api/v1/additions/99").want(t, 404)
	s.post("/additions/99/cancel", "").want(t, 404)
}

func TestAddition_nowhere(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.get("/sources/new?lang=en").want(t, 200, "--text-roots")
	s.send("/sources?lang=en", "path", "/etc", "name", "web-ja", "language", "ja").want(t, 422)
}

// TestBrowser_addition adds a source by its form, which changes of language leave as it is, and sees it come, without a reload.
func TestBrowser_addition(t *testing.T) {
	t.Parallel()
	root, data := t.TempDir(), t.TempDir()
	b, s := browse(t, func(o *httpd.Options) {
		o.TextRoots = []string{root}
		o.Look = func(ctx context.Context, v ablation.Addition) (corpus.Survey, error) {
			return corpus.Look(ctx, orchestrator.AdditionOptions(v, data, o.TextRoots))
		}
	})
	for i := range 20 {
		write(t, fmt.Sprintf("%s/%02d.txt", root, i), fmt.Sprintf("文書 %d", i))
	}
	b.run(chromedp.Navigate(b.url+"/sources/new?lang=ja"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")),
		chromedp.SendKeys(chromedp.CSS("#path"), root), chromedp.SendKeys(chromedp.CSS("#name"), "web-ja"), chromedp.SendKeys(chromedp.CSS("#lang"), "ja"))
	for _, step := range [][2]string{
		{".lang a[lang=en]", "[lang=en]"},
		{"[formaction='/sources/look']", " .note b"},
		{".lang a[lang=ja]", "[lang=ja]"},
		{"form.stackf button:not([formaction])", " #additions table"},
	} {
		b.press(step[0])
		b.run(chromedp.WaitReady(chromedp.CSS("html[data-ready]" + step[1])))
	}
	b.eval(`window.unloaded = false`)
	adder := orchestrator.Adder{Store: s.store, Data: data, Roots: []string{root}, Log: slog.New(slog.DiscardHandler)}
	if did, err := adder.AddOnce(t.Context()); !did || err != nil {
		t.Fatal(did, err)
	}
	b.until(`window.unloaded === false && document.querySelector("#additions").innerText.includes("追加済み") && document.querySelector("#sources a[href='/sources/web-ja']")`)
	b.quiet()
}
