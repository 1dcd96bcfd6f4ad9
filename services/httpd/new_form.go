package httpd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/services/ablation"
)

// formView is the document as fields. A field's path is that of its value in the document.
type formView struct {
	About, Recipe, More, Start, Design []field
	Again                              []field // when it starts again by itself
	Keep                               []field // for how many days bulk is kept
	Designs, Addable                   []designPart
	Early                              designPart // successive halving
	Halves                             bool       // the document asks for it
	Recurs                             bool
	Control                            bool
	Changes                            bool // a schedule changes over its run, so that a control makes sense
	Sources, Tasks                     []tick
	Learning                           string   // what the recipe says of learning, in a line
	Tokenizers                         []string // that the form offers
}

// field is one value of the document.
type field struct {
	Path    string
	Label   string // key of words
	Value   string // as it is written; empty: not at all
	Default string // what holds then
	Kind    string // text, name, number, tokens, time, cron, share, shape; of lists shares, range, lengths, shapes
	Options []option
	Wrong   string // what is wrong with it
	Own     string // tells two fields of one path apart
	Part    string // of a cron line: what it says of when
	Items   string // the values of a list as they are written, as JSON
	Instead string // the path of what goes when this is set
	Of      string // what the label is of
	Off     bool   // it can be changed in the text only
}

// ID is the field's element.
func (f field) ID() string { return "f-" + strings.ReplaceAll(f.Path, "/", "-") + f.Own }

// List reports whether it is of a list of values.
func (f field) List() bool { return f.Items != "" }

type option struct{ Value, Text string }

// tick is a source or task that the document may list.
type tick struct {
	List, Name, Lang string // List is the list's path
	Label            string // empty: the name
	Index            int    // in the document's list; -1: not in it
	Missing          bool
}

// formBuilder makes fields of a draft.
type formBuilder struct {
	words words
	draft ablation.Draft
	wrong map[string]string // by path
}

func (s *Server) newForm(ctx context.Context, words words, d ablation.Draft, v newView) *formView {
	b := formBuilder{words, d, map[string]string{}}
	for _, p := range v.Problems {
		path := pathOf(p.Field)
		b.wrong[path] = cmp.Or(b.wrong[path], p.Message.In(words.lang))
	}
	r := d.Sweep.Recipe
	f := &formView{Control: d.Sweep.Design.Control != "", Changes: slices.ContainsFunc(d.Sweep.Schedules, ablation.Schedule.Changes), Learning: learningRate(r.Optimizer)}
	f.About = []field{b.field("name", "new.f.name", "name", ""), b.question()}
	trainers := s.options.Sweeper.Describe(ctx)
	named := r.Trainer
	if named == "" && len(trainers) > 0 {
		named = trainers[0].Name
	}
	f.Recipe = append([]field{
		b.shape(shapesOf(trainers, named)),
		b.field("recipe/tokens", "new.f.tokens", "tokens", ""),
		b.chosen(b.field("recipe/trainer", "sweep.def.trainer", "name", named), trainerNames(trainers)),
		b.field("recipe/optimizer/peak_lr", "new.f.lr", "number", words.text("new.f.lr.own")),
	}, b.numbers()...)
	f.More = []field{
		b.field("recipe/tokenizer", "sweep.def.tokenizer", "text", ablation.TokenizerBytes),
		b.field("recipe/row_tokens", "new.f.row", "number", strconv.Itoa(r.RowTokens)),
		b.field("recipe/batch_rows", "new.f.batch", "number", b.batchRows(r, trainers, named)),
		b.field("recipe/eval/every", "new.f.eval", "tokens", "5%"),
		b.field("recipe/eval/items", "new.f.items", "name", words.text("new.f.items.own")),
		b.field("recipe/max_epochs", "new.f.max", "number", "16"),
	}
	f.Tokenizers = tokenizersOf(trainers, named)
	f.Start = b.start()
	f.Design = []field{
		b.seeds(),
		b.chosen(b.field("design/baseline", "new.f.baseline", "name", d.Sweep.Design.Baseline), b.arms(v)),
		b.field("budget/yen", "new.f.yen", "number", words.text("new.f.none")),
		b.field("budget/runs_at_once", "new.f.side", "number", words.text("new.f.none")),
	}
	hours := b.field("budget/gpu_hours", "new.f.hours", "number", words.text("new.f.none"))
	if f.Recurs = d.Sweep.Recurrence != nil; f.Recurs {
		hours.Label = "rec.cap.hours"
		f.Again = append(b.again(*d.Sweep.Recurrence), hours)
	} else {
		f.Again, f.Design = []field{b.often("")}, append(f.Design, hours)
	}
	for _, of := range []ablation.Kept{ablation.KeptPoints, ablation.KeptCheckpoints, ablation.KeptLogs} {
		f.Keep = append(f.Keep, b.field("keep/"+string(of), "keep."+string(of), "number", words.text("keep.ever")))
	}
	f.Sources, f.Tasks = s.sourceTicks(ctx, d.Sweep), s.taskTicks(ctx, d.Sweep)
	f.Designs, f.Addable = b.designs(f.Sources)
	f.Early, f.Halves = b.early(), d.Sweep.EarlyStop != nil
	return f
}

// pathOf is a problem's field as a path: schedules.a.stages[0] is schedules/a/stages/0.
func pathOf(field string) string {
	return strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(field)
}

func (b formBuilder) field(path, label, kind, otherwise string) field {
	return field{Path: path, Label: label, Kind: kind, Value: b.draft.Texts[path], Default: otherwise, Wrong: b.wrong[path]}
}

