package chart

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TraitGroup is what a trait belongs to.
type TraitGroup string

// Groups of traits, in their order.
const (
	TraitData   TraitGroup = "data"
	TraitRecipe TraitGroup = "recipe"
	TraitSeeds  TraitGroup = "seeds"
	TraitCode   TraitGroup = "code"
)

// Trait is one thing that makes the runs of every side of a comparison what they are.
type Trait struct {
	Group  TraitGroup     `json:"group"`
	Key    string         `json:"key"` // stable: share/ja, source/web-ja, peak_lr
	Name   ablation.Label `json:"name"`
	Values []TraitValue   `json:"values"` // in order of sides
	cause  string         // what counts as one difference with others; empty: follows from others, or changes nothing
}

// TraitValue is what a side has of a trait. Two are equal where their IDs are.
type TraitValue struct {
	Text ablation.Label `json:"text"`
	ID   string         `json:"id"`
}

// Differs reports whether side i has it otherwise than side j.
func (t Trait) Differs(i, j int) bool { return t.Values[i].ID != t.Values[j].ID }

// Parted reports whether any two sides differ.
func (t Trait) Parted() bool {
	return slices.ContainsFunc(t.Values, func(v TraitValue) bool { return v.ID != t.Values[0].ID })
}

// What counts as one difference.
const (
	causeShares = "shares"
	causeOrder  = "order"
)

// Traits are everything that the sides are made of: mixture, order and versions of their data, recipe, seeds, and what ran.
func (c Comparison) Traits() []Trait {
	t := traits{c: c}
	t.shares()
	t.add(TraitData, "order", say("順序", "Order"), causeOrder, func(s ablation.Side) TraitValue { return orderOf(s) })
	t.schedules()
	for _, source := range c.Sources {
		t.add(TraitData, "source/"+source.Name, same(source.Name), source.Name, func(s ablation.Side) TraitValue { return sourceOf(s, source.Name) })
	}
	for _, task := range c.Tasks {
		t.add(TraitData, "task/"+task.Name, same(task.Name), task.Name, func(s ablation.Side) TraitValue { return taskVersion(s, task.Name) })
	}
	t.recipe()
	t.add(TraitSeeds, "data_seed", same("data_seed"), "", func(s ablation.Side) TraitValue {
		return seedsText(s, func(r ablation.Run) uint64 { return r.DataSeed })
	})
	t.add(TraitSeeds, "init_seed", same("init_seed"), "", func(s ablation.Side) TraitValue {
		return seedsText(s, func(r ablation.Run) uint64 { return r.InitSeed })
	})
	t.code()
	return t.all
}

type traits struct {
	c   Comparison
	all []Trait
}

func (t *traits) add(group TraitGroup, key string, name ablation.Label, cause string, value func(ablation.Side) TraitValue) {
	values := make([]TraitValue, len(t.c.Sides))
	for i, s := range t.c.Sides {
		values[i] = value(s)
	}
	t.all = append(t.all, Trait{group, key, name, values, cause})
}

// plainValue is one whose text is the same in both languages, and says all.
func plainValue(text string) TraitValue { return TraitValue{same(text), text} }

var noValue = TraitValue{same("—"), ""}

// shares are those of the languages over a whole run, as sampled.
func (t *traits) shares() {
	for _, lang := range t.c.languages() {
		digits := 0
		for _, s := range t.c.Sides {
			if share := 100 * shareOf(s, lang); math.Abs(share-math.Round(share)) >= .05 {
				digits = 1 // of all, so that nobody takes 44% and 43.9% for two ways of rounding
			}
		}
		t.add(TraitData, "share/"+lang, say("%s 全体比率", "%s, share of the whole", language(lang)), causeShares, func(s ablation.Side) TraitValue {
			return plainValue(Percent(shareOf(s, lang), digits))
		})
	}
}

// shareOf is a language's share of a side's training tokens.
func shareOf(s ablation.Side, lang string) (share float64) {
	for k, v := range totalShares(s) {
		if stacked(s.Sources[k].Lang) == lang {
			share += v
		}
	}
	return share
}

// totalShares are the sources' shares of a side's training tokens.
func totalShares(s ablation.Side) []float64 {
	steps := float64(s.Recipe().Steps())
	shares := make([]float64, len(s.Sources))
	for i, w := range s.Arm.Weights {
		end := steps
		if i+1 < len(s.Arm.Weights) {
			end = min(steps, float64(s.Arm.Weights[i+1].FromStep))
		}
		for k := range min(len(shares), len(w.W)) {
			shares[k] += float64(w.W[k]) / ablation.WeightTotal * (end - float64(w.FromStep)) / steps
		}
	}
	return shares
}

