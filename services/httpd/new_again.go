package httpd

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// How often a recurrence starts, as the form asks.
const (
	everyDay   = "day"
	everyWeek  = "week"
	everyMonth = "month"
	onWeekdays = "weekdays"
	otherTimes = "other" // the cron line says it alone
)

// rhythm is a cron line in words: how often, at which time of day, on which weekday or day of the month.
type rhythm struct {
	how     string
	at      string // 15:04; empty where the line lacks it
	weekday string // 0 to 6, Sunday first
	day     string // likewise
}

var rhythmLine = regexp.MustCompile(`^ *([0-9]{1,2}) +([0-9]{1,2}) +(\*|[0-9]{1,2}) +\* +(\*|1-5|[0-7]) *$`)

// What is left of such a line when the time of day, or the day of the month, was cleared in the form.
var (
	timelessLine = regexp.MustCompile(`^ *(?:\*|[0-9]{1,2}) +\* +(?:\*|1-5|[0-7]) *$`)
	daylessLine  = regexp.MustCompile(`^ *[0-9]{1,2} +[0-9]{1,2} +\* +\* *$`)
)

// rhythmOf reads the lines that words say as well.
func rhythmOf(cron string) rhythm {
	switch {
	case timelessLine.MatchString(cron):
		r := rhythmOf("0 0 " + cron)
		r.at = ""
		return r
	case daylessLine.MatchString(cron):
		r := rhythmOf(cron + " *")
		r.how, r.day = everyMonth, ""
		return r
	}
	m := rhythmLine.FindStringSubmatch(cron)
	if m == nil || m[3] != "*" && m[4] != "*" {
		return rhythm{how: otherTimes}
	}
	var minute, hour int
	_, _ = fmt.Sscan(m[1]+" "+m[2], &minute, &hour) // they are digits
	r := rhythm{how: everyWeek, at: fmt.Sprintf("%02d:%02d", hour, minute), weekday: m[4], day: m[3]}
	switch {
	case minute > 59 || hour > 23:
		return rhythm{how: otherTimes}
	case r.day != "*":
		r.how = everyMonth
	case r.weekday == "*":
		r.how = everyDay
	case r.weekday == "1-5":
		r.how = onWeekdays
	case r.weekday == "7":
		r.weekday = "0"
	}
	return r
}

const cronPath = "recurrence/cron"

// often asks how often it starts; how is what the document says.
func (b formBuilder) often(how string) field {
	f := field{Path: cronPath, Label: "new.again.how", Kind: "cron", Part: "how", Value: how, Options: []option{{"", b.words.text("new.f.none")}}}
	for _, o := range []string{everyDay, onWeekdays, everyWeek, everyMonth, otherTimes} {
		if o != otherTimes || how == otherTimes {
			f.Options = append(f.Options, option{o, b.words.text("new.again." + o)})
		}
	}
	return f
}

// again are the fields of a recurrence: how often and when, the cron line that says so, its zone and what bounds it.
func (b formBuilder) again(r ablation.Recurrence) []field {
	said := rhythmOf(b.draft.Texts[cronPath])
	fields := []field{b.often(said.how)}
	if said.how == everyWeek {
		fields = append(fields, b.part("weekday", said.weekday, b.weekdays()))
	}
	if said.how == everyMonth {
		fields = append(fields, b.part("day", said.day, nil))
	}
	if said.how != otherTimes {
		fields = append(fields, b.part("time", said.at, nil))
	}
	line := b.field(cronPath, "new.again.cron", "name", "")
	line.Own = "line"
	zone := b.field("recurrence/zone", "new.again.zone", "name", r.Zone)
	zone.Part = "zone"
	missed := b.chosen(b.field("recurrence/missed", "rec.missed.policy", "name", b.words.text("rec.missed.skip")),
		[]option{{ablation.MissedSkip, b.words.text("rec.missed.skip")}, {ablation.MissedOnce, b.words.text("rec.missed.once")}})
	until := b.field("recurrence/until", "new.again.until", "time", "")
	until.Value = r.Until // two digits for hours, as the control takes them
	return append(fields, zone, until, missed, line)
}

// part is one of the values that a cron line is made of.
func (b formBuilder) part(name, value string, options []option) field {
	f := field{Path: cronPath, Label: "new.again." + name, Kind: "cron", Part: name, Own: name, Value: value, Options: options}
	switch name {
	case "time":
		f.Kind = "time"
	case "day":
		f.Kind, f.Label = "number", "new.again.dayofmonth"
	}
	if value == "" {
		f.Wrong = b.words.text("new.again." + name + ".none")
	}
	return f
}

// weekdays begin with Monday.
func (b formBuilder) weekdays() []option {
	var out []option
	for i := range 7 {
		day := (i + 1) % 7
		out = append(out, option{fmt.Sprint(day), b.words.text(fmt.Sprint("day.", day))})
	}
	return out
}

// zones are offered where one is written; any other that clocks know is taken, too.
var zones = []string{"Asia/Tokyo", "UTC", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Kolkata", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Australia/Sydney"}

// Zones are the time zones that the form offers.
func (f *formView) Zones() []string { return zones }

// firings are a plan's next ones, as the strip draws them.
func firings(sweep ablation.Sweep, times []time.Time) (out []nextFiring) {
	for _, at := range times {
		f := nextFiring{At: at}
		f.Closes, _, _ = sweep.Recurrence.Closes(at) // the document was read: its times are good
		out = append(out, f)
	}
	return slices.Clip(out)
}