// question is asked in one text, or where the document has one for each language in that of the page.
func (b formBuilder) question() field {
	for _, lang := range languages {
		if _, there := b.draft.Texts["question/"+lang]; there {
			return b.field("question/"+b.words.lang, "new.f.question", "text", "")
		}
	}
	return b.field("question", "new.f.question", "text", "")
}

// start is what the runs start from: a run at a step, or a folder.
func (b formBuilder) start() []field {
	run := b.field("recipe/start/run", "new.f.start", "name", b.words.text("new.f.start.none"))
	run.Wrong = cmp.Or(run.Wrong, b.wrong["recipe/start"])
	take := b.chosen(b.field("recipe/start/take", "new.f.take", "name", b.words.text("new.f.take.weights")), []option{
		{string(ablation.TakeWeights), b.words.text("new.f.take.weights")}, {string(ablation.TakeState), b.words.text("new.f.take.state")},
	})
	folder := b.field("recipe/start/checkpoint", "new.f.folder", "text", "/…")
	folder.Wrong = cmp.Or(folder.Wrong, b.wrong["recipe/start/sha256"])
	fields := []field{run, b.field("recipe/start/step", "new.f.start.step", "number", ""), take, folder}
	if b.draft.Sweep.Recipe.Tunes() {
		fields = append(fields, b.chosen(b.field("recipe/kind", "new.f.kind", "name", b.words.text("new.f.kind.pretrain")), []option{
			{ablation.KindPretrain, b.words.text("new.f.kind.pretrain")}, {ablation.KindTune, b.words.text("new.f.kind.tune")},
		}))
	}
	return fields
}

// seeds is a number, or the list of replicates that the document gives.
func (b formBuilder) seeds() field {
	f := b.field("seeds", "new.f.seeds", "number", strconv.Itoa(len(b.draft.Sweep.Seeds)))
	if _, list := b.draft.Texts["seeds/0"]; list {
		f.Default = strings.Trim(strings.ReplaceAll(fmt.Sprint(b.draft.Sweep.Seeds), " ", ", "), "[]")
	}
	return f
}

// chosen makes a field a choice. What the document says is among the options, whatever it is.
func (b formBuilder) chosen(f field, options []option) field {
	f.Options = []option{{"", b.words.text("new.f.default", "v", f.Default)}}
	if f.Value != "" && !slices.ContainsFunc(options, func(o option) bool { return o.Value == f.Value }) {
		f.Options = append(f.Options, option{f.Value, f.Value})
	}
	f.Options = append(f.Options, options...)
	return f
}

// tokenizersOf are those that a trainer makes; the path of a file is taken, too.
func tokenizersOf(trainers []trainer.Description, named string) []string {
	names := []string{ablation.TokenizerBytes}
	for _, d := range trainers {
		for _, t := range d.Tokenizers {
			if d.Name == named && t.Name != trainer.TokenizerFile {
				names = append(names, t.Name)
			}
		}
	}
	return names
}

// batchRows is what holds where the document says nothing: the size's rows a batch.
func (b formBuilder) batchRows(r ablation.Recipe, trainers []trainer.Description, named string) string {
	for _, shape := range shapesOf(trainers, named) {
		if shape.Name == r.Shape.Preset {
			r.Fit(shape.StepTokens, 0, 0)
		}
	}
	return strconv.Itoa(r.BatchRows)
}

func trainerNames(trainers []trainer.Description) []option {
	out := make([]option, len(trainers))
	for i, t := range trainers {
		device := ""
		if len(t.Devices) > 0 {
			device = " · " + t.Devices[0].Name
		}
		out[i] = option{t.Name, t.Name + device}
	}
	return out
}

func (b formBuilder) arms(v newView) []option {
	var out []option
	if v.Plan == nil {
		for _, c := range b.draft.Sweep.Schedules {
			out = append(out, option{c.Name, cmp.Or(c.Label.In(b.words.lang), c.Name)})
		}
		return out
	}
	for _, a := range v.Plan.Arms {
		out = append(out, option{a.Arm.Name, a.Arm.Label})
	}
	return out
}

// sourceTicks are the sources that there are, and those that the document names besides.
func (s *Server) sourceTicks(ctx context.Context, sweep ablation.Sweep) []tick {
	var out []tick
	all, err := s.options.Store.Sources(ctx)
	if err != nil {
		s.options.Log.Warn("sources can't be listed", "err", err)
	}
	for _, source := range all {
		if !slices.ContainsFunc(out, func(t tick) bool { return t.Name == source.Name }) {
			at := slices.IndexFunc(sweep.Sources, func(r ablation.SourceRef) bool { return r.Name == source.Name })
			out = append(out, tick{List: "sources", Name: source.Name, Lang: source.Lang, Index: at})
		}
	}
	for i, ref := range sweep.Sources {
		if !slices.ContainsFunc(out, func(t tick) bool { return t.Name == ref.Name }) {
			out = append(out, tick{List: "sources", Name: ref.Name, Lang: namesake(ref.Name), Index: i, Missing: true})
		}
	}
	return out
}

func (s *Server) taskTicks(ctx context.Context, sweep ablation.Sweep) []tick {
	var out []tick
	all, err := s.options.Store.Tasks(ctx)
	if err != nil {
		s.options.Log.Warn("tasks can't be listed", "err", err)
	}
	for _, task := range all {
		if !slices.ContainsFunc(out, func(t tick) bool { return t.Name == task.Name }) {
			out = append(out, tick{List: "tasks", Name: task.Name, Lang: task.Lang, Index: slices.Index(sweep.Tasks, task.Name)})
		}
	}
	for i, name := range sweep.Tasks {
		if !slices.ContainsFunc(out, func(t tick) bool { return t.Name == name }) {
			out = append(out, tick{List: "tasks", Name: name, Lang: "other", Index: i, Missing: true})
		}
	}
	return out
}
