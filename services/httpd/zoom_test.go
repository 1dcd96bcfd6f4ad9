package httpd_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// long is a sweep of runs that are too long to be drawn step by step.
func (s site) long(name string) []ablation.Run {
	s.Helper()
	text := strings.Replace(sweepFile(name), "tokens: 4096", "tokens: 524288, max_epochs: 100", 1)
	s.send("/new", "document", text).want(s.T, 303)
	runs, err := s.store.Runs(s.Context(), name)
	if err != nil {
		s.Fatal(err)
	}
	return runs
}

// rows of a figure's table tell how fine what it draws is.
const stepsARow = `(() => { const r = document.querySelector("#loss [data-table] tbody tr:nth-child(2)").cells; return r[4].innerText - r[3].innerText + 1; })()`

// TestBrowser_zoom drags over a part of a curve, by mouse and by keyboard, and reads it finer.
func TestBrowser_zoom(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.long("long")
	run := s.begin(ablation.RunCompleted).Run
	b.run(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(b.url+"/runs/"+run.ID+"?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready] #loss canvas")))
	b.eval(`document.querySelector("#loss [data-do=table]").click(); document.querySelector("#loss .ch").scrollIntoView({block: "center"})`)
	b.until(stepsARow + ` > 4 && document.querySelector("#loss [data-do=whole]").hidden`)

	b.drag("#loss .ch", .4, .5)
	b.until(stepsARow + ` === 1 && !document.querySelector("#loss [data-do=whole]").hidden`)
	b.until(`/from=[0-9]+.*&to=[0-9]+/.test(document.querySelector("#loss a[download]").href)`)
	b.eval(`document.querySelector("#loss [data-do=whole]").click()`)
	b.until(stepsARow + ` > 4 && !document.querySelector("#loss a[download]").href.includes("from=")`)

	b.eval(`document.querySelector("#loss .ch").focus()`)
	for range 3 {
		before := b.text(`document.querySelector("#loss a[download]").href`)
		b.run(chromedp.KeyEvent("+"))
		b.until(fmt.Sprintf(`document.querySelector("#loss a[download]").href !== %q`, before))
	}
	b.until(stepsARow + ` === 1`)
	b.run(chromedp.KeyEvent("0"))
	b.until(stepsARow + ` > 4`)
	b.saves("#loss", "loss", run.Name, "steps")
	b.quiet()
}

// saves fails the test unless the picture that a figure is saved as is SVG that says all of this.
func (b *tab) saves(figure string, says ...string) {
	b.Helper()
	b.eval(fmt.Sprintf(`(() => {
		const make = URL.createObjectURL;
		URL.createObjectURL = (blob) => { URL.createObjectURL = make; void blob.text().then((text) => { window.saved = text; }); return make.call(URL, blob); };
		document.querySelector("%s [data-do=svg]").click();
	})()`, figure))
	b.until(`window.saved`)
	picture := words(b.T, b.text(`window.saved`))
	for _, text := range says {
		if !strings.Contains(picture, text) {
			b.Errorf("the picture of %s says %q, not %q", figure, picture, text)
		}
	}
}

// words are what a document of XML says between its marks.
func words(t *testing.T, document string) string {
	t.Helper()
	var said strings.Builder
	for decoder := xml.NewDecoder(strings.NewReader(document)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return said.String()
		}
		if err != nil {
			t.Fatalf("%v in %.300s", err, document)
		}
		if text, ok := token.(xml.CharData); ok {
			said.Write(text)
		}
	}
}

// drag moves the mouse across an element, between two places as fractions of its width.
func (b *tab) drag(selector string, from, to float64) {
	b.Helper()
	at := b.place(selector)
	left := at.x - at.width/2
	b.run(chromedp.DragAndDropXY(left+from*at.width, at.y, left+to*at.width, at.y, 8))
}

// text is what an expression of the page says.
func (b *tab) text(expression string) string {
	b.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.Fatal(err)
	}
	return text
}
