package httpd

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// definitionView is what a sweep was declared as.
type definitionView struct {
	sweepHead
	Document string
	Recipe   []fact
	Sources  []ablation.Source
	Arms     []armShares
}

// fact is a name and what it is. Key is a key of the words.
type fact struct{ Key, Value string }

// armShares is an arm with the overall share of each source, in the sweep's order.
type armShares struct {
	Arm    armView
	Shares []float64
}

func (s *Server) definitionPage(w http.ResponseWriter, r *http.Request) {
	if d, ok := s.sweepPageData(w, r); ok {
		s.renderSweep(w, r, d, "sweep-definition", definitionView{
			sweepHead: d.head("def"), Document: d.Sweep.Document, Recipe: d.recipe(), Sources: d.Sources, Arms: d.shares(),
		})
	}
}

// document is the sweep file as a file.
func (s *Server) document(w http.ResponseWriter, r *http.Request) {
	if d, ok := s.sweepPageData(w, r); ok {
		w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", d.Sweep.Name+".yaml"))
		_, _ = w.Write([]byte(d.Sweep.Document)) // the browser has left: nobody to tell
	}
}

func (d sweepData) recipe() []fact {
	if d.elsewhere() {
		return d.said()
	}
	c, w := d.Sweep.Recipe, d.words
	seeds := make([]string, len(d.Sweep.Seeds))
	for i, n := range d.Sweep.Seeds {
		seeds[i] = fmt.Sprint(n)
	}
	facts := []fact{
		{"sweep.def.trainer", c.Trainer},
		{"sweep.def.method", d.methods()},
		{"sweep.def.shape", d.shapeTexts()},
		{"sweep.def.tokenizer", c.Tokenizer},
		{"sweep.def.tokens", d.budgets()},
		{"sweep.def.batch", w.text("sweep.def.batch.v", "rows", c.BatchRows, "tokens", c.RowTokens)},
		{"sweep.def.precision", c.Precision},
		{"sweep.def.lr", learningRate(c.Optimizer)},
		{"sweep.def.diverge", w.divergence(c.Divergence)},
		{"sweep.def.early", w.earlyStop(d.Sweep.EarlyStop)},
		{"sweep.def.adaptive", w.adaptive(d.Sweep.Design.Adaptive)},
		{"run.start", d.starts()},
		{"sweep.def.seeds", strings.Join(seeds, ", ")},
		{"sweep.def.tasks", strings.Join(d.Sweep.Tasks, ", ")},
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// elsewhere reports whether the sweep's runs were trained elsewhere: its recipe is but what stands for them here.
func (d sweepData) elsewhere() bool {
	return slices.ContainsFunc(d.Sources, func(s ablation.Source) bool { return s.Role == ablation.RoleElsewhere })
}

// said is what was said of runs that were trained elsewhere.
func (d sweepData) said() []fact {
	var shapes []string
	for _, shape := range d.Models() {
		if shape == (ablation.Shape{}) {
			shapes = append(shapes, d.words.amountOrNone(0))
			continue
		}
		shapes = append(shapes, shapeText(shape))
	}
	return []fact{{"sweep.def.shape", strings.Join(shapes, ", ")}, {"sweep.def.tokens", d.budgets()}}
}

// amountOrNone is a size, or that nobody said it.
func (w words) amountOrNone(n int64) string {
	if n <= 0 {
		return w.text("sweep.def.unknown")
	}
	return integer(n)
}

// earlyStop is at which parts of a run which part of the arms goes on.
func (w words) earlyStop(e *ablation.EarlyStop) string {
	if e == nil {
		return ""
	}
	at := make([]string, len(e.At))
	for i, v := range e.At {
		at[i] = percent(v, 0)
	}
	return w.text("sweep.def.early.at", "at", strings.Join(at, ", "), "keep", percent(e.Keep, 0))
}

// divergence is what a recipe does about a run that diverges.
func (w words) divergence(d ablation.Divergence) string {
	switch {
	case d.Policy != ablation.DivergenceRollback:
		return w.text("sweep.def.diverge." + d.Policy)
	case d.Skip > 0:
		return w.text("sweep.def.diverge.skip", "times", d.Times, "n", integer(d.Skip))
	}
	return w.text("sweep.def.diverge.lr", "times", d.Times, "x", strconv.FormatFloat(d.LR, 'g', -1, 64))
}

// starts are what the sweep's runs start from, in a line.
func (d sweepData) starts() string {
	if len(d.Sweep.Parents) == 0 || d.Sweep.Recipe.Start == nil {
		return ""
	}
	names := make([]string, len(d.Sweep.Parents))
	for i, p := range d.Sweep.Parents {
		names[i] = p.Name
	}
	key := "run.start.weights"
	switch {
	case d.Sweep.Recipe.Start.Take == ablation.TakeState:
		key = "run.start.state"
	case d.Sweep.Recipe.Start.Run == "":
		key = "run.start.folder"
	}
	return strings.Join(names, ", ") + " " + d.words.text(key, "n", integer(d.Sweep.Parents[0].Step))
}

// budgets are the token budgets of the arms' runs.
func (d sweepData) budgets() string {
	var all []string
	for _, a := range d.Arms {
		all = append(all, d.words.big(float64(d.Sweep.Recipe.For(a).Tokens)))
	}
	return strings.Join(unique(all), ", ")
}

// methods are how the arms' runs tune, empty where they pre-train.
func (d sweepData) methods() string {
	if !d.Sweep.Recipe.Tunes() {
		return ""
	}
	var all []string
	for _, a := range d.Arms {
		all = append(all, d.Sweep.Recipe.For(a).Method.String())
	}
	return d.words.text("sweep.def.method.v", "methods", strings.Join(unique(all), ", "), "line", strings.TrimSpace(d.Sweep.Recipe.AnswerAfter))
}

func (d sweepData) shapeTexts() string {
	var all []string
	for _, shape := range d.Models() {
		all = append(all, shapeText(shape))
	}
	return strings.Join(all, ", ")
}

// unique are the texts in their order, each once.
func unique(texts []string) []string {
	var out []string
	for _, text := range texts {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func shapeText(s ablation.Shape) string {
	text := fmt.Sprintf("%d × %d, heads %d, ffn %d", s.Layers, s.Width, s.Heads, s.FFN)
	switch {
	case s.Preset != "" && s.Layers == 0:
		return s.Preset
	case s.Preset != "":
		return s.Preset + " (" + text + ")"
	}
	return text
}

func learningRate(o ablation.Optimizer) string {
	if o.PeakLR == 0 {
		return o.Decay
	}
	text := strings.TrimSpace(fmt.Sprintf("%g %s", o.PeakLR, o.Decay))
	if o.Beta2 != 0 && o.Beta2 != ablation.DefaultBeta2 || o.ZLoss > 0 {
		text += fmt.Sprintf(" · β₂ %g · z-loss %g", cmp.Or(o.Beta2, ablation.DefaultBeta2), o.ZLoss)
	}
	return text
}

// shares are the arms with the share of each source over the whole run, from the weight table that is really sampled.
func (d sweepData) shares() []armShares {
	all := make([]armShares, len(d.Arms))
	for i, a := range d.Arms {
		shares := make([]float64, len(d.Sources))
		rows := ablation.PlannedRows(a.Weights, d.Sweep.Recipe.For(a).Steps(), d.Sweep.Recipe.BatchRows)
		var total float64
		for _, n := range rows {
			total += float64(n)
		}
		for k := range min(len(rows), len(shares)) {
			shares[k] = float64(rows[k]) / total
		}
		all[i] = armShares{d.views[i], shares}
	}
	return all
}
