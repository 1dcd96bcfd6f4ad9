package httpd

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// runsShown is how many runs the overview shows at once.
const runsShown = 8

// overview is the first page of a sweep.
type overview struct {
	sweepHead
	Rounds   *roundsView // nil: it doesn't plan itself
	Trade    figure
	Says     []saying
	SaysMore []saying // pairs past the first few, folded away
	Curves   []figure
	Tasks    []figure // accuracies
	Mixtures []mixture
	Langs    []string // that are in the mixtures
	Results  results
	Rows     []runRow
	Rest     int // runs that aren't shown
	Form     shareView
}

// saying is one thing that can be said, with the difference it rests on.
type saying struct {
	A, B  *armView
	N     int
	Spans []chart.Span
	Strip strip
}

// mixture is an arm's planned and delivered mixture.
type mixture struct {
	Arm armView
	figure
}

func (s *Server) sweepPage(w http.ResponseWriter, r *http.Request) {
	d, ok := s.sweepPageData(w, r)
	if !ok {
		return
	}
	var err error
	if d.Items, err = s.options.Store.ItemScores(r.Context(), d.Sweep.Name); err != nil {
		s.fail(w, r, err)
		return
	}
	v := overview{
		sweepHead: d.head("over"), Rounds: d.rounds(), Trade: d.tradeFigure(), Says: d.sayings(), Curves: d.curveFigures(), Tasks: d.taskFigures(), Mixtures: d.mixtures(),
		Langs: d.langs(), Rows: d.rows(), Form: shareForm(d.words, d.Sweep),
	}
	v.Says, v.SaysMore = folded(v.Says)
	if n := len(v.Rows); n > runsShown {
		v.Rows, v.Rest = v.Rows[:runsShown], n-runsShown
	}
	if v.Results, err = s.results(r.Context(), d); err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderSweep(w, r, d, "sweep", v)
}

func (d sweepData) tradeFigure() figure {
	f := newFigure("trade", d.url(), "tradeoff", nil)
	f.Title = d.words.text("sweep.trade")
	f.Sub = d.words.text("sweep.trade.sub", "n", d.words.lengths(d.Lengths()))
	f.Caption, f.Lead, f.Size = true, true, "tall"
	return f
}

func (d sweepData) curveFigures() []figure {
	sets := slices.DeleteFunc(d.Sets(), func(h chart.HeldOut) bool { return h.Name != h.Lang })
	if len(sets) == 0 {
		sets = d.Sets()
	}
	figures := make([]figure, len(sets))
	for i, set := range sets {
		metric := ablation.BPB(set.Name)
		figures[i] = newFigure("curve-"+set.Name, d.url(), "curve", url.Values{"metric": {metric}})
		figures[i].Lang, figures[i].Size, figures[i].Sub, figures[i].Zoom = set.Lang, "mid", d.words.text("ch.lower"), true
		figures[i].Title = d.words.text("sweep.curve.lang", "lang", d.words.language(set.Name))
	}
	return figures
}

// taskFigures are the accuracies of the tasks that have choices.
func (d sweepData) taskFigures() []figure {
	var figures []figure
	for _, task := range d.Tasks {
		if task.Chance == 0 {
			continue
		}
		f := newFigure("accuracy-"+task.Name, d.url(), "accuracy", url.Values{"task": {task.Name}})
		f.Title, f.Lang, f.Size, f.Caption = task.Name, task.Lang, heightOf(len(d.Arms)), true
		figures = append(figures, f)
	}
	return figures
}

// heightOf is the class for the height of a chart with a row an arm.
func heightOf(arms int) string {
	switch {
	case arms <= 3:
		return "low"
	case arms <= 6:
		return "half"
	}
	return "tall"
}

func (d sweepData) mixtures() []mixture {
	mixtures := make([]mixture, len(d.Arms))
	for i, a := range d.Arms {
		f := newFigure("mixture-"+a.Name, d.url(), "mixture", url.Values{"arm": {a.Name}})
		f.Title = d.views[i].Label
		mixtures[i] = mixture{d.views[i], f}
	}
	return mixtures
}

// langs are the languages of the sweep's sources, in the order of charts.
func (d sweepData) langs() []string {
	return slices.DeleteFunc(slices.Clone(langOrder), func(l string) bool {
		return !slices.ContainsFunc(d.Sources, func(s ablation.Source) bool { return langClass(s.Lang) == l })
	})
}

func (d sweepData) sayings() []saying {
	statements := chart.Statements(d.Data)
	sayings := make([]saying, len(statements))
	for i, st := range statements {
		sayings[i] = saying{Spans: st.Text.In(d.words.lang), Strip: newStrip(st)}
		if st.JA != nil {
			sayings[i].N = st.JA.N
		}
		if st.A >= 0 && st.B >= 0 {
			sayings[i].A, sayings[i].B = &d.views[st.A], &d.views[st.B]
		}
	}
	return sayings
}

// pairsShown is how many pairs of arms are spoken of at once; two more don't make a fold worth while.
const pairsShown = 5

// folded takes the pairs past the first few away; what is said of all arms stays.
func folded(all []saying) (shown, more []saying) {
	pairs := 0
	for _, s := range all {
		if s.A != nil {
			pairs++
		}
		if s.A != nil && pairs > pairsShown {
			more = append(more, s)
		} else {
			shown = append(shown, s)
		}
	}
	if len(more) <= 2 {
		return all, nil
	}
	return shown, more
}

// runFigures are the charts of a run's page: one a metric, the held-out sets in one.
func runFigures(w words, run string, metrics []string) []figure {
	path := runURL(run)
	var figures []figure
	add := func(id, sub string, wide bool, metrics ...string) {
		f := newFigure(id, path, "curve", url.Values{"metric": metrics})
		f.Title, f.Sub, f.Wide, f.Zoom = strings.Join(metrics, ", "), w.text(sub), wide, true
		figures = append(figures, f)
	}
	for _, metric := range []string{ablation.MetricLoss, ablation.MetricGradNorm} {
		if slices.Contains(metrics, metric) {
			add(metric, "run.c."+metric, metric == ablation.MetricLoss, metric)
		}
	}
	sets := slices.DeleteFunc([]string{ablation.BPB("ja"), ablation.BPB("en"), ablation.BPB("code")}, func(m string) bool { return !slices.Contains(metrics, m) })
	if len(sets) > 0 {
		add("bpb", "run.c.bpb", false, sets...)
		figures[len(figures)-1].Title = "bpb" // each line bears its set's name
	}
	for _, metric := range []string{ablation.MetricLR, ablation.MetricTokensPerS} {
		if slices.Contains(metrics, metric) {
			add(metric, "run.c."+metric, false, metric)
		}
	}
	return figures
}

// scheduleFigure is the schedule that a run follows.
func scheduleFigure(w words, run ablation.Run) figure {
	f := newFigure("schedule", runURL(run.ID), "mixture", nil)
	f.Sub, f.Size, f.Caption = w.text("run.sched.sub"), "low", true
	return f
}

// results reads what the table of results needs beyond the scores.
func (s *Server) results(ctx context.Context, d sweepData) (results, error) {
	plan, err := s.options.Store.SweepPlan(ctx, d.Sweep.Name)
	if err != nil && status(err) != http.StatusNotFound {
		return results{}, err
	}
	return d.table(plan.Rows), nil
}
