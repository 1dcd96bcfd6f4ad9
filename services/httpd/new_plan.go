package httpd

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// planView is what the document would run.
type planView struct {
	ablation.Plan
	Arms     []planArm
	Seeds    []int64
	Langs    []string // of the sources, in the order of pages
	Max      float64  // epochs above which a run is refused
	Shared   []sharedPart
	Starts   []startLine
	Looked   *lookedAt
	Cost     cost
	Warnings []string
	Next     []nextFiring // where a clock starts it
	Calendar drawing      // the same, drawn
}

// planArm is an arm of a plan, and how it differs from the arm that it is compared with.
type planArm struct {
	Arm     armView
	Cells   []cell    // its runs
	Had     int       // runs that are there already
	New     string    // the seeds of those that aren't, where the sweep is
	Added   int       // how many those are
	Shares  []float64 // of tokens, by language as in Langs
	Differs []string  // keys of words; none: the baseline itself
}

// sharedPart is what runs of an arm train for those of others.
type sharedPart struct {
	Arm    armView
	Tokens int64
	With   []armView
}

// SavedPart is the part of all runs' tokens that isn't trained again.
func (v *planView) SavedPart() float64 {
	return float64(v.SavedTokens) / float64(max(1, v.SavedTokens+v.TotalTokens))
}

// Smallest is the arm of the smallest model, where they are of several sizes; else nil.
func (v *planView) Smallest() *ablation.PlanArm {
	if len(v.Plan.Arms) == 0 {
		return nil
	}
	least := slices.MinFunc(v.Plan.Arms, func(a, b ablation.PlanArm) int { return cmp.Compare(a.Parameters, b.Parameters) })
	if least.Parameters == v.Parameters {
		return nil
	}
	return &least
}

// SeedHeads are the seeds over the list of runs, where there is room to say them.
func (v *planView) SeedHeads() []int64 {
	if len(v.Seeds) > 8 || v.Adaptive != nil {
		return nil
	}
	return v.Seeds
}

// grows says which of the arm's runs a sweep that is there gets.
func (a *planArm) grows(g *ablation.PlanGrowth) {
	if g == nil {
		return
	}
	a.Had = len(a.Cells)
	i := slices.IndexFunc(g.Added, func(s ablation.ArmSeeds) bool { return s.Arm == a.Arm.Name })
	if i >= 0 {
		seeds := g.Added[i].Seeds
		a.New, a.Added, a.Had = ablation.Spans(seeds), len(seeds), a.Had-len(seeds)
	}
}

// most is what a sweep that plans itself may come to.
type most struct {
	ablation.PlanAdaptive
	Time time.Duration
	Yen  float64
}

// Most is nil for a sweep that doesn't plan itself.
func (v *planView) Most() *most {
	if v.Adaptive == nil {
		return nil
	}
	times := float64(v.Adaptive.MostTokens) / float64(max(1, v.TotalTokens))
	return &most{*v.Adaptive, time.Duration(times * float64(v.Cost.WholeTime)), times * v.Cost.WholeYen}
}

// share shows the plan's trunks.
func (v *planView) share(views []armView) {
	byName := map[string]armView{}
	for i, a := range v.Plan.Arms {
		byName[a.Name] = views[i]
	}
	for _, t := range v.Trunks {
		part := sharedPart{Arm: byName[t.Arm], Tokens: t.Tokens}
		for _, name := range t.Branches {
			part.With = append(part.With, byName[name])
		}
		v.Shared = append(v.Shared, part)
	}
}

// lookedAt is the arm that the preview shows closely.
type lookedAt struct {
	Arm      armView
	Reads    []read
	Drawings []drawing // over the run's tokens

	Evaluation string // how often and how long
}

// read is what every run of an arm reads of a source.
type read struct {
	Source    ablation.Source
	Tokens    int64
	Portion   ablation.Portion
	Epochs    float64
	Before    float64 // epochs that the weights which it starts from have read
	Exhausted int64   // the run's tokens when all of it was read once; 0: never
}

// All is how often the source is read, by those before too.
func (r read) All() float64 { return r.Epochs + r.Before }

// startLine is one of the checkpoints that a plan's runs start from.
type startLine struct{ Name, URL, Text string }

// starts shows the plan's parents.
func (v *planView) starts(words words) {
	for _, p := range v.Parents {
		line := startLine{Name: p.Name, Text: words.text("run.start.at", "n", integer(p.Step))}
		if p.Run != "" {
			line.URL = runURL(p.Run)
		}
		if p.SHA256 == "" {
			line.Text = words.text("run.start.waits", "n", integer(p.Step))
		}
		v.Starts = append(v.Starts, line)
	}
}

// coursePoints is how finely a run's course is drawn.
const coursePoints = 48

