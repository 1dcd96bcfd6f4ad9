package httpd

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// What is drawn on the server is drawn here: from constants and numbers only, so that it may pass as markup.

// icons are paths on a grid of 16, drawn as strokes.
var icons = map[string]string{
	"plus":  "M8 3v10M3 8h10",
	"link":  "M6.7 9.3l2.6-2.6M7.2 5.2l1.5-1.5a2.5 2.5 0 013.6 3.6l-1.5 1.5M8.8 10.8l-1.5 1.5a2.5 2.5 0 01-3.6-3.6l1.5-1.5",
	"down":  "M8 2.5v8M4.8 7.6L8 10.8l3.2-3.2M3 13.5h10",
	"up":    "M8 10.8v-8M4.8 6L8 2.8 11.2 6M3 13.5h10",
	"stop":  "M4 4h8v8H4z",
	"play":  "M5 3.5l7.5 4.5L5 12.5z",
	"pause": "M5.5 3.5v9M10.5 3.5v9",
	"again": "M13 6.5H6.8a3.3 3.3 0 000 6.6H10M13 6.5l-2.8-2.8M13 6.5l-2.8 2.8",
	"undo":  "M3 6.5h6.2a3.3 3.3 0 010 6.6H6M3 6.5l2.8-2.8M3 6.5l2.8 2.8",
	"redo":  "M13 6.5H6.8a3.3 3.3 0 000 6.6H10M13 6.5l-2.8-2.8M13 6.5l-2.8 2.8",
	"pin":   "M9.6 2.4l4 4-2 .7-2.3 2.3-.5 2.7-4.9-4.9 2.7-.5 2.3-2.3zM6.3 9.7L2.6 13.4",
	"both":  "M2.5 12.5c3 0 4-8 11-9M2.5 6.5c4 0 5 5 11 5.5",
	"times": "M4 4l8 8M12 4l-8 8",
	"copy":  "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
	"warn":  "M8 2.6l6 10.6H2L8 2.6zM8 6.6v3M8 11.2v.4",
	"bad":   "M8 1.8a6.2 6.2 0 110 12.4A6.2 6.2 0 018 1.8zM8 5v4M8 10.8v.4",
	"info":  "M8 1.8a6.2 6.2 0 110 12.4A6.2 6.2 0 018 1.8zM8 7.2v4M8 4.8v.4",
	"clock": "M8 1.8a6.2 6.2 0 110 12.4A6.2 6.2 0 018 1.8zM8 4.6V8l2.4 1.6",
}

func icon(name string, size int) (template.HTML, error) {
	path, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("there is no icon %q", name)
	}
	return markup(`<svg width="%d" height="%d" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="%s"/></svg>`, size, size, path), nil
}

// markup formats constants and numbers as markup.
func markup(format string, values ...any) template.HTML {
	return template.HTML(fmt.Sprintf(format, values...)) //nolint:gosec // only constants and numbers come here
}

// states are the shapes beside a state's word; each differs in form, not in colour.
var states = map[string]string{
	"running":   "", // drawn by how far it is
	"stopping":  `<circle cx="6" cy="6" r="4.4" stroke-dasharray="2 2.2"/>`,
	"queued":    `<circle cx="6" cy="6" r="4.4" opacity=".55"/>`,
	"completed": `<path d="M2 6.4l2.6 2.6L10 3.4"/>`,
	"diverged":  `<path d="M1.5 9.5C4 9.5 5 8 5.6 1.5M8.2 4.5l2.6 2.6M10.8 4.5L8.2 7.1"/>`,
	"failed":    `<path d="M2.6 2.6l6.8 6.8M9.4 2.6L2.6 9.4"/>`,
	"paused":    `<path d="M4 2.5v7M8 2.5v7"/>`,
	"stopped":   `<path d="M2.4 6h7.2"/>`,
	"warn":      `<path d="M6 1.6l4.8 8.4H1.2zM6 4.6v2.4"/>`,
}

// stateMark is the shape of a state; fraction says how far a running one is.
func stateMark(state string, fraction float64) template.HTML {
	shape := states[state]
	if state == "running" {
		around := 2 * math.Pi * 4.4
		shape = fmt.Sprintf(`<circle cx="6" cy="6" r="4.4" opacity=".25"/><circle cx="6" cy="6" r="4.4" stroke-dasharray="%.2f %.2f" transform="rotate(-90 6 6)"/>`, fraction*around, around)
	}
	return markup(`<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6">%s</svg>`, shape)
}

// bar is a bar filled to fraction in the named colour of the style sheet.
func bar(fraction float64, width, height int, colour string) template.HTML {
	return markup(`<svg width="%d" height="%d" viewBox="0 0 %d %d" aria-hidden="true"><rect width="%d" height="%d" rx="1.5" fill="var(--line)"/><rect width="%.1f" height="%d" rx="1.5" fill="var(--%s)"/></svg>`,
		width, height, width, height, width, height, clamp(fraction)*float64(width), height, colour)
}

func clamp(fraction float64) float64 { return max(0, min(1, fraction)) }

// cell is one run in a row of cells.
type cell struct {
	state    ablation.RunState
	fraction float64
}

// cellsAtMost is how many runs are drawn one by one; more become one bar.
const cellsAtMost = 48

