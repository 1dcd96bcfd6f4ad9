package httpd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// sharesCurve shares the loss of a sweep's runs along steps.
func (s site) sharesCurve(sweep string) (link string) {
	s.Helper()
	link = linkPattern.FindString(s.send("/compare/share?x=steps&sweep="+sweep, "chart", "curve loss", "days", "7").want(s.T, 200).body)
	if link == "" {
		s.Fatal("no link")
	}
	return link
}

// sharedSteps is how many steps a point stands for that a shared figure's table has in its second row.
const sharedSteps = `(() => { const r = document.querySelector("#shared [data-table] tbody tr:nth-child(2)")?.cells; return r ? r[4].innerText - r[3].innerText + 1 : NaN; })()`

// visit opens a link as its reader does, with the table that says what is drawn.
func (b *tab) visit(link string) {
	b.Helper()
	b.run(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(b.url+link+"?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #shared canvas")))
	b.eval(`document.querySelector("#shared [data-do=table]").click(); document.querySelector("#shared .ch").scrollIntoView({block: "center"})`)
}

// TestBrowser_sharedZoom: a stranger, who has the link alone, reads a part of a shared curve finer, by mouse and by keyboard, saves
// the points of that part, and shows all of it again; once the link is revoked, a part is gone like the whole.
func TestBrowser_sharedZoom(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.long("long")
	for range 4 {
		s.train(ablation.RunCompleted)
	}
	link := s.sharesCurve("long")
	b.visit(link)
	b.until(sharedSteps + ` > 4 && document.querySelector("#shared [data-do=whole]").hidden`)

	b.drag("#shared .ch", .4, .5)
	b.until(sharedSteps + ` === 1 && !document.querySelector("#shared [data-do=whole]").hidden`)
	b.until(`/from=[0-9]+.*&to=[0-9]+/.test(document.querySelector("#shared a[download]").href)`)
	saved := b.text(`document.querySelector("#shared a[download]").href`)
	s.client = client(t)
	if points := s.get(strings.TrimPrefix(saved, b.url)).want(t, 200).body; strings.Count(points, "\n") < 100 {
		t.Errorf("the part's points:\n%.400s", points)
	}
	b.eval(`document.querySelector("#shared [data-do=whole]").click()`)
	b.until(sharedSteps + ` > 4 && !document.querySelector("#shared a[download]").href.includes("from=")`)

	b.eval(`document.querySelector("#shared .ch").focus()`)
	for range 3 {
		before := b.text(`document.querySelector("#shared a[download]").href`)
		b.run(chromedp.KeyEvent("+"))
		b.until(fmt.Sprintf(`document.querySelector("#shared a[download]").href !== %q`, before))
	}
	b.until(sharedSteps + ` === 1`)
	b.run(chromedp.KeyEvent("0"))
	b.until(sharedSteps + ` > 4`)
	b.quiet()
	if err := s.store.RevokeShare(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.get(strings.TrimPrefix(saved, b.url)).want(t, 404)
}
