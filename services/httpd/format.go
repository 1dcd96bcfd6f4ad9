package httpd

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/chart"
)

// japan is where times on pages are told; pages name it. It has no summer time.
var japan = time.FixedZone("JST", 9*60*60)

// fixed, signed and percent are the numbers of figures, also on pages.
var (
	fixed   = chart.Fixed
	signed  = chart.Signed
	percent = chart.Percent
)

// integer is n with commas between thousands.
func integer(n int64) string { return chart.Integer(float64(n)) }

// big is a count in words: 1,000億 in Japanese, 100B in English.
func (w words) big(v float64) string { return chart.Count(v).In(w.lang) }

// size is a number of bytes.
func size(n int64) string { return chart.Size(n) }

// scientific is v as mantissa and power of ten.
func scientific(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fixed(v, 0)
	}
	exponent := math.Floor(math.Log10(math.Abs(v)))
	return fixed(v/math.Pow(10, exponent), 1) + " × 10" + superscript(int(exponent))
}

func superscript(n int) string {
	return strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(n))
}

// lasting is a length of time: 1時間36分 or 1 h 36 min; seconds below two minutes.
func (w words) lasting(d time.Duration) string {
	if d < 2*time.Minute {
		return w.text("time.s", "n", int(d.Round(time.Second).Seconds()))
	}
	d = d.Round(time.Minute)
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch {
	case hours == 0:
		return w.text("time.min", "n", minutes)
	case minutes == 0:
		return w.text("time.h", "n", hours)
	}
	return w.text("time.hmin", "h", hours, "m", minutes)
}

// weekdays in Japanese, Sunday first.
var weekdays = []rune("日月火水木金土")

// when is a date and time of day in Japan, with the year only where it isn't now's.
func (w words) when(t, now time.Time) string {
	t, now = t.In(japan), now.In(japan)
	return w.date(t, t.Year() != now.Year()) + t.Format(" 15:04")
}

// day is a date in Japan with its year.
func (w words) day(t time.Time) string { return w.date(t.In(japan), true) }

func (w words) date(t time.Time, year bool) string {
	if w.lang != "ja" {
		if year {
			return t.Format("2 Jan 2006")
		}
		return t.Format("Mon 2 Jan")
	}
	if year {
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return fmt.Sprintf("%d月%d日(%c)", t.Month(), t.Day(), weekdays[t.Weekday()])
}

// dated is the date of a day in Japan with its weekday, and with the year where it isn't now's.
func (w words) dated(day, now time.Time) string {
	text := w.date(day, false)
	switch {
	case day.Year() == now.In(japan).Year():
		return text
	case w.lang == "ja":
		return fmt.Sprintf("%d年%s", day.Year(), text)
	}
	return text + day.Format(" 2006")
}

// ago is how long before now t was, or its date where that is more than an hour.
func (w words) ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < 10*time.Second:
		return w.text("time.now")
	case d < time.Minute:
		return w.text("time.s.ago", "n", int(d.Seconds()))
	case d < time.Hour:
		return w.text("time.min.ago", "n", int(d.Minutes()))
	}
	return w.when(t, now)
}

// moment is a date with its year and time of day, in Japan.
func (w words) moment(t time.Time) string { return w.day(t) + t.In(japan).Format(" 15:04") }

// clock is the time of day in Japan.
func clock(t time.Time) string { return t.In(japan).Format("15:04:05") }

// minute is the time of day in Japan, to the minute.
func minute(t time.Time) string { return t.In(japan).Format("15:04") }
