package ablation

import (
	"regexp"
	"strconv"
)

var (
	zonePattern  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$`)
	clockPattern = regexp.MustCompile(`^(?:[01]?[0-9]|2[0-3]):[0-5][0-9]$`)
)

func (r *reader) recurrence(n *node) *Recurrence {
	if n == nil {
		return nil
	}
	f := r.fields(n, "cron", "zone", "missed", "until")
	r.require(n, f, "cron")
	return &Recurrence{
		Cron:   r.cron(f["cron"]),
		Zone:   r.zone(f["zone"]),
		Missed: r.choice(f["missed"], MissedSkip, MissedSkip, MissedOnce),
		Until:  r.timeOfDay(f["until"]),
	}
}

// cron is a cron line; what is wrong in it is pointed at.
func (r *reader) cron(n *node) string {
	if !r.is(n, kindScalar) {
		return ""
	}
	if _, bad := readCron(n.text); bad != nil {
		at := *n
		at.text = bad.text
		if at.column += bad.offset; n.quoted && bad.offset > 0 {
			at.column++
		}
		r.problem(&at, bad.message)
	}
	return n.text
}

func (r *reader) zone(n *node) string {
	const otherwise = "Asia/Tokyo"
	if !r.is(n, kindScalar) {
		return otherwise
	}
	if !zonePattern.MatchString(n.text) || !knownZone(n.text) {
		r.problem(n, say("is %s; give a time zone such as Asia/Tokyo or Europe/Berlin", "%s です。Asia/Tokyo や Europe/Berlin のようなタイムゾーンを書いてください", strconv.Quote(n.text)))
		return otherwise
	}
	return n.text
}

// timeOfDay is hours and minutes, written with two digits each. It must be quoted where YAML would read a number.
func (r *reader) timeOfDay(n *node) string {
	text := r.matching(n, "", clockPattern, Label{EN: `a time of day such as "08:00"`, JA: `"08:00" のような時刻`})
	if len(text) == len("8:00") {
		return "0" + text
	}
	return text
}

// maxRecurringName leaves room for what a firing adds to its sweep's name, and for a number behind that.
const maxRecurringName = 64 - len(stamp) - len("-99")

// recurring checks what a recurrence asks of the rest of the document.
func (r *reader) recurring(name *node, s Sweep) {
	if s.Recurrence != nil && len(s.Name) > maxRecurringName {
		r.problem(name, longName(s.Name))
	}
}

// CheckRecurringName refuses a name to which a firing can't add its time, as an *[Invalid] of the field.
func CheckRecurringName(field, name string) error {
	if len(name) <= maxRecurringName {
		return nil
	}
	return &Invalid{Problems: []Problem{{Field: field, Text: name, Message: longName(name)}}}
}

func longName(name string) Label {
	return say("%s is too long for a sweep that recurs, since each firing adds its time; take at most %d characters",
		"%s は定期実行には長すぎます。実行のたびに時刻が付くので、%d 字までにしてください", name, maxRecurringName)
}

func (r *reader) matching(n *node, otherwise string, pattern *regexp.Regexp, wanted Label) string {
	if !r.is(n, kindScalar) {
		return otherwise
	}
	if !pattern.MatchString(n.text) {
		r.problem(n, say("is %s; give %s", "%s です。%sを書いてください", strconv.Quote(n.text), wanted))
		return otherwise
	}
	return n.text
}
