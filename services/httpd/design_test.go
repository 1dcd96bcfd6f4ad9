package httpd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/httpd"
)

// ruled is a document with a grid whose values stand on lines of their own.
const ruled = `name: grid
sources: [web-ja, web-en]
recipe: {tokens: 64k, row_tokens: 64, batch_rows: 8}
schedules:
  half: {stages: [{until: 1.0, mixture: {web-ja: 0.5, web-en: 0.5}}]}
design:
  grid:
    of: web-ja
    values:
      - 0.3   # 英語中心
      - 0.6   # 日本語中心
    from: half   # 元
`

// TestBrowser_design changes rules that make arms in the form: a value more, one out, another kind of steps; the lines that
// say the same as before stay as they are.
func TestBrowser_design(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	b.run(chromedp.Navigate(b.url+"/new?lang=en"), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.eval(fmt.Sprintf(`{ document.querySelector("[data-view=yaml]").click(); const a = document.querySelector("textarea"); a.value = %q; a.dispatchEvent(new Event("input")); }`, ruled))
	b.until(`document.querySelector("#f-design-grid-values")?.value === "30%, 60%" && document.querySelectorAll("#preview .runs-m .arm").length === 3`)
	b.eval(`document.querySelector("[data-view=form]").click()`)
	change := func(field, value, then string) {
		b.Helper()
		b.put("#f-design-"+field, value)
		b.until(fmt.Sprintf(`document.querySelector("textarea").value.includes(%q)`, then))
	}
	change("grid-values", "３０％、45%、60", "- 0.3   # 英語中心\n      - 0.45\n      - 0.6   # 日本語中心\n    from: half   # 元\n")
	change("grid-values", "45%, 60%", "values:\n      - 0.45\n      - 0.6   # 日本語中心\n")
	change("grid-values", "45%, 160%", "- 1.6   # 日本語中心\n")
	b.until(`document.querySelector("#f-design-grid-values").ariaInvalid === "true" && document.querySelector("#wrong li a")`)
	change("grid-values", "45%, 60%", "- 0.6   # 日本語中心\n")
	b.press("#add-one_factor")
	b.until(`document.activeElement.id === "f-design-one_factor-from" && document.querySelectorAll("#preview .runs-m .arm").length === 4`)
	change("one_factor-values", "10%, 90%", "one_factor: {from: half, values: [0.1, 0.9]}")
	b.press("#add-product")
	b.until(`document.querySelector("#f-design-product-shapes")`)
	change("product-shapes", "1m、 ４ x 64 x 4 x 128", "shapes: [1m, {layers: 4, width: 64, heads: 4, ffn: 128}]")
	b.until(`document.querySelector("#f-design-product-shapes").value === "1m, 4×64×4×128"`)
	change("product-shapes", "1m, 4×64×4×128, 2m", "shapes: [1m, {layers: 4, width: 64, heads: 4, ffn: 128}, 2m]")
	b.press("#drop-product")
	b.until(`document.querySelector("#add-product")`)
	b.rests()
	b.eval(`{ const f = document.querySelector("#f-recipe-shape"); f.selectedIndex = f.length - 1; f.dispatchEvent(new Event("change", { bubbles: true })); }`)
	b.until(`document.querySelector("#f-recipe-shape-layers")?.value && document.querySelector("textarea").value.includes("shape: {layers: ")`)
	b.put("#f-recipe-shape-heads", "7")
	b.until(`document.querySelector("#f-recipe-shape-heads")?.ariaInvalid === "true"`)
	b.press("#drop-one_factor")
	b.until(`document.activeElement.id === "add-one_factor" && !document.querySelector("textarea").value.includes("one_factor")`)
	b.press("#add-early_stop")
	b.until(`document.getElementById("f-early_stop-at") && document.querySelector("textarea").value.includes("early_stop: {at: [10%, 30%], keep: 0.33}")`)
	b.put("#f-early_stop-at", "１０％、50")
	b.until(`document.querySelector("textarea").value.includes("early_stop: {at: [10%, 0.5], keep: 0.33}")`)
	b.quiet()
}

// TestNew_designs: every rule of a document is in the form, and each that is added makes arms.
func TestNew_designs(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	text := sweepFile("talk")
	for _, key := range []string{"grid", "lattice", "dirichlet", "one_factor", "product", "limits", "early_stop"} {
		page := s.send("/new/check", "document", text).want(t, 200, `id="add-`+key+`"`)
		added := strings.Split(page.body, `id="add-`+key+`" data-edits="`)[1]
		edits, _, _ := strings.Cut(added, `"`)
		page = s.send("/new/check", "document", text, "edits", strings.ReplaceAll(edits, "&#34;", `"`)).want(t, 200, `id="drop-`+key+`"`, "data-review")
		text = page.document(t)
	}
	s.send("/new/check", "document", text).want(t, 200, `data-path="design/dirichlet/bounds/web-ja"`, `data-list="design/lattice/of"`)
	page := s.send("/new/check", "document", sweepFile("plans"))
	edits, _, _ := strings.Cut(strings.Split(page.body, `id="add-adaptive" data-edits="`)[1], `"`)
	page = s.send("/new/check?lang=en", "document", sweepFile("plans"), "edits", strings.ReplaceAll(edits, "&#34;", `"`)).want(t, 200, `id="drop-adaptive"`, "data-review",
		`data-path="design/adaptive/objective"`, `data-path="design/adaptive/bounds/web-ja"`, "to begin with, at most")
	if strings.Contains(page.body, `id="add-product"`) {
		t.Error("a product is offered beside an adaptive design")
	}
	s.send("/new/check", "document", strings.Replace(page.document(t), "start: 6", "start: 0", 1)).want(t, 200, `id="f-design-adaptive-start-e"`)
	s.send("/new/check", "document", strings.Replace(page.document(t), "start: 6", "front: [bpb/ja, bpb/en], start: 6", 1)).want(t, 200, `value="bpb/ja, bpb/en"`, `data-instead="design/adaptive/front"`)
	s.send("/new/check", "document", strings.Replace(page.document(t), "start: 6", "front: [bpb/ja, bpb/de], start: 6", 1)).want(t, 200, `id="f-design-adaptive-front-e"`)
	s.send("/new/check", "document", strings.Split(text, "early_stop:")[0]+"early_stop: yes\n").want(t, 200, `data-path="early_stop/keep"`, `data-instead="early_stop"`)
}
