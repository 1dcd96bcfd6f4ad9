package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hand is how a person uses a page.
type hand interface {
	press(t *testing.T, selector string)                   // a button or a link
	twice(t *testing.T, selector string)                   // the same, once too often
	move(t *testing.T, selector string, along, up float64) // a handle of the drawing, in percent
	write(t *testing.T, line, value string)                // a value behind a key in the text
}

// mouse points and clicks, and types where it clicked.
type mouse struct{ *tab }

// press lets the button go where the element is by then. One that had moved away from under the pointer isn't down, and is
// sought again.
func (m mouse) press(t *testing.T, selector string) {
	t.Helper()
	for range 100 {
		x, y := m.place(t, selector)
		m.run(t, chromedp.MouseEvent(chromedp.MouseMoved, x, y), chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
		if m.number(t, fmt.Sprintf(`Number(document.querySelector(%q)?.matches(":active") ?? 0)`, selector)) == 1 {
			x, y = m.place(t, selector)
			m.run(t, chromedp.MouseEvent(chromedp.MouseReleased, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
			return
		}
		m.run(t, chromedp.MouseEvent(chromedp.MouseMoved, 0, 0, chromedp.ButtonLeft), chromedp.MouseEvent(chromedp.MouseReleased, 0, 0, chromedp.ButtonLeft))
	}
	t.Fatalf("%s can't be pressed", selector)
}

func (m mouse) twice(t *testing.T, selector string) {
	t.Helper()
	x, y := m.place(t, selector)
	m.run(t, chromedp.MouseClickXY(x, y), chromedp.MouseClickXY(x, y, chromedp.ClickCount(2)))
}

// move drags a handle to where it belongs in the drawing, wherever the drawing is by then: answers shift the page.
func (m mouse) move(t *testing.T, selector string, along, up float64) {
	t.Helper()
	x, y := m.place(t, selector+" .ring")
	m.run(t, chromedp.MouseEvent(chromedp.MousePressed, x, y, chromedp.ButtonLeft))
	m.until(t, fmt.Sprintf(`document.activeElement.matches(%q)`, selector))
	from := m.drawing(t)
	to := func(part float64, kind input.DispatchMouseEventType) {
		at := m.drawing(t)
		x, y = x+at.x-from.x, y+at.y-from.y
		from = at
		m.run(t, chromedp.MouseEvent(kind, x+part*along/100*at.width, y-part*up/100*at.height, chromedp.ButtonLeft))
	}
	for i := range 10 {
		to(float64(i+1)/10, chromedp.MouseMoved)
	}
	m.rests(t)
	to(1, chromedp.MouseMoved)
	m.rests(t)
	to(1, chromedp.MouseReleased)
}

// drawing is the room inside the axes of a schedule's drawing.
type drawing struct{ x, y, width, height float64 }

func (m mouse) drawing(t *testing.T) drawing {
	t.Helper()
	at := ask(t, m.tab, chromedp.Evaluate[[]float64](`(() => {
		const box = document.querySelector("[data-area]").getBoundingClientRect();
		return [box.x, box.y, box.width - 60];
	})()`))
	return drawing{x: at[0], y: at[1], width: at[2], height: 224}
}

// write clicks behind the line's end and types over its value.
func (m mouse) write(t *testing.T, line, value string) {
	t.Helper()
	number := fmt.Sprintf(".lines span:nth-child(%d)", m.line(t, line)+1)
	m.place(t, number)
	y := m.number(t, fmt.Sprintf(`document.querySelector(%q).getBoundingClientRect().y + 8`, number))
	x := m.number(t, `document.querySelector("#document").getBoundingClientRect().right - 40`)
	m.run(t, chromedp.MouseClickXY(x, y))
	m.until(t, fmt.Sprintf(`document.activeElement.id === "document" && document.activeElement.value.slice(0, document.activeElement.selectionEnd).endsWith(%q)`, line))
	m.run(t, chromedp.KeyEvent(strings.Repeat(kb.Backspace, valueOf(line))+value))
}

// place scrolls to an element and returns its middle, once it rests, and the page with it.
func (m mouse) place(t *testing.T, selector string) (x, y float64) {
	t.Helper()
	m.rests(t)
	m.until(t, fmt.Sprintf(`document.querySelector(%q)?.getClientRects().length`, selector))
	at := ask(t, m.tab, chromedp.Evaluate[[]float64](fmt.Sprintf(`(async () => {
		for (let before = ""; ; ) {
			const e = document.querySelector(%q);
			e.scrollIntoView({ block: "center" });
			const box = e.getBoundingClientRect();
			const at = [box.x + box.width / 2, box.y + box.height / 2];
			if (at.join() === before) return at;
			before = at.join();
			await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
		}
	})()`, selector), chromedp.EvalAwaitPromise))
	return at[0], at[1]
}

// keyboard walks with Tab, and never points.
type keyboard struct{ *tab }

func (k keyboard) press(t *testing.T, selector string) {
	t.Helper()
	k.reach(t, selector)
	k.run(t, chromedp.KeyEvent(kb.Enter))
}

func (k keyboard) twice(t *testing.T, selector string) {
	t.Helper()
	k.reach(t, selector)
	k.run(t, chromedp.KeyEvent(kb.Enter+kb.Enter))
}

func (k keyboard) move(t *testing.T, selector string, along, up float64) {
	t.Helper()
	k.reach(t, selector)
	for _, step := range []struct {
		by        float64
		fro, back string
	}{{along, kb.ArrowRight, kb.ArrowLeft}, {up, kb.ArrowUp, kb.ArrowDown}} {
		key := step.fro
		if step.by < 0 {
			key, step.by = step.back, -step.by
		}
		for range int(step.by) / 5 {
			k.run(t, chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierShift)))
		}
		k.run(t, chromedp.KeyEvent(strings.Repeat(key, int(step.by)%5)))
	}
}

// write goes down to the line and types over its value.
func (k keyboard) write(t *testing.T, line, value string) {
	t.Helper()
	k.reach(t, "#document")
	n := k.line(t, line)
	k.run(t, chromedp.KeyEvent(kb.Home, chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(strings.Repeat(kb.ArrowDown, n)+kb.End+strings.Repeat(kb.Backspace, valueOf(line))+value))
}

// reach presses Tab until an element has the focus. In the text Tab indents, but for one behind Escape.
func (k keyboard) reach(t *testing.T, selector string) {
	t.Helper()
	k.rests(t)
	k.until(t, fmt.Sprintf(`document.querySelector(%q)?.getClientRects().length`, selector))
	for range 300 {
		at := ask(t, k.tab, chromedp.Evaluate[string](fmt.Sprintf(`document.activeElement?.matches(%q) ? "there" : document.activeElement?.tagName ?? ""`, selector)))
		if at == "there" {
			if k.number(t, `Number(document.activeElement.matches(":focus-visible"))`) != 1 {
				t.Errorf("%s has the focus, and doesn't show it", selector)
			}
			return
		}
		if at == "TEXTAREA" {
			k.run(t, chromedp.KeyEvent(kb.Escape))
		}
		k.run(t, chromedp.KeyEvent(kb.Tab))
	}
	t.Fatalf("Tab never comes to %s", selector)
}

// line is the number of a line of the text, from 0.
func (b *tab) line(t *testing.T, line string) int {
	t.Helper()
	n := int(b.number(t, fmt.Sprintf(`document.querySelector("#document").value.split("\n").indexOf(%q)`, line)))
	if n < 0 {
		t.Fatalf("the text has no line %q", line)
	}
	return n
}

// valueOf is how many characters a line's value has.
func valueOf(line string) int {
	_, value, _ := strings.Cut(line, ": ")
	return len(value)
}

// until waits for a condition of the page.
func (b *tab) until(t *testing.T, condition string) {
	t.Helper()
	for deadline := time.Now().Add(stuck); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		// A page that is being left has no answer.
		met, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf("Boolean(%s)", condition)))
		if err == nil && met {
			return
		}
	}
	t.Fatalf("%s never came true:\n%s", condition, b.text(t, "body"))
}

// rests waits until the page is there and nothing is on its way to it that was asked for.
func (b *tab) rests(t *testing.T) {
	t.Helper()
	b.until(t, `document.documentElement.dataset.ready !== undefined && !document.querySelector('[aria-busy="true"]')`)
}

// outcomeOf is what haigo sweep show says of a sweep's runs.
func outcomeOf(t *testing.T, data, sweep string) []digested {
	t.Helper()
	var out struct {
		Runs []digested `json:"runs"`
	}
	if err := json.Unmarshal([]byte(haigo(t, data, "sweep", "show", sweep, "--json")), &out); err != nil {
		t.Fatal(err)
	}
	return out.Runs
}
