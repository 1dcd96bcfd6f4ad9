package httpd

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// clockStrip draws firings on days across and hours down, as clocks in Japan show them. A bar is when runs may train.
type clockStrip struct {
	words  words
	days   []time.Time // midnights
	next   []nextFiring
	now    time.Time
	width  float64
	narrow bool // beside a form: dates stand in lines, and what is drawn bears no names
}

const (
	stripDays  = 10 // columns; where the firings lie further apart, only days that have one
	stripMost  = 12 // columns of that kind
	stripWide  = 1376.0
	stripSlim  = 384.0
	stripLeft  = 44.0
	stripTop   = 40.0  // under dates of two lines
	stripLine  = 15.0  // of a date
	stripHours = 168.0 // height of a day
	tightHours = 2     // firings closer than that have one label
)

func newClockStrip(words words, next []nextFiring, now time.Time) clockStrip {
	c := clockStrip{words: words, next: next, now: now.In(japan), days: []time.Time{midnight(now)}, width: stripWide}
	if len(next) == 0 {
		return c
	}
	if last := midnight(next[len(next)-1].At); last.Before(c.days[0].AddDate(0, 0, stripDays)) {
		for i := 1; i < stripDays; i++ {
			c.days = append(c.days, c.days[0].AddDate(0, 0, i))
		}
		return c
	}
	for _, f := range next {
		if day := midnight(f.At); len(c.days) < stripMost && !slices.ContainsFunc(c.days, day.Equal) {
			c.days = append(c.days, day)
		}
	}
	return c
}

// slim is the strip for the place beside a form.
func (c clockStrip) slim() clockStrip {
	c.width, c.narrow = stripSlim, true
	return c
}

func midnight(t time.Time) time.Time {
	t = t.In(japan)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, japan)
}

func (c clockStrip) wide() float64 { return (c.width - stripLeft) / float64(len(c.days)) }

// x is where a day begins; -1 where it isn't drawn.
func (c clockStrip) x(day time.Time) float64 {
	if i := slices.IndexFunc(c.days, day.Equal); i >= 0 {
		return stripLeft + float64(i)*c.wide()
	}
	return -1
}

// cut reports whether there are firings on days that aren't drawn.
func (c clockStrip) cut() bool {
	return slices.ContainsFunc(c.next, func(f nextFiring) bool { return c.x(midnight(f.At)) < 0 })
}

// top is where days begin: below their dates.
func (c clockStrip) top() float64 {
	if c.narrow && c.years() {
		return stripTop + stripLine
	}
	return stripTop
}

// years reports whether there are days of another year than today's.
func (c clockStrip) years() bool {
	return slices.ContainsFunc(c.days, func(day time.Time) bool { return day.Year() != c.days[0].Year() })
}

func (c clockStrip) y(hours float64) float64 { return c.top() + hours/24*stripHours }

func hourOf(t time.Time) float64 { return t.Sub(midnight(t)).Hours() }

// drawing is the strip with its firings as a table: in UTC for programs, as clocks in Japan show them for people.
func (c clockStrip) drawing() drawing {
	d := drawing{ID: "firings", Title: c.words.text("rec.next"), Sub: c.words.text("rec.next.sub"), SVG: c.draw()}
	said := map[string]ablation.Label{}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		text, shown := t.UTC().Format(time.RFC3339), c.words.moment(t)
		said[text] = ablation.Label{JA: shown, EN: shown}
		return text
	}
	d.Table.Columns = []chart.Column{
		{Key: "planned_at", Name: ablation.Label{JA: "開始", EN: "Starts"}, Format: chart.FormatText, Words: said},
		{Key: "leaves_at", Name: ablation.Label{JA: "この時刻まで", EN: "Until"}, Format: chart.FormatText, Words: said},
	}
	if !c.narrow {
		d.Table.Columns = append(d.Table.Columns, chart.Column{Key: "recurrence", Name: ablation.Label{JA: "スイープ", EN: "Sweep"}, Format: chart.FormatText})
	}
	for _, f := range c.next {
		row := []any{moment(f.At), moment(f.Closes)}
		if !c.narrow {
			row = append(row, f.Row.Name)
		}
		d.Table.Rows = append(d.Table.Rows, row)
	}
	return d
}

// draw is the strip as markup. The page says the same in a list.
func (c clockStrip) draw() template.HTML {
	if len(c.next) == 0 {
		return ""
	}
	var b strings.Builder
	for i := range c.days {
		c.day(&b, i)
	}
	for hour := 0; hour <= 24; hour += 6 {
		y := c.y(float64(hour))
		fmt.Fprintf(&b, `<text x="%.0f" y="%.1f" text-anchor="end" class="dim">%d:00</text><line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" class="h"/>`,
			stripLeft-8, y+4, hour, stripLeft, c.width-2, y, y)
	}
	for _, f := range c.next {
		c.window(&b, f)
	}
	for i := range c.next {
		c.firing(&b, i)
	}
	y := c.y(hourOf(c.now))
	fmt.Fprintf(&b, `<line x1="%.0f" x2="%.1f" y1="%.1f" y2="%.1f" class="now"/>`, stripLeft, stripLeft+c.wide()-2, y, y)
	return markup(`<svg class="strip" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">%s</svg>`,
		c.width, c.top()+stripHours+14, template.HTMLEscapeString(c.words.text("rec.next")), b.String())
}