func (s *Server) newPlanView(ctx context.Context, words words, p ablation.Plan, draft ablation.Draft, q question) *planView {
	sweep := draft.Sweep
	v := &planView{Plan: p, Seeds: sweep.Seeds, Max: sweep.Recipe.MaxEpochs}
	if p.Growth != nil {
		v.FLOPs = p.Growth.FLOPs // beside the time and the cost of the new runs
	}
	d := chart.Data{Sweep: sweep, Sources: p.Sources}
	for _, a := range p.Arms {
		d.Arms = append(d.Arms, a.Arm)
	}
	for _, l := range langOrder {
		if slices.ContainsFunc(p.Sources, func(s ablation.Source) bool { return langClass(s.Lang) == l }) {
			v.Langs = append(v.Langs, l)
		}
	}
	views := armViews(words.lang, d)
	for i, a := range p.Arms {
		arm := planArm{Arm: views[i], Shares: v.shares(a)}
		for _, r := range p.Runs {
			if r.Arm == a.Name {
				arm.Cells = append(arm.Cells, cell{state: r.State})
			}
		}
		arm.grows(p.Growth)
		if base := sweep.Baseline(d.Arms, i); base >= 0 && base != i {
			arm.Differs = differences(sweep, p.Arms[i], p.Arms[base])
		}
		v.Arms = append(v.Arms, arm)
	}
	v.share(views)
	v.starts(words)
	v.look(words, sweep, views, q)
	v.Cost = s.newCost(ctx, p, sweep, q)
	if sweep.Recurrence != nil {
		v.Next = firings(sweep, p.Firings)
		v.Calendar = newClockStrip(words, v.Next, now()).slim().drawing()
	}
	warnings := p.Warnings
	if most := sweep.Budget.Yen; most > 0 && v.Cost.WholeYen > most {
		warnings = append(slices.Clone(warnings), overBudget(v.Cost.WholeYen, most))
	}
	for _, warning := range warnings {
		v.Warnings = append(v.Warnings, words.plainly(warning, draft))
	}
	return v
}

// shares are an arm's overall shares of tokens by language.
func (v *planView) shares(a ablation.PlanArm) []float64 {
	out := make([]float64, len(v.Langs))
	for k, portion := range a.Portions(v.Sources) {
		out[slices.Index(v.Langs, langClass(v.Sources[k].Lang))] += portion.Tokens
	}
	return out
}

// differences are what sets an arm apart from its baseline: what it reads in all, in which order, how long, how large.
func differences(sweep ablation.Sweep, a, base ablation.PlanArm) []string {
	var out []string
	differ := func(name string) bool {
		return math.Abs(float64(a.Tokens[name])/float64(max(1, a.RunTokens))-float64(base.Tokens[name])/float64(max(1, base.RunTokens))) > .002
	}
	if slices.ContainsFunc(sweep.Sources, func(s ablation.SourceRef) bool { return differ(s.Name) }) {
		out = append(out, "new.differs.share")
	}
	if changes := func(p ablation.PlanArm) bool { return p.Changes(sweep.BranchStep()) }; changes(a) || changes(base) {
		out = append(out, "new.differs.order")
	}
	if a.RunTokens != base.RunTokens {
		out = append(out, "new.differs.length")
	}
	if r := sweep.Recipe; r.For(a.Arm).Method != r.For(base.Arm).Method {
		out = append(out, "new.differs.method")
	}
	if a.Parameters != base.Parameters {
		out = append(out, "new.differs.size")
	}
	if len(out) == 0 {
		out = append(out, "new.differs.none")
	}
	return out
}

// looked is the arm that is asked about by its name, else the first of the schedule that is edited, else the first.
func (v *planView) looked(q question) int {
	i := slices.IndexFunc(v.Plan.Arms, func(a ablation.PlanArm) bool { return a.Name == q.look })
	if i < 0 {
		i = slices.IndexFunc(v.Plan.Arms, func(a ablation.PlanArm) bool { return a.Mixes() == q.arm })
	}
	return max(0, i)
}

// look shows one arm closely.
func (v *planView) look(words words, sweep ablation.Sweep, views []armView, q question) {
	i := v.looked(q)
	if i >= len(v.Plan.Arms) {
		return
	}
	arm := v.Plan.Arms[i]
	have := make([]int64, len(v.Sources))
	for k, source := range v.Sources {
		if e := arm.Epochs[source.Name]; e > 0 {
			have[k] = int64(math.Round(float64(arm.Rows[source.Name]) / e))
		}
	}
	course := sweep.Recipe.For(arm.Arm).Course(arm.Weights, have, coursePoints)
	v.Looked = &lookedAt{
		Arm: views[i], Evaluation: words.scored(arm.EvalEvery, arm.TasksEvery, arm.Steps, len(v.Tasks) > 0, arm.EvalShare),
	}
	for k, portion := range arm.Portions(v.Sources) {
		name := v.Sources[k].Name
		v.Looked.Reads = append(v.Looked.Reads, read{v.Sources[k], arm.Tokens[name], portion, arm.Epochs[name], arm.EpochsBefore[name], course.Exhausted[k]})
	}
	v.Looked.Drawings = courseView{words, course, v.Looked.Reads, v.Max}.Drawings()
}

func overBudget(yen, most float64) ablation.Label {
	return ablation.Label{
		EN: fmt.Sprintf("at this rate it costs ¥%s, more than budget.yen of ¥%s: take fewer tokens, seeds or arms", integer(int64(yen)), integer(int64(most))),
		JA: fmt.Sprintf("この単価では %s円かかり、budget.yen の %s円を超えます。トークン、シード、アームのどれかを減らしてください", integer(int64(yen)), integer(int64(most))),
	}
}
