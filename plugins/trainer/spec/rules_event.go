package spec

import (
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what an event says, in bytes.
const (
	maxMetric = 256  // of a metric's name
	maxName   = 64   // of a source's and a task's
	maxText   = 4096 // of a path, a digest, the name of a device
)

// event checks what a line of events.jsonl may say, as the package's list of rules has it.
func (p *problems) event(e *Event) {
	if len(*p) > 0 {
		return
	}
	p.header(&e.Header)
	switch {
	case e.Started != nil:
		p.started(e.Started)
	case e.Plan != nil:
		p.planned(e.Plan)
	case e.Metrics != nil:
		p.values(e.Metrics.Step, e.Metrics.Tokens, e.Metrics.Values)
	case e.Scores != nil:
		p.values(e.Scores.Step, e.Scores.Tokens, e.Scores.Values)
		p.text("items", e.Scores.Items, 0)
	case e.Usage != nil:
		p.count("step", e.Usage.Step)
		p.rows(e.Usage.Rows)
	case e.Checkpoint != nil:
		p.saved(e.Checkpoint)
	case e.Finished != nil:
		p.finished(e.Finished)
	}
}

func (p *problems) header(h *Header) {
	if h.Seq < 1 {
		p.say("seq", "is %d; events count from 1", "%d になっています。イベントは 1 から数えます", h.Seq)
	}
	if h.Attempt < 1 {
		p.say("attempt", "is %d; attempts count from 1", "%d になっています。試行は 1 から数えます", h.Attempt)
	}
	p.small("segment", h.Segment)
}

func (p *problems) started(e *Started) {
	p.text("trainer.name", e.Trainer.Name, 0)
	p.text("trainer.version", e.Trainer.Version, 0)
	p.text("device", e.Device, 0)
	p.text("isa", e.ISA, 0)
	p.small("devices", e.Devices)
	p.small("threads", e.Threads)
	if e.ResumedFrom != nil {
		p.count("resumed_from", *e.ResumedFrom)
	}
}

func (p *problems) planned(e *Plan) {
	p.rows(e.Rows)
	p.text("plan_sha256", e.PlanSHA256, 0)
	for _, digest := range e.BlockSHA256 {
		p.text("block_sha256", digest, 0)
	}
	p.count("parameters", e.Parameters)
	p.count("trainable_parameters", e.Trainable)
}

func (p *problems) values(step, tokens int64, values map[string]Real) {
	p.count("step", step)
	p.count("tokens", tokens)
	p.names("values", maps.Keys(values), maxMetric)
}

func (p *problems) rows(rows map[string]int64) {
	p.names("rows", maps.Keys(rows), maxName)
	for _, name := range without(maps.Keys(rows), func(name string) bool { return rows[name] >= 0 }) {
		p.count("rows."+start(name), rows[name])
	}
}

func (p *problems) saved(e *Saved) {
	p.count("step", e.Step)
	p.text("path", e.Path, 1)
	p.count("bytes", e.Bytes)
	p.text("manifest_sha256", e.ManifestSHA256, 0)
}

func (p *problems) finished(e *Finished) {
	p.count("step", e.Step)
	switch e.Outcome {
	case OutcomeCompleted, OutcomeStopped, OutcomeDiverged, OutcomeFailed:
		return
	}
	p.say("outcome", "is %q; give completed, stopped, diverged or failed",
		"%q になっています。completed、stopped、diverged、failed のどれかにしてください", start(e.Outcome))
}

// The checks below allocate nothing where all is well: every metric of every step passes them.

func (p *problems) count(field string, n int64) {
	if n < 0 {
		p.say(field, "is %d; give 0 or more", "%d になっています。0 以上にしてください", n)
	}
}

func (p *problems) small(field string, n int) {
	if n < 0 || n > math.MaxInt32 {
		p.say(field, "is %d; give 0 to %d", "%d になっています。0 以上 %d 以下にしてください", n, math.MaxInt32)
	}
}

// names checks the names of metrics or sources.
func (p *problems) names(field string, names iter.Seq[string], most int) {
	bad := without(names, func(name string) bool { return name != "" && len(name) <= most && strings.IndexFunc(name, control) < 0 })
	for _, name := range bad {
		p.say(field, "%q is no name; a name here has 1 to %d bytes and no control characters",
			"%q は名前に使えません。ここの名前は 1 ～ %d バイトで、制御文字は使えません", start(name), most)
	}
}

// without is those names that aren't as they should be, in order.
func without(names iter.Seq[string], right func(name string) bool) (wrong []string) {
	for name := range names {
		if !right(name) {
			wrong = append(wrong, name)
		}
	}
	slices.Sort(wrong)
	return wrong
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func (p *problems) text(field, s string, least int) {
	if len(s) < least || len(s) > maxText || strings.IndexByte(s, 0) >= 0 {
		p.say(field, "is %q; give %d to %d bytes, none of them NUL", "%q になっています。%d ～ %d バイトで、NUL を含まない文字列にしてください", start(s), least, maxText)
	}
}

// start is as much of a text as a message can quote.
func start(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