// orderOf says when the mixture changes.
func orderOf(s ablation.Side) TraitValue {
	var turns []ablation.Label
	if s.Arm.Schedule != nil && s.Arm.Schedule.Changes() {
		stages := s.Arm.Schedule.Stages
		budget := s.Recipe().Tokens
		for i, stage := range stages[1:] {
			from, to := stages[i].Until.Of(budget), stage.Until.Of(budget)
			at := func(tokens int64) string { return Percent(float64(tokens)/float64(budget), 0) }
			if stage.Ramp == ablation.RampLinear || stage.Ramp == ablation.RampCosine {
				turns = append(turns, say("%s〜%s でなだらかに移る", "moves from %s to %s", at(from), at(to)))
			} else {
				turns = append(turns, say("%s で切り替え", "switches at %s", at(from)))
			}
		}
	}
	if len(turns) == 0 {
		return TraitValue{say("一定", "constant"), "constant"}
	}
	text := list(turns)
	return TraitValue{text, text.EN}
}

// schedules tells schedules apart whose totals and turns read alike.
func (t *traits) schedules() {
	alike := func(i, j int) bool {
		return !slices.ContainsFunc(t.all, func(o Trait) bool { return o.Differs(i, j) })
	}
	values := make([]TraitValue, len(t.c.Sides))
	needed := false
	for i, s := range t.c.Sides {
		values[i] = TraitValue{same(s.Arm.Name), profile(s)}
		for j := range i {
			needed = needed || alike(i, j) && values[i].ID != values[j].ID
		}
	}
	if needed {
		t.all = append(t.all, Trait{TraitData, "schedule", say("配合スケジュール", "Schedule"), values, causeOrder})
	}
}

// profile is a side's mixture over the run in a form that doesn't hang on its length: shares by language in ten-thousandths.
func profile(s ablation.Side) string {
	var b strings.Builder
	last := ""
	for _, w := range s.Arm.Weights {
		shares := map[string]int64{}
		for k, n := range w.W {
			if k < len(s.Sources) {
				shares[s.Sources[k].Name] += n
			}
		}
		text := ""
		for _, name := range slices.Sorted(maps.Keys(shares)) {
			text += fmt.Sprintf(" %s %.4f", name, float64(shares[name])/ablation.WeightTotal)
		}
		if text != last {
			fmt.Fprintf(&b, "%.3f%s;", float64(w.FromStep)/float64(s.Recipe().Steps()), text)
		}
		last = text
	}
	return b.String()
}

func sourceOf(s ablation.Side, name string) TraitValue {
	i := slices.IndexFunc(s.Sources, func(v ablation.Source) bool { return v.Name == name })
	if i < 0 {
		return noValue
	}
	v := s.Sources[i]
	return TraitValue{say("%s（%s）", "%s (%s)", v.Version, same(Size(v.Bytes))), v.ManifestSHA256}
}

func taskVersion(s ablation.Side, name string) TraitValue {
	i := slices.IndexFunc(s.Tasks, func(t ablation.Task) bool { return t.Name == name })
	if i < 0 {
		return noValue
	}
	t := s.Tasks[i]
	return TraitValue{say("%s（%d 問）", "%s (%d items)", t.Version, t.Items), t.SHA256}
}

// tokenizerValue is a tokenizer's name and which one of that name it is: what it was learnt from may differ.
func tokenizerValue(s ablation.Side) TraitValue {
	name, made := s.Recipe().Tokenizer, s.Sweep.Tokenized
	if made == nil {
		return plainValue(name)
	}
	return TraitValue{say("%s（%s）", "%s (%s)", name, made.SHA256[:min(8, len(made.SHA256))]), made.SHA256}
}

