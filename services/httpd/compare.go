package httpd

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// compareView is arms and runs of any sweeps beside each other.
type compareView struct {
	Picks       []pick
	Runs        int
	Missing     []string
	X, By, Band []choice
	Smooth      string
	From, To    string   // as they stand in the address
	Fields      []hidden // of the forms: the rest of the address
	Find        []hidden // of the form that adds an arm: the whole address
	Examples    []choice // what could be compared, where nothing is
	Whole       string   // address without a frame; empty: all is shown
	Metrics     []choice // that are shown; the address takes one away
	Others      []choice // that could be; the address adds one
	Values      []figure
	Minus       []figure // differences from the baseline
	Baseline    *armView
	NoBaseline  string // address without one
	Traits      traitTable
	Scores      scoreTable
	Devices     deviceTable
	CSV         string
	Share       string // address of the form that shares a chart; empty: there is none
	Alone       bool   // a single arm: nothing differs
}

// choice is something that can be chosen, and the address of the page with it.
type choice struct {
	Name string
	Lang string // of its swatch; empty: none
	URL  string
	On   bool
}

// hidden is a field of a form that nobody sees.
type hidden struct{ Name, Value string }

// pick is an arm in the list of what is compared.
type pick struct {
	Arm      armView
	Name     string
	Sweep    string
	SweepURL string
	Toggle   string // address with the arm shown, or hidden
	Shown    bool
	Pin      string // address with it as the baseline
	Drop     string // address without it
	Foreign  bool   // some source has another version than the baseline's
	Alone    string // the arm's label, where it is a single run of it
	Runs     []pickedRun
	Open     bool // whether some of its runs are hidden
}

type pickedRun struct {
	ablation.Run
	URL    string
	Toggle string
	Shown  bool
	Value  string // newest, of the first metric
}

