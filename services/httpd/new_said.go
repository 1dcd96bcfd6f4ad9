package httpd

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// fieldLabels are what the form calls the document's fields, as keys of words by path. What a rule that makes arms has is
// named after its rule.
var fieldLabels = map[string]string{
	"name": "new.f.name", "question": "new.f.question", "question/ja": "new.f.question", "question/en": "new.f.question", "sources": "nav.sources", "tasks": "new.tasks", "schedules": "new.schedules", "seeds": "new.f.seeds",
	"recipe/shape": "sweep.def.shape", "recipe/tokens": "new.f.tokens", "recipe/trainer": "sweep.def.trainer", "recipe/optimizer/peak_lr": "new.f.lr",
	"recipe/tokenizer": "sweep.def.tokenizer", "recipe/row_tokens": "new.f.row", "recipe/batch_rows": "new.f.batch", "recipe/eval/every": "new.f.eval", "recipe/eval/items": "new.f.items", "recipe/max_epochs": "new.f.max",
	"recipe/shape/layers": "new.f.layers", "recipe/shape/width": "new.f.width", "recipe/shape/heads": "new.f.heads", "recipe/shape/ffn": "new.f.ffn",
	"recipe/start": "new.f.start", "recipe/kind": "new.f.kind", "recipe/method": "sweep.def.method", "recipe/start/run": "new.f.start", "recipe/start/step": "new.f.start.step", "recipe/start/take": "new.f.take", "recipe/start/checkpoint": "new.f.folder",
	"budget/yen": "new.f.yen", "budget/gpu_hours": "new.f.hours", "budget/runs_at_once": "new.f.side",
	"recurrence": "nav.recurrences", "recurrence/cron": "new.again.cron", "recurrence/zone": "new.again.zone", "recurrence/missed": "rec.missed.policy", "recurrence/until": "new.again.until",
	"keep": "keep.head", "keep/points": "keep.points", "keep/checkpoints": "keep.checkpoints", "keep/logs": "keep.logs", "as": "new.as",
	"early_stop": "new.d.early_stop", "early_stop/at": "new.d.rungs", "early_stop/keep": "new.d.keep", "early_stop/by": "new.d.by",
	"design": "new.designs", "design/baseline": "new.f.baseline", "design/control": "new.control",
	"grid": "new.d.grid", "grid/of": "new.d.of", "grid/values": "new.d.values", "grid/from": "new.d.from",
	"lattice": "new.d.lattice", "lattice/of": "new.d.mixed", "lattice/step": "new.d.step", "lattice/points": "new.d.points", "lattice/from": "new.d.rest",
	"dirichlet": "new.d.dirichlet", "dirichlet/arms": "new.d.arms", "dirichlet/centre": "new.d.centre", "dirichlet/concentration": "new.d.concentration", "dirichlet/bounds": "new.d.bound",
	"one_factor": "new.d.one_factor", "one_factor/from": "new.d.from", "one_factor/of": "new.d.factors.of", "one_factor/step": "new.d.move", "one_factor/values": "new.d.values",
	"adaptive": "new.d.adaptive", "adaptive/start": "new.d.start", "adaptive/batch": "new.d.batch", "adaptive/rounds": "new.d.rounds", "adaptive/confirm": "new.d.confirm",
	"adaptive/objective": "new.d.objective", "adaptive/enough": "new.d.enough", "adaptive/front": "new.d.front", "adaptive/bounds": "new.d.bound",
	"product": "new.d.product", "product/tokens": "new.d.tokens", "product/shapes": "new.d.shapes", "product/methods": "new.d.methods",
	"limits": "new.d.limits", "limits/min_share": "new.d.least", "limits/max_epochs": "new.d.epochs",
}

// boundEnds are the places of a bound's ends.
var boundEnds = []string{"0", "1"}

// between is a space that keeps Japanese from Japanese: only letters and digits keep it.
var between = regexp.MustCompile(`([\p{Han}\p{Hiragana}\p{Katakana}ー）]) ([\p{Han}\p{Hiragana}\p{Katakana}])`)

// label is what the form calls a field of the document, given as its path; of one that it doesn't have, its nearest
// parent's with the rest of the path, and where that has none either, the path.
func (w words) label(path string, draft ablation.Draft) string {
	return between.ReplaceAllString(w.called(path, draft), "$1$2")
}

