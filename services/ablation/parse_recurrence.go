package ablation

import (
	"regexp"
	"strconv"
)

var (
	cronPattern = regexp.MustCompile(`^[0-9A-Za-z*,/#?-]+(?: +[0-9A-Za-z*,/#?-]+){4}$`)
	zonePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$`)
)

func (r *reader) recurrence(n *node) *Recurrence {
	if n == nil {
		return nil
	}
	f := r.fields(n, "cron", "zone", "missed")
	r.require(n, f, "cron")
	return &Recurrence{
		Cron:   r.matching(f["cron"], "", cronPattern, Label{EN: `five fields such as "0 22 * * *"`, JA: `"0 22 * * *" のような 5 つの欄`}),
		Zone:   r.matching(f["zone"], "Asia/Tokyo", zonePattern, Label{EN: "a time zone such as Asia/Tokyo", JA: "Asia/Tokyo のようなタイムゾーン"}),
		Missed: r.choice(f["missed"], "skip", "skip", "once"),
	}
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