// recipe are the fields of the recipe that change what a run learns or how it is scored.
func (t *traits) recipe() {
	field := func(key string, name ablation.Label, value func(ablation.Recipe) string) {
		t.add(TraitRecipe, key, name, key, func(s ablation.Side) TraitValue { return plainValue(value(s.Recipe())) })
	}
	count := func(key string, name ablation.Label, value func(ablation.Side) int64) {
		t.number(key, name, value, func(n int64) ablation.Label { return say("%s", "%s", Count(n)) }, "")
	}
	field("shape", say("モデルの形", "Model"), func(r ablation.Recipe) string { return shapeText(r.Shape) })
	count("tokens", say("トークン数", "Tokens of a run"), func(s ablation.Side) int64 { return s.Recipe().Tokens })
	t.add(TraitRecipe, "tokenizer", say("トークナイザー", "Tokenizer"), "tokenizer", tokenizerValue)
	field("batch", say("バッチ（行 × トークン）", "Batch (rows × tokens)"), func(r ablation.Recipe) string { return fmt.Sprintf("%d × %d", r.BatchRows, r.RowTokens) })
	field("precision", say("精度", "Precision"), func(r ablation.Recipe) string { return r.Precision })
	t.add(TraitRecipe, "peak_lr", say("学習率", "Learning rate"), "peak_lr", func(s ablation.Side) TraitValue {
		if lr := s.Recipe().Optimizer.PeakLR; lr > 0 {
			return plainValue(number(lr))
		}
		return TraitValue{say("形に合わせた値", "the model's own"), "of " + shapeText(s.Recipe().Shape)}
	})
	field("decay", say("学習率の下げ方", "Decay"), func(r ablation.Recipe) string {
		return fmt.Sprintf("%s → %s", r.Optimizer.Decay, Percent(r.Optimizer.FinalLR, 0))
	})
	count("warmup", say("ウォームアップ（ステップ）", "Warm-up (steps)"), func(s ablation.Side) int64 { return s.Recipe().WarmupSteps() })
	field("weight_decay", say("重み減衰", "Weight decay"), func(r ablation.Recipe) string { return number(r.Optimizer.WeightDecay) })
	field("beta2", say("Adam の β₂", "Adam's β₂"), func(r ablation.Recipe) string { return number(cmp.Or(r.Optimizer.Beta2, ablation.DefaultBeta2)) })
	field("z_loss", say("z-loss", "z-loss"), func(r ablation.Recipe) string { return number(r.Optimizer.ZLoss) })
	field("clip", say("勾配クリップ", "Clipping"), func(r ablation.Recipe) string { return number(r.Optimizer.Clip) })
	setBytes := func(s ablation.Side) int64 { return s.Recipe().SetBytes }
	t.number("set_bytes", say("検証セットの大きさ（上限）", "Held-out set, at most"), setBytes, func(n int64) ablation.Label { return same(Size(n)) }, " B")
	t.add(TraitRecipe, "items", say("タスクごとの問題数（上限）", "Items of each task, at most"), "items", func(s ablation.Side) TraitValue {
		if n := s.Recipe().Items; n > 0 {
			return plainValue(strconv.FormatInt(n, 10))
		}
		return TraitValue{say("すべて", "all"), "all"}
	})
	if changed := func(s ablation.Side) bool { return slices.ContainsFunc(s.Results, wentOtherwise) }; slices.ContainsFunc(t.c.Sides, changed) {
		t.add(TraitRecipe, "interventions", say("途中で変えたこと", "Changed on the way"), "interventions", interventions)
	}
}

func wentOtherwise(r ablation.Result) bool { return len(r.Run.Interventions) > 0 }

// interventions are what a side's runs did otherwise than their recipe since they diverged.
func interventions(s ablation.Side) TraitValue {
	var told []ablation.Label
	for _, r := range s.Results {
		for _, v := range interventionsOf(r.Run) {
			label := v.label
			if v.LRScale > 0 {
				label = say("ステップ %s から%s", "%[2]s from step %[1]s", Integer(float64(v.FromStep)), label)
			}
			told = append(told, label)
		}
	}
	if len(told) == 0 {
		return noValue
	}
	text := list(told)
	return TraitValue{text, text.EN}
}

// number adds a whole number of the recipe: in short, unless that writes different ones alike.
func (t *traits) number(key string, name ablation.Label, value func(ablation.Side) int64, short func(int64) ablation.Label, unit string) {
	written, alike := map[string]int64{}, false
	for _, s := range t.c.Sides {
		n := value(s)
		other, known := written[short(n).EN]
		written[short(n).EN] = n
		alike = alike || known && other != n
	}
	t.add(TraitRecipe, key, name, key, func(s ablation.Side) TraitValue {
		n := value(s)
		if alike {
			return TraitValue{same(Integer(float64(n)) + unit), strconv.FormatInt(n, 10)}
		}
		return TraitValue{short(n), strconv.FormatInt(n, 10)}
	})
}

func number(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if v > 0 && v < .01 {
		text = strconv.FormatFloat(v, 'e', -1, 64)
		text = strings.Replace(text, "e-0", "e-", 1)
	}
	return text
}

// shapeText is a model's shape, whole.
func shapeText(s ablation.Shape) string {
	if s.Layers == 0 {
		return s.Preset
	}
	return strings.TrimSpace(fmt.Sprintf("%s %d × %d, heads %d, ffn %d", s.Preset, s.Layers, s.Width, s.Heads, s.FFN))
}

// seedsText are the seeds of a side's runs, by their first digits.
func seedsText(s ablation.Side, of func(ablation.Run) uint64) TraitValue {
	var texts, ids []string
	for _, r := range s.Results {
		hex := fmt.Sprintf("%016x", of(r.Run))
		if !slices.Contains(ids, hex) {
			texts, ids = append(texts, hex[:4]+"…"), append(ids, hex)
		}
	}
	if len(ids) == 0 {
		return noValue
	}
	slices.Sort(ids)
	return TraitValue{same(strings.Join(texts, " ")), strings.Join(ids, " ")}
}