// cells draws one cell a run, in order, or one bar where there are many.
func cells(runs []cell, each, height float64) template.HTML {
	if len(runs) > cellsAtMost {
		return cellBar(runs, cellsAtMost*each/2, height)
	}
	var b strings.Builder
	for i, r := range runs {
		x := float64(i) * each
		fmt.Fprintf(&b, `<rect x="%.1f" width="%.1f" height="%.0f" rx="1.5" fill="var(--%s)"/>`, x, each*.87, height, cellColour(r.state))
		if !r.state.Ended() && r.fraction > 0 {
			fmt.Fprintf(&b, `<rect x="%.1f" width="%.1f" height="%.0f" rx="1.5" fill="var(--edge)"/>`, x, each*.87*clamp(r.fraction), height)
		}
	}
	width := max(float64(len(runs))*each-each*.13, 1)
	return markup(`<svg class="cells" width="%.0f" height="%.0f" viewBox="0 0 %.1f %.0f" preserveAspectRatio="none" aria-hidden="true">%s</svg>`, width, height, width, height, b.String())
}

func cellColour(s ablation.RunState) string {
	switch s {
	case ablation.RunCompleted:
		return "ink"
	case ablation.RunDiverged, ablation.RunFailed:
		return "bad"
	case ablation.RunStopped:
		return "ghost"
	}
	return "line"
}

func cellBar(runs []cell, width, height float64) template.HTML {
	var ended, bad float64
	for _, r := range runs {
		switch cellColour(r.state) {
		case "ink", "ghost":
			ended++
		case "bad":
			bad++
		}
	}
	n := float64(len(runs))
	return markup(`<svg class="cells" width="%.0f" height="%.0f" aria-hidden="true"><rect width="%.0f" height="%.0f" rx="1.5" fill="var(--line)"/><rect width="%.1f" height="%.0f" rx="1.5" fill="var(--ink)"/><rect x="%.1f" width="%.1f" height="%.0f" fill="var(--bad)"/></svg>`,
		width, height, width, height, ended/n*width, height, ended/n*width, bad/n*width, height)
}

// spark is the trade-off without its axes: the arms' means, Japanese up and English across, the front joined.
func spark(points [][2]float64) template.HTML {
	const w, h, pad = 88.0, 50.0, 6.0
	if len(points) == 0 {
		return ""
	}
	lo, hi := points[0], points[0]
	for _, p := range points {
		for k := range p {
			lo[k], hi[k] = min(lo[k], p[k]), max(hi[k], p[k])
		}
	}
	place := func(p [2]float64) (x, y float64) {
		return pad + along(p[0], lo[0], hi[0])*(w-2*pad), h - pad - along(p[1], lo[1], hi[1])*(h-2*pad)
	}
	var line, dots strings.Builder
	best := front(points)
	for _, p := range best {
		x, y := place(p)
		fmt.Fprintf(&line, "%.1f,%.1f ", x, y)
	}
	for _, p := range points {
		x, y := place(p)
		r, colour := 1.9, "axis"
		for _, b := range best {
			if b == p {
				r, colour = 2.4, "ink"
			}
		}
		fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="var(--%s)"/>`, x, y, r, colour)
	}
	return markup(`<svg width="88" height="50" viewBox="0 0 88 50" aria-hidden="true"><path d="M.5 .5V49.5H88" fill="none" stroke="var(--line-2)"/><polyline points="%s" fill="none" stroke="var(--ghost)" stroke-width="1.5"/>%s</svg>`, line.String(), dots.String())
}

func along(v, lo, hi float64) float64 {
	if hi == lo {
		return .5
	}
	return (v - lo) / (hi - lo)
}

// langClass is the style sheet's name for a language's colour.
func langClass(lang string) string {
	switch lang {
	case "ja", "en", "code":
		return lang
	}
	return "other"
}

// shapes of arms on a grid of 12; %s is how they are painted.
var shapes = map[string]string{
	"circle":   `<circle cx="6" cy="6" r="4.2" %s/>`,
	"square":   `<path d="M2.2 2.2h7.6v7.6H2.2z" %s/>`,
	"triangle": `<path d="M6 1.6L10.8 10H1.2z" %s/>`,
	"diamond":  `<path d="M6 .9L11.1 6 6 11.1.9 6z" %s/>`,
	"down":     `<path d="M6 10.4L10.8 2H1.2z" %s/>`,
	"pentagon": `<path d="M6 1.2l4.8 3.5-1.8 5.6H3L1.2 4.7z" %s/>`,

	"star":      `<path d="M6 .5l1.5 3.7 4 .3-3.1 2.6 1 3.9L6 8.9 2.6 11l1-3.9L.5 4.5l4-.3z" %s/>`,
	"plus":      `<path d="M4.3 1.2h3.4v3.1h3.1v3.4H7.7v3.1H4.3V7.7H1.2V4.3h3.1z" %s/>`,
	"left":      `<path d="M1.6 6L10 1.2v9.6z" %s/>`,
	"right":     `<path d="M10.4 6L2 1.2v9.6z" %s/>`,
	"hourglass": `<path d="M1.8 1.6h8.4L7.2 6l3 4.4H1.8l3-4.4z" %s/>`,
	"bar":       `<path d="M1 4.2h10v3.6H1z" %s/>`,
}
