package httpd_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestEditor_eaten: a share's handle stops where its neighbour is used up, whatever was eaten can be drawn back, and of handles
// that lie on one point the one moves that can go where it is drawn.
func TestEditor_eaten(t *testing.T) {
	t.Parallel()
	b, s := browse(t)
	s.text()
	s.source(t.TempDir(), "code")
	three := strings.NewReplacer("[web-ja, web-en]", "[web-ja, web-en, web-code]", "{web-ja: 0.5, web-en: 0.5}", "{web-ja: 0.5, web-en: 0.38, web-code: 0.12}", "{baseline: turn}", "{baseline: flat}").Replace(drawn)
	b.compose(three)
	b.eval(`[...document.querySelectorAll("[role=tab]")].at(-1).click()`)
	b.until(`document.querySelector("#h-0-1") && document.querySelector("#m-0-2")?.value === "12.0"`)
	b.pull("#h-0-0", .9)
	b.holds("{web-ja: 0.88, web-en: 0, web-code: 0.12}")
	b.pull("#h-0-1", .9)
	b.holds("{web-ja: 0.88, web-en: 0.12, web-code: 0}") // at the same point; up, only the upper one can go
	b.pull("#h-0-0", .9)
	b.holds("{web-ja: 1, web-en: 0, web-code: 0}")
	b.pull("#h-0-1", -.4) // it lies over the other, and can't go down
	b.holds("{web-ja: 0.6, web-en: 0.4, web-code: 0}")
	b.quiet()
}

// TestEditor_cut: a stage that is cut in two reads the same, and its shares still make a whole.
func TestEditor_cut(t *testing.T) {
	t.Parallel()
	thirds := strings.NewReplacer("0.2, web-en: 0.8", "0.33333, web-en: 0.66667", "0.7, web-en: 0.3}", "0.09, web-en: 0.91}, ramp: linear").Replace(drawn)
	b := editor(t, thirds)
	b.press("[data-do=split]")
	b.holds("{until: 0.25, mixture: {web-ja: 0.33333, web-en: 0.66667}}")
	b.press("[data-do=split]")
	b.holds("{until: 0.75, mixture: {web-ja: 0.2117, web-en: 0.7883}, ramp: linear}")
	b.until(`!document.querySelector("#wrong li")`)
	b.quiet()
}

// pull drags a share's handle up by a part of the drawing's height, or down.
func (b *tab) pull(handle string, up float64) {
	b.Helper()
	at := b.place(handle + " .ring")
	b.run(chromedp.DragAndDropXY(at.x, at.y, at.x, at.y-up*224, 8))
}