// code is what ran: the trainer, and on what.
func (t *traits) code() {
	of := func(key string, name ablation.Label, cause string, value func(ablation.Segment) string) {
		t.add(TraitCode, key, name, cause, func(s ablation.Side) TraitValue {
			var texts []string
			for _, r := range s.Results {
				for _, g := range s.Segments[r.Run.ID] {
					if text := value(g); text != "" && !slices.Contains(texts, text) {
						texts = append(texts, text)
					}
				}
			}
			if len(texts) == 0 {
				return noValue
			}
			slices.Sort(texts)
			return plainValue(strings.Join(texts, ", "))
		})
	}
	of("trainer", say("トレーナー", "Trainer"), "trainer", func(g ablation.Segment) string { return g.Trainer })
	of("isa", say("命令セット", "Instruction set"), "isa", func(g ablation.Segment) string { return g.ISA })
	of("device", say("装置", "Device"), "", func(g ablation.Segment) string { return g.Device })
	of("threads", say("スレッド", "Threads"), "", func(g ablation.Segment) string { return strconv.Itoa(g.Threads) })
	if slices.ContainsFunc(t.c.Sides, func(s ablation.Side) bool { return s.Run != "" }) {
		t.add(TraitCode, "attempts", say("試行の回数", "Attempts"), "", attempts)
	}
}

// attempts are how often a side's runs began, each number once.
func attempts(s ablation.Side) TraitValue {
	var counts []int
	for _, r := range s.Results {
		counts = append(counts, r.Run.Progress.Attempt)
	}
	slices.Sort(counts)
	text := strings.Trim(fmt.Sprint(slices.Compact(counts)), "[]")
	return plainValue(text)
}

// Verdict says how far a side's difference from the baseline has one cause only.
type Verdict struct {
	Text  ablation.Label `json:"text"`
	Mixed bool           `json:"mixed"` // so many things differ that the cause can't be told
}

// Verdicts are those on every side; empty for the baseline, and where there is none.
func (c Comparison) Verdicts(traits []Trait) []Verdict {
	verdicts := make([]Verdict, len(c.Sides))
	for i := range c.Sides {
		if c.Baseline >= 0 && i != c.Baseline {
			verdicts[i] = c.verdict(traits, i)
		}
	}
	return verdicts
}

func (c Comparison) verdict(traits []Trait, i int) Verdict {
	var names []ablation.Label
	causes := map[string]bool{}
	unknown := false
	for _, t := range traits {
		if t.cause == "" || !t.Differs(i, c.Baseline) {
			continue
		}
		if t.Group == TraitCode && (t.Values[i].ID == "" || t.Values[c.Baseline].ID == "") {
			unknown = true // one of the two has not begun
			continue
		}
		if !causes[t.cause] {
			causes[t.cause], names = true, append(names, t.Name)
		}
	}
	if !c.sharesSeed(i, c.Baseline) {
		causes["seeds"], names = true, append(names, say("シード", "seeds"))
	}
	switch shares, order := causes[causeShares], causes[causeOrder]; {
	case len(causes) == 0 && unknown:
		return Verdict{Text: say("まだ違いはない", "no difference so far")}
	case len(causes) == 0:
		return Verdict{Text: say("違いはない", "no difference")}
	case len(causes) == 1 && shares:
		return Verdict{Text: say("違いは比率だけ", "differs in shares only")}
	case len(causes) == 1 && order:
		return Verdict{Text: say("違いは順序だけ", "differs in order only")}
	case len(causes) == 1:
		return Verdict{Text: say("違いは%sだけ", "differs in one thing: %s", names[0])}
	case len(causes) == 2 && shares && order:
		return Verdict{Text: say("比率と順序が違う", "differs in shares and order")}
	}
	return Verdict{say("%d つ違うため、差の原因は言えない", "differs in %d things, so the cause can't be told", len(causes)), true}
}

// Sentences say of every side against the baseline how far the difference has one cause only.
func (c Comparison) Sentences() []Sentence {
	out := []Sentence{}
	for i, v := range c.Verdicts(c.Traits()) {
		if v.Text != (ablation.Label{}) {
			out = append(out, sentence(say("%s：%s。", "%s %s.", c.Arms[i].Label, v.Text)))
		}
	}
	return out
}

// sharesSeed reports whether two sides have runs of one seed.
func (c Comparison) sharesSeed(i, j int) bool {
	return slices.ContainsFunc(c.Sides[i].Results, func(a ablation.Result) bool {
		return slices.ContainsFunc(c.Sides[j].Results, func(b ablation.Result) bool { return seedsOf(a.Run) == seedsOf(b.Run) })
	})
}
