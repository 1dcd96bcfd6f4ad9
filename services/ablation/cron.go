package ablation

import (
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// cronLine is a cron line, read: which minutes, hours, days, months and weekdays it names.
type cronLine struct {
	minutes, hours, days, months, weekdays numbers
	// either day of the month or weekday is enough: both were narrowed.
	either bool
	// every hour is named by a star: an hour that clocks pass over is then none.
	everyHour bool
}

// numbers is a set of those from 0 to 63.
type numbers uint64

func (n numbers) has(i int) bool { return n>>i&1 == 1 }

// cronField is one of a line's five fields.
type cronField struct {
	name      Label
	low, high int
	words     string // three letters a value, from low on
	example   string
}

var cronFields = []cronField{
	{Label{EN: "minute", JA: "分"}, 0, 59, "", "0,30"},
	{Label{EN: "hour", JA: "時"}, 0, 23, "", "22"},
	{Label{EN: "day", JA: "日"}, 1, 31, "", "1,15"},
	{Label{EN: "month", JA: "月"}, 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", "1-3"},
	{Label{EN: "weekday", JA: "曜日"}, 0, 7, "sunmontuewedthufrisat", "1-5"}, // 0 and 7 are Sunday
}

// cronProblem is what is wrong with a line, and where in it.
type cronProblem struct {
	offset  int
	text    string
	message Label
}

var cronWord = regexp.MustCompile(`\S+`)

// readCron reads minute, hour, day, month and weekday: each *, numbers, ranges (1-5) and steps (*/15, 8-20/2), joined by
// commas; months and weekdays also by three letters. A line that names no date that ever comes is a problem.
func readCron(text string) (cronLine, *cronProblem) {
	places := cronWord.FindAllStringIndex(text, -1)
	if len(places) != len(cronFields) {
		return cronLine{}, &cronProblem{0, text, say("is %s; give five fields such as \"0 22 * * *\"", "%s です。\"0 22 * * *\" のような 5 つの欄を書いてください", strconv.Quote(text))}
	}
	var sets [5]numbers
	var open [5]bool
	for i, place := range places {
		word, ok := text[place[0]:place[1]], false
		if sets[i], ok = cronFields[i].read(word); !ok {
			return cronLine{}, &cronProblem{place[0], word, cronFields[i].wanted(word)}
		}
		open[i] = strings.HasPrefix(word, "*")
	}
	c := cronLine{minutes: sets[0], hours: sets[1], days: sets[2], months: sets[3], weekdays: sets[4] | sets[4]>>7&1, either: !open[2] && !open[4], everyHour: open[1]}
	if c.nextDate(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return cronLine{}, &cronProblem{places[2][0], text, say("names a date that never comes; give a day that the month has", "この日付は来ません。その月にある日を書いてください")}
	}
	return c, nil
}

func (f cronField) wanted(word string) Label {
	values := say("numbers from %d to %d such as %s", "%d から %d までの数（%s など）", f.low, f.high, f.example)
	return say("the %s is %s; give *, a step such as */2, or %s", "%sが %s です。*、*/2 のような間隔、%sのどれかを書いてください", f.name, strconv.Quote(word), values)
}

func (f cronField) read(word string) (numbers, bool) {
	var out numbers
	for item := range strings.SplitSeq(word, ",") {
		from, to, step, ok := f.item(item)
		if !ok {
			return 0, false
		}
		for n := from; n <= to; n += step {
			out |= 1 << n
		}
	}
	return out, true
}

// item reads one of a field's parts.
func (f cronField) item(text string) (from, to, step int, ok bool) {
	base, every, stepped := strings.Cut(text, "/")
	first, last, ranged := strings.Cut(base, "-")
	step = 1
	if stepped {
		n, err := strconv.Atoi(every)
		if err != nil || n < 1 || n > f.high || !ranged && base != "*" || every[0] == '+' {
			return 0, 0, 0, false
		}
		step = n
	}
	if base == "*" {
		return f.low, f.high, step, true
	}
	if from, ok = f.value(first); !ok || !ranged {
		return from, from, step, ok
	}
	to, ok = f.value(last)
	return from, to, step, ok && from <= to
}

// value is a number of the field, or one that its three letters stand for.
func (f cronField) value(text string) (int, bool) {
	for i := 0; i+3 <= len(f.words); i += 3 {
		if strings.EqualFold(text, f.words[i:i+3]) {
			return f.low + i/3, true
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && len(text) <= 2 && text[0] != '+' && text[0] != '-' && n >= f.low && n <= f.high
}

// on reports whether the line names a date.
func (c cronLine) on(date time.Time) bool {
	if !c.months.has(int(date.Month())) {
		return false
	}
	day, weekday := c.days.has(date.Day()), c.weekdays.has(int(date.Weekday()))
	if c.either {
		return day || weekday
	}
	return day && weekday
}

// calendar is more days than there are between two dates of the same day, month and weekday: 40 years at most, around a
// century without a leap day.
const calendar = 41 * 366

// nextDate is the first date named from one on, zero for none.
func (c cronLine) nextDate(date time.Time) time.Time {
	for range calendar {
		if c.on(date) {
			return date
		}
		date = date.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// after yields the moments past t at which clocks in zone show what the line names, in order and each once. A time that
// clocks pass over when they go forward is the moment at which they do, or nothing where the hours are a star; one that
// they show twice when they go back is the first of the two.
func (c cronLine) after(t time.Time, zone *time.Location) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		local := t.In(zone)
		// The day before, too: clocks may have passed over its times.
		date := c.nextDate(time.Date(local.Year(), local.Month(), local.Day()-1, 0, 0, 0, 0, time.UTC))
		for last := t; !date.IsZero(); date = c.nextDate(date.AddDate(0, 0, 1)) {
			for minute := range 24 * 60 {
				if !c.hours.has(minute/60) || !c.minutes.has(minute%60) {
					continue
				}
				at, shown := whenShown(date.Add(time.Duration(minute)*time.Minute), zone)
				if !at.After(last) || !shown && c.everyHour {
					continue
				}
				if last = at; !yield(at) {
					return
				}
			}
		}
	}
}

// whenShown is the first moment at which clocks in zone show a wall time, which is given as if it were UTC; where they
// pass over it, the moment at which they do, and shown is false.
func whenShown(wall time.Time, zone *time.Location) (at time.Time, shown bool) {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	begins, ends := t.ZoneBounds()
	_, offset := t.Zone()
	switch there := t.UTC().Add(time.Duration(offset) * time.Second); {
	case there.After(wall):
		return begins.UTC(), false
	case there.Before(wall):
		return ends.UTC(), false
	case begins.IsZero():
		return t.UTC(), true
	}
	_, before := begins.Add(-1).Zone()
	if earlier := wall.Add(-time.Duration(before) * time.Second); earlier.Before(begins) {
		return earlier.UTC(), true
	}
	return t.UTC(), true
}
