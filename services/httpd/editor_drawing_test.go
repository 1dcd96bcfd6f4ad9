package httpd_test

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haigo-lab/haigo/services/httpd"
)

// TestEditor_drawings: every arm of a design can be looked at, and every drawing of the page has its points as a table and
// CSV, and itself as SVG and PNG.
func TestEditor_drawings(t *testing.T) {
	t.Parallel()
	b := editor(t, strings.Replace(drawn, "{baseline: turn}", "{grid: {of: web-ja, values: [0.9, 0.95], from: flat}}", 1))
	b.until(`document.querySelectorAll("#look option").length === 4 && document.querySelector("#look").value === "turn"`)
	b.eval(`{ const l = document.querySelector("#look"); l.value = "flat-web-ja95"; l.dispatchEvent(new Event("change", { bubbles: true })); }`)
	b.until(`document.querySelector("#look-mixture svg")?.textContent.includes("web-ja 95%") && document.querySelector("#look").value === "flat-web-ja95"`)
	b.eval(`document.querySelector("#look-epochs [data-draws=table]").click()`)
	b.until(`document.querySelectorAll("#look-epochs tbody tr").length > 40`)
	b.eval(`document.querySelector(".pick[data-look='flat-web-ja90']").click()`)
	b.until(`document.querySelector("#look").value === "flat-web-ja90" && document.querySelectorAll("#look-epochs tbody tr").length > 40`) // it stays open

	b.eval(`URL.createObjectURL = (file) => { window.saved = file; return "" }; HTMLAnchorElement.prototype.click = function () { window.name = this.download }`)
	for _, figure := range []string{"area", "look-mixture", "look-read", "look-epochs"} {
		for kind, holds := range map[string]string{"csv": "tokens,web-ja,web-en", "svg": "</svg>", "png": "PNG"} {
			b.eval(fmt.Sprintf(`window.name = ""; window.text = ""; document.querySelector("#%s [data-draws=%s]").click()`, figure, kind))
			b.until(fmt.Sprintf(`window.name === "drawn-%s.%s" && (window.saved.text().then((text) => window.text = text), window.text.includes(%q))`, figure, kind, holds))
		}
	}
	b.eval(`[...document.querySelectorAll("[role=tab]")].at(-1).click()`) // another schedule is looked at in both places
	b.until(`document.querySelector("#look").value === "flat"`)
	b.quiet()
}

// TestEditor_unclear: a number that could be two is taken for neither, and said to be unclear where it stands.
func TestEditor_unclear(t *testing.T) {
	t.Parallel()
	b := editor(t, drawn)
	b.put("#f-recipe-tokens", "１，５Ｍ")
	b.until(`document.querySelector("#f-recipe-tokens-e")?.textContent.includes("１，５Ｍ") && document.querySelector("#f-recipe-tokens").getAttribute("aria-invalid") === "true"`)
	b.put("#m-0-0", "3,5")
	b.until(`document.querySelector("#m-0-0").validationMessage.includes("桁区切り")`)
	b.put("#use", "9,5")
	b.until(`document.querySelector("#use").validationMessage.includes("桁区切り")`)
	b.eval(`document.activeElement?.blur(); document.querySelector("[data-review]").click()`)
	b.until(`document.activeElement.dataset.refused !== undefined && !document.querySelector("#review").open`) // nothing is launched before it is mended
	if text := b.document(); text != drawn {
		t.Errorf("the document became %s", text)
	}
	b.put("#f-recipe-tokens", "1億5,000万")
	b.holds("tokens: 150M")
	b.until(`!document.querySelector("#f-recipe-tokens-e")`)
	refused := `document.querySelector("#m-0-0").value === "3,5" && document.querySelector("tr #m-0-0-e") && document.querySelector("#m-0-0").validity.customError &&
		document.querySelector("#use").value === "9,5" && document.querySelector("#use").validationMessage.includes("桁区切り")`
	b.until(`document.querySelector("#preview").textContent.includes("1.5億")`)
	b.until(refused) // the answer's page leaves them as they are
	b.put("#f-seeds", "３，５")
	b.until(`document.querySelector("#f-seeds-e")`)
	b.put("#m-1-1", "40")
	b.holds("web-en: 0.4")
	b.run(chromedp.EmulateViewport(500, 800))
	b.until(`document.querySelector("[data-area]").viewBox.baseVal.width < 500`)
	b.until(refused + ` && document.querySelector("#f-seeds").value === "３，５"`)
	b.put("#m-0-0", "35")
	b.holds("web-ja: 0.35")
	b.until(`!document.querySelector("#m-0-0-e") && !document.querySelector("#m-0-0").validity.customError`)
	b.eval(`document.querySelector("#m-1-0").focus(); document.querySelector("#m-1-0").select()`)
	b.run(chromedp.KeyEvent("abc\t"))
	left := `document.querySelector("#m-1-0").value === "abc" && document.querySelector("tr #m-1-0-e") && document.activeElement.id === "m-1-1"`
	b.until(left)
	b.eval(`requestAnimationFrame(() => requestAnimationFrame(() => { document.body.dataset.later = "" }))`)
	b.until(`document.body.dataset.later === "" && ` + left) // the message has made the page longer
	b.quiet()
}

// TestNew_epochs: bounds that lie near each other on the scale are named beside each other.
func TestNew_epochs(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	often := strings.Replace(sweepFile("often"), "tokens: 4096", "tokens: 8M, max_epochs: 40", 1)
	body := s.send("/new/check?lang=en", "document", often).body
	_, figure, _ := strings.Cut(body, `id="look-epochs"`)
	at := func(bound string) string {
		before, _, there := strings.Cut(figure, bound)
		if !there {
			t.Fatalf("no %s is drawn", bound)
		}
		place, _, _ := strings.Cut(before[strings.LastIndex(before, ` x="`)+4:], `"`)
		return place
	}
	if one, four := at(">1 epoch<"), at(">4 epochs<"); one == four {
		t.Errorf("1 and 4 epochs both stand at %s", one)
	}
	at(">40 epochs<")
}

// TestNew_manyArms: of more arms than the editor gets at once it is told the names, and what one of them reads once that is asked for.
func TestNew_manyArms(t *testing.T) {
	t.Parallel()
	s := open(t, httpd.Options{})
	s.text()
	var values []string
	for i := range 30 {
		values = append(values, fmt.Sprintf("%.2f", .1+float64(i)/50))
	}
	document := strings.Replace(sweepFile("many"), "design: {baseline: ja30}", "design: {baseline: ja30, grid: {of: web-ja, values: ["+strings.Join(values, ", ")+"], from: ja30}}", 1)
	state := func(other string) (v struct {
		Arms []struct {
			Name   string
			Tokens []int64
		}
		More []struct{ Name string }
	},
	) {
		t.Helper()
		page := s.send("/new/check", "document", document, "other", other).want(t, 200).body
		found := regexp.MustCompile(`id="state"[^>]*data-json="([^"]*)"`).FindStringSubmatch(page)
		if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := state("")
	if len(first.Arms) < 24 || len(first.More) == 0 {
		t.Fatalf("%d arms and %d more names", len(first.Arms), len(first.More))
	}
	wanted := first.More[len(first.More)-1].Name
	second := state(wanted)
	last := second.Arms[len(second.Arms)-1]
	if len(second.More) != len(first.More)-1 || last.Name != wanted || len(last.Tokens) == 0 {
		t.Errorf("asked for %s: %d more names, last arm %s with %d points", wanted, len(second.More), last.Name, len(last.Tokens))
	}
}