func (w words) called(path string, draft ablation.Draft) string {
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "schedules" && len(parts) > 1:
		return w.scheduleLabel(parts[1:], draft)
	case parts[0] == "design" && len(parts) > 2:
		return w.nearest(parts[1:2]) + w.text("new.said.part") + w.nearest(parts[1:])
	case parts[0] == "design" && len(parts) > 1 && fieldLabels[path] == "":
		return w.nearest(parts[1:])
	}
	return w.nearest(parts)
}

func (w words) nearest(parts []string) string {
	for n := len(parts); n > 0; n-- {
		key, known := fieldLabels[strings.Join(parts[:n], "/")]
		if !known {
			continue
		}
		rest := parts[n:]
		if len(rest) == 0 {
			return w.text(key)
		}
		if i, err := strconv.Atoi(rest[0]); err == nil {
			return w.text("new.said.nth", "a", w.text(key), "n", i+1)
		}
		if end := slices.Index(boundEnds, rest[len(rest)-1]); end >= 0 && len(rest) > 1 && parts[n-1] == "bounds" {
			return w.text([]string{"new.said.least", "new.said.most"}[end], "b", strings.Join(rest[:len(rest)-1], "."))
		}
		return w.text(key) + " " + strings.Join(rest, ".")
	}
	return strings.Join(parts, ".")
}

// scheduleLabel is what a part of a schedule is called: by the schedule's own label, the number of its stage, and what of it.
func (w words) scheduleLabel(parts []string, draft ablation.Draft) string {
	name := parts[0]
	for _, c := range draft.Sweep.Schedules {
		if label := c.Label.In(w.lang); c.Name == name && label != "" {
			name = label
		}
	}
	if len(parts) < 3 || parts[1] != "stages" {
		return name
	}
	i, _ := strconv.Atoi(parts[2])
	what, key := "", "new.said.stage"
	switch {
	case len(parts) > 4:
		what, key = parts[4], "new.said.of"
	case len(parts) > 3 && parts[3] == "until":
		what, key = w.text("ed.until"), "new.said.of"
	case len(parts) > 3 && parts[3] == "ramp":
		what, key = w.text("ed.how"), "new.said.of"
	}
	return w.text(key, "a", name, "n", i+1, "b", what)
}

// verbs begin messages whose subject is their field.
var verbs = regexp.MustCompile(`^(are|aren't|belongs|can't|chooses|differs|doesn't|ends|goes|has|is|isn't|leaves|makes|must|names|needs|stands|takes) `)

// said are problems as the page says them: each a whole sentence in its language that names its field as the form does.
func (w words) said(problems []ablation.Problem, document string) []ablation.Problem {
	draft, _ := ablation.ReadDraft([]byte(document))
	out := make([]ablation.Problem, len(problems))
	for i, p := range problems {
		out[i] = p
		text := w.plainly(p.Message, draft)
		if p.Field != "" {
			join := map[bool]string{true: "new.said.is", false: "new.said.colon"}[verbs.MatchString(p.Message.In("en"))]
			text = w.text(join, "a", w.label(pathOf(p.Field), draft), "b", text)
		}
		out[i].Message = ablation.Label{JA: text, EN: text}
	}
	return out
}

// keys are fields of a document within a message.
var keys = regexp.MustCompile(`\b(?:(?:recipe|design|budget|recurrence|early_stop)(?:\.[a-z_]+)+|row_tokens|batch_rows|max_epochs)\b ?`)

// plainly is a message in the page's language, with the form's name before each of the document's keys in it.
func (w words) plainly(message ablation.Label, draft ablation.Draft) string {
	text := message.In(w.lang)
	return keys.ReplaceAllStringFunc(text, func(found string) string {
		key := strings.TrimSuffix(found, " ")
		path := strings.ReplaceAll(key, ".", "/")
		if !strings.Contains(path, "/") {
			path = "recipe/" + path
		}
		if _, known := fieldLabels[path]; !known || path == "design/control" {
			return found
		}
		said := w.text("new.said.key", "a", w.label(path, draft), "key", key)
		if w.lang == "ja" {
			return said // a bracket needs no space behind it
		}
		return said + found[len(key):]
	})
}