func (c clockStrip) day(b *strings.Builder, i int) {
	class, day, x := "d", c.days[i], c.x(c.days[i])
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		class = "d we"
	}
	fmt.Fprintf(b, `<rect x="%.1f" y="%.0f" width="%.1f" height="%.0f" class="%s"/>`, x, c.top(), c.wide()-2, stripHours, class)
	heads := c.heads(i)
	for k, text := range heads {
		if text == "" {
			continue
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%.0f">%s</text>`, x+2, c.top()-10-stripLine*float64(len(heads)-1-k), template.HTMLEscapeString(text))
	}
}

// heads are the lines over a day: its date, with the year where that isn't today's; beside a form year, month and day, of
// which the first two may be empty: they stand where they change.
func (c clockStrip) heads(i int) []string {
	day := c.days[i]
	if !c.narrow {
		text := c.words.dated(day, c.now)
		if i == 0 {
			text += " " + c.words.text("rec.today")
		}
		return []string{text}
	}
	before := c.days[max(i-1, 0)]
	year, month := day.Year() != before.Year(), i == 0 || day.Month() != before.Month() || day.Year() != before.Year()
	formats := map[string][]string{"ja": {"2006", "1月", "2日"}, "en": {"2006", "Jan", "2"}}[c.words.lang]
	for k, said := range []bool{year, month, true} {
		if formats[k] = day.Format(formats[k]); !said {
			formats[k] = ""
		}
	}
	return formats
}

// window draws the hours from a firing to the time at which its runs leave, day by day.
func (c clockStrip) window(b *strings.Builder, f nextFiring) {
	for from := f.At; from.Before(f.Closes); {
		day := midnight(from)
		to := day.AddDate(0, 0, 1)
		if f.Closes.Before(to) {
			to = f.Closes
		}
		if x := c.x(day); x >= 0 {
			top, end := c.y(hourOf(from)), c.y(to.Sub(day).Hours())
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="w"/>`, x+c.inset(), top, c.wide()-2-2*c.inset(), end-top)
		}
		from = to
	}
}

// inset is the room between a bar and the edges of its day.
func (c clockStrip) inset() float64 {
	if c.narrow {
		return 3
	}
	return 8
}

// firing draws one as a line. The first of those that lie close together on a day bears the label of them all: their marks,
// and which of their recurrence's they are.
func (c clockStrip) firing(b *strings.Builder, i int) {
	f := c.next[i]
	day := c.x(midnight(f.At))
	if day < 0 {
		return
	}
	at, x, w := f.At.In(japan), day+c.inset(), c.wide()-2-2*c.inset()
	y := c.y(hourOf(f.At))
	fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="f"/>`, x, x+w, y, y)
	if c.narrow || i > 0 && c.close(i-1) {
		return
	}
	last := i // of those that the label is of
	for last+1 < len(c.next) && c.close(last) {
		last++
	}
	under := c.y(hourOf(c.next[last].At)) + 15
	if hourOf(f.At) >= 12 { // what follows in the day has its label above its line, too
		under = y - 6
	}
	marks, number := labelled(c.next[i : last+1])
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" class="b">%s</text><text x="%.1f" y="%.1f" text-anchor="end" class="dim">%s</text>`,
		x+2, under, at.Format("15:04"), x+w-2, under, number)
	for k, mark := range marks {
		fmt.Fprintf(b, `<g transform="translate(%.1f %.1f)">%s</g>`, x+40+13*float64(k), under-10, mark)
	}
}

// close reports whether a firing and the one after it have one label.
func (c clockStrip) close(i int) bool {
	a, b := c.next[i].At, c.next[i+1].At
	return midnight(a).Equal(midnight(b)) && b.Sub(a).Hours() < tightHours
}

// labelled are the marks of firings, and which of their recurrence's they are, where they are of one.
func labelled(all []nextFiring) (marks []template.HTML, number string) {
	for _, f := range all {
		if !slices.Contains(marks, f.Row.Mark) {
			marks = append(marks, f.Row.Mark)
		}
	}
	first, last := all[0].Of, all[len(all)-1].Of
	switch {
	case len(marks) > 1:
		return marks, ""
	case last > first:
		return marks, fmt.Sprintf("%d–%d", first, last)
	}
	return marks, fmt.Sprint(first)
}