func (s *Server) comparePage(w http.ResponseWriter, r *http.Request) {
	c, err := s.addressed(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := comparePage{comparison: c, words: s.words(r)}
	if p.names, err = s.options.Store.MetricNames(r.Context(), runIDs(c.All.Runs)); err != nil {
		s.fail(w, r, err)
		return
	}
	v := p.view()
	uses, err := s.deviceUses(r.Context(), c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Devices = p.devices(uses)
	if len(v.Picks) == 0 {
		if v.Examples, err = s.comparisons(r.Context(), p.words); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.render(w, r, view{page: "compare", title: p.words.text("nav.compare"), nav: "compare", live: "/api/v1/events", data: v})
}

// Examples of what to compare: the newest sweeps with more than one arm.
const (
	examplesShown = 5
	examplesRead  = 200 // arms
)

func (s *Server) comparisons(ctx context.Context, words words) ([]choice, error) {
	found, err := s.options.Store.FindArms(ctx, "", examplesRead)
	if err != nil {
		return nil, err
	}
	var sweeps []string
	arms := map[string][]string{}
	for _, f := range found {
		sweeps = append(sweeps, f.Sweep)
		arms[f.Sweep] = append(arms[f.Sweep], sideName(f.Sweep, f.Arm))
	}
	var examples []choice
	for _, sweep := range unique(sweeps) {
		if n := len(arms[sweep]); n > 1 && n <= maxSides && len(examples) < examplesShown {
			examples = append(examples, choice{Name: words.text("compare.blank.arms", "sweep", sweep, "n", n), URL: compareURL(selection{Arms: arms[sweep], View: chart.View{X: chart.AlongTokens}}.values())})
		}
	}
	return examples, nil
}

// comparePage is what the page about a comparison is made from.
type comparePage struct {
	comparison
	words words
	names []string // of all metrics that the runs have
}

func (p comparePage) view() compareView {
	v := compareView{
		Picks: p.picks(), Runs: len(p.All.Runs), Missing: p.Missing,
		Smooth: decimal(p.View.Smooth * 100), From: p.end(p.View.Frame.From, "0"), To: p.end(p.View.Frame.To, ""), Fields: p.fields("smooth", "from", "to"), Find: p.fields(),
		X: p.along(), Traits: p.traits(), Scores: p.scores(), CSV: "/compare/scores.csv?" + p.values().Encode(), Alone: len(p.Shown.Sides) < 2,
	}
	v.By = []choice{p.choice("compare.by.arm", !p.View.Single, func(s *selection) { s.View.Single = false }), p.choice("compare.by.run", p.View.Single, func(s *selection) { s.View.Single = true })}
	v.Band = []choice{
		p.choice("compare.band.range", !p.View.Interval, func(s *selection) { s.View.Interval = false }),
		p.choice("compare.band.interval", p.View.Interval, func(s *selection) { s.View.Interval = true }),
	}
	if p.View.Frame != (chart.Frame{}) {
		v.Whole = p.with(func(s *selection) { s.View.Frame = chart.Frame{} })
	}
	v.Metrics, v.Others = p.metricChoices()
	if b := p.All.Baseline; b >= 0 {
		v.Baseline = &v.Picks[b].Arm
		v.NoBaseline = p.with(func(s *selection) { s.Base = noBaseline })
	}
	if len(p.Shown.Sides) == 0 {
		return v
	}
	v.Share = "/compare/share?" + p.values().Encode()
	for _, metric := range p.metrics() {
		v.Values = append(v.Values, p.figure("curve", metric, "mid", chart.Hint(metric)))
		if p.Shown.Baseline >= 0 && len(p.Shown.Sides) > 1 {
			v.Minus = append(v.Minus, p.figure("difference", metric, "half", chart.DifferenceHint(metric)))
		}
	}
	return v
}

// with is the address of the page after a change.
func (p comparePage) with(change func(*selection)) string {
	s := p.selection
	change(&s)
	return compareURL(s.values())
}

func (p comparePage) choice(key string, on bool, change func(*selection)) choice {
	return choice{Name: p.words.text(key), URL: p.with(change), On: on}
}

// along are the choices of the x axis. Each has its own unit, so that another one shows all.
func (p comparePage) along() []choice {
	choices := make([]choice, len(alongs))
	for i, x := range alongs {
		choices[i] = p.choice("compare.x."+string(x), x == p.View.X, func(s *selection) {
			if s.View.X != x {
				s.View.Frame = chart.Frame{}
			}
			s.View.X = x
		})
	}
	return choices
}

// end is an end of the frame as people write it, or what stands for none.
func (p comparePage) end(v float64, none string) string {
	switch {
	case v == 0:
		return none
	case p.View.X == chart.AlongFLOPs:
		return strconv.FormatFloat(v, 'g', 4, 64)
	case p.View.X == chart.AlongSeconds:
		return p.words.text("time.s", "n", decimal(math.Round(v)))
	}
	if text := p.words.big(v); v >= 1e6 && math.Mod(v, 1e4) == 0 {
		return text
	}
	return integer(int64(v))
}

// fields are the address without some of its parts, for a form that sends those.
func (p comparePage) fields(without ...string) []hidden {
	var fields []hidden
	q := p.values()
	for _, name := range []string{"arm", "run", "hide", "base", "metric", "x", "group", "band", "smooth", "from", "to", "same"} {
		if slices.Contains(without, name) {
			continue
		}
		for _, value := range q[name] {
			fields = append(fields, hidden{name, value})
		}
	}
	return fields
}

// figure is the place of one metric's chart.
func (p comparePage) figure(kind, metric, size string, hint ablation.Label) figure {
	f := newFigure(kind+"-"+strings.NewReplacer("/", "-", ".", "-").Replace(metric), "/compare", kind, p.figureQuery(metric))
	f.Title, f.Sub, f.Lang, f.Size, f.Zoom, f.Caption = metric, hint.In(p.words.lang), chart.LangOf(metric), size, true, true
	return f
}

// metricChoices are the metrics that are shown, and those that could be.
func (p comparePage) metricChoices() (shown, others []choice) {
	chosen := p.metrics()
	for i, metric := range chosen {
		without := slices.Delete(slices.Clone(chosen), i, i+1)
		c := choice{Name: metric, Lang: chart.LangOf(metric), On: len(chosen) > 1}
		c.URL = p.with(func(s *selection) { s.Metric = without })
		shown = append(shown, c)
	}
	if len(chosen) >= maxMetrics {
		return shown, nil
	}
	for _, metric := range sorted(p.names) {
		if !slices.Contains(chosen, metric) {
			others = append(others, choice{Name: metric, URL: p.with(func(s *selection) { s.Metric = append(slices.Clone(chosen), metric) })})
		}
	}
	return shown, others
}

// sorted are metrics as people look for them: held-out sets, tasks, then what is logged while a run trains. Rows read are
// no measure of a run.
func sorted(names []string) []string {
	rank := func(name string) int {
		switch {
		case chart.LangOf(name) != "":
			return slices.Index(langOrder, chart.LangOf(name))
		case strings.HasPrefix(name, ablation.BPB("")):
			return len(langOrder)
		case strings.HasPrefix(name, "task/"):
			return len(langOrder) + 1
		}
		return len(langOrder) + 2
	}
	out := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return strings.HasPrefix(name, ablation.Rows("")) })
	slices.SortStableFunc(out, func(a, b string) int { return rank(a) - rank(b) })
	return out
}

// picks are the arms in the list, with their runs.
func (p comparePage) picks() []pick {
	traits := p.All.Traits()
	picks := make([]pick, len(p.All.Sides))
	for i, side := range p.All.Sides {
		name := side.Name()
		v := pick{
			Arm: p.arm(i), Name: name, Sweep: side.Sweep.Name, SweepURL: sweepURL(side.Sweep.Name), Shown: !p.hidden[name],
			Pin: p.with(func(s *selection) { s.Base = name }), Drop: p.with(func(s *selection) { s.drop(side) }),
			Foreign: p.All.Baseline >= 0 && slices.ContainsFunc(traits, func(t chart.Trait) bool {
				return strings.HasPrefix(t.Key, "source/") && t.Differs(i, p.All.Baseline)
			}),
		}
		if side.Run != "" {
			v.Alone = cmp.Or(side.Arm.Label.In(p.words.lang), side.Arm.Name)
		}
		v.Toggle = p.with(func(s *selection) { s.toggle(side, name) })
		for _, r := range side.Results {
			run := pickedRun{
				Run: r.Run, URL: runURL(r.Run.ID), Shown: v.Shown && !p.hidden[r.Run.ID],
				Toggle: p.with(func(s *selection) { s.toggle(side, r.Run.ID) }),
				Value:  newestText(p.metrics()[0], r.Values),
			}
			v.Open = v.Open || v.Shown && !run.Shown
			v.Runs = append(v.Runs, run)
		}
		v.Shown = slices.ContainsFunc(v.Runs, func(r pickedRun) bool { return r.Shown })
		picks[i] = v
	}
	return picks
}

// arm is a side as the page names it.
func (p comparePage) arm(i int) armView {
	side, mark := p.All.Sides[i], p.All.Marks[i]
	return armView{
		Name: side.Arm.Name, Side: side.Name(), Label: p.All.Arms[i].Label.In(p.words.lang), Hue: mark.Hue, Hollow: mark.Hollow, Baseline: i == p.All.Baseline,
		shape: mark.Shape, glyph: sideGlyph(side),
	}
}

func sideGlyph(side ablation.Side) glyph {
	langs := make([]string, len(side.Sources))
	for k, s := range side.Sources {
		langs[k] = s.Lang
	}
	return newGlyph(side.Arm.Weights, side.Recipe().Steps(), langs)
}

// newestText is a run's newest value of a metric; empty where it has none.
func newestText(metric string, values map[string]ablation.Real) string {
	v, ok := values[metric]
	if !ok {
		return ""
	}
	return valueText(metric, float64(v))
}

// valueText is a metric's value as tables have it.
func valueText(metric string, v float64) string {
	switch chart.FormatOf(metric) {
	case chart.FormatPercent1:
		return percent(v, 1)
	case chart.FormatInteger, chart.FormatDuration:
		return fixed(v, 0)
	case chart.FormatScientific:
		return decimal(v)
	}
	return fixed(v, 3)
}

// drop takes an arm and its runs out of the selection.
func (s *selection) drop(side ablation.Side) {
	gone := named(side)
	s.Arms, s.Runs, s.Hide = without(s.Arms, gone), without(s.Runs, gone), without(s.Hide, gone)
	if slices.Contains(gone, s.Base) {
		s.Base = ""
	}
}

// toggle hides an arm, or a run of it, that is shown, and shows one that is hidden.
func (s *selection) toggle(side ablation.Side, name string) {
	gone := named(side)
	all := len(without(named(side)[1:], s.Hide)) == 0 || slices.Contains(s.Hide, side.Name())
	var hide []string // runs of the arm that are hidden afterwards
	for _, r := range side.Results {
		was := all || slices.Contains(s.Hide, r.Run.ID)
		if name == r.Run.ID {
			was = !was
		}
		if was {
			hide = append(hide, r.Run.ID)
		}
	}
	if name == side.Name() {
		hide = nil
		if !all {
			hide = []string{name}
		}
	} else if len(hide) == len(side.Results) {
		hide = []string{side.Name()}
	}
	s.Hide = append(without(s.Hide, gone), hide...)
}

// named are the names by which a side's arm and runs stand in a selection.
func named(side ablation.Side) []string {
	names := []string{side.Name()}
	for _, r := range side.Results {
		names = append(names, r.Run.ID)
	}
	return names
}

// without is a list without what is gone.
func without(list, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return slices.Contains(gone, name) })
}
