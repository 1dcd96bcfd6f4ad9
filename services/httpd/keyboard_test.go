package httpd_test

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// walk goes over the open page with Tab, or over its dialog: every control is reached in the order of the page, where it
// can be seen, with a focus that can be seen, and the last leads out of the page again, from a dialog's to its first.
func (a axe) walk(path, how string) {
	a.Helper()
	a.rests()
	a.until(complete) // a chart is a stop once it is drawn
	found := ""
	for range 2 { // a page that was just renewing itself is walked again
		stops, err := chromedp.Run(a.ctx, chromedp.Evaluate[int](walkBegins, chromedp.EvalAwaitPromise))
		if err != nil {
			a.Fatalf("%s %s: %v", path, how, err)
		}
		a.run(chromedp.KeyEvent(strings.Repeat(kb.Tab, stops+2)))
		if found, err = chromedp.Run(a.ctx, chromedp.Evaluate[string](walkEnds)); err != nil {
			a.Fatalf("%s %s: %v", path, how, err)
		}
		if found == "" {
			return
		}
	}
	a.Errorf("%s %s by keyboard: %s", path, how, found)
}

// focusRatio is the least contrast of what shows the focus (WCAG 2.2, 1.4.11).
const focusRatio = 3

// walkBegins counts the page's controls, and at each press of Tab looks at the one that has the focus. Elements are known by
// their places, for live pages put new ones there. walkEnds says what is wrong.
var (
	walkBegins = fmt.Sprintf(`(async () => {
		`+settled+` // and so is a box that scrolls
		Object.defineProperty(document, "hidden", { value: true, configurable: true }); // a page that nobody sees doesn't renew itself
		const root = document.querySelector("dialog[open]") ?? document.body;
		root.tabIndex = -1;
		root.focus(); // Tab begins at the page's beginning, wherever the page had put the focus
		root.removeAttribute("tabindex");
		const place = e => e.id ? "#" + e.id : e.parentElement ? place(e.parentElement) + ">" + e.tagName.toLowerCase() + [...e.parentElement.children].indexOf(e) : "";
		const chosen = e => e.type !== "radio" || e.checked || ![...document.getElementsByName(e.name)].some(o => o.checked) && document.getElementsByName(e.name)[0] === e;
		const controls = [...root.querySelectorAll("a[href], button, input, select, textarea, summary, iframe, [tabindex]")]
			.filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }) && chosen(e));
		const rgb = text => (text.match(/[\d.]+/g) ?? []).map(Number);
		const light = text => { const [r, g, b] = rgb(text).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
		const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
		const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((rgb(c)[3] ?? 1) > .5) return c; } return getComputedStyle(document.body).backgroundColor; };
		const outlined = s => s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 2 ? s.outlineColor : undefined;
		const stroked = s => s.stroke !== "none" && parseFloat(s.strokeWidth) >= 2 ? s.stroke : undefined;
		const shown = e => {
			const drawn = [[e, outlined], [e.querySelector(".ring"), stroked], [e.closest(".editor"), outlined]];
			return drawn.some(([on, by]) => on && by(getComputedStyle(on)) && ratio(by(getComputedStyle(on)), ground(on.parentElement)) >= %d);
		};
		const seen = e => {
			const [box] = (e.querySelector(".ring") ?? e).getClientRects();
			if (!box) return false;
			const [x, y] = [(Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2, (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2];
			const top = document.elementFromPoint(x, y);
			return top !== null && (e.contains(top) || top.contains(e));
		};
		const walk = window.walk = { wanted: controls.map(place), got: [], bad: [] };
		addEventListener("keydown", event => {
			const e = document.activeElement;
			if (event.key !== "Tab") return;
			const at = e === root || e === document.body ? "" : place(e);
			walk.done ||= walk.got.length > controls.length && (at === "" || at === walk.got[1]); // it begins anew
			if (walk.done || at === walk.got.at(-1)) return; // a time is written in parts
			walk.got.push(at);
			if (at === "") return;
			if (!shown(e)) walk.bad.push("no focus is seen at " + place(e));
			if (!seen(e)) walk.bad.push("can't be seen with the focus: " + place(e));
		}, true);
		return controls.length + 3 * controls.filter(e => e.type === "time").length; // their parts are stops of their own
	})()`, focusRatio)
	walkEnds = `(() => {
		delete document.hidden;
		const { wanted, got, bad } = walk;
		const reached = got.slice(1).filter(g => wanted.includes(g));
		const missing = wanted.filter(w => !reached.includes(w));
		const twice = wanted.filter(w => reached.indexOf(w) < reached.lastIndexOf(w));
		const order = reached.findIndex((r, i) => r !== wanted[i]);
		return [...new Set(bad),
			missing.length ? "never reached: " + missing.join(" ") : "",
			twice.length ? "reached twice: " + twice.join(" ") : "",
			!missing.length && !twice.length && order >= 0 ? "out of order: " + reached.slice(order, order + 2).join(" ") + " wanted " + wanted[order] : "",
		].filter(Boolean).join("\n");
	})()`
)
