package httpd

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// Bounds of a comparison: what a page can still show.
const (
	maxSides = 64
	maxRuns  = 400
)

// noBaseline stands in an address where nobody is to be the baseline.
const noBaseline = "none"

// selection is what an address says of a comparison: everything, so that a link opens the same view.
type selection struct {
	Sweep  string   // all of whose arms are meant where no arm and no run is named
	Arms   []string // SWEEP/ARM, with all their runs
	Runs   []string // ids
	Hide   []string // SWEEP/ARM or ids that stand in the list only
	Base   string   // SWEEP/ARM or an id; empty: the sweep's own, or the first; noBaseline: none
	Metric []string
	View   chart.View
	Same   bool // whether what doesn't differ is listed too
}

// readSelection reads an address. A number that isn't one is *ablation.Invalid; a word that it doesn't know is as if not said.
func readSelection(q url.Values) (selection, error) {
	frame, frameErr := readFrame(q)
	smooth, smoothErr := place(q, "smooth")
	s := selection{
		Sweep: q.Get("sweep"), Arms: unique(q["arm"]), Runs: unique(q["run"]), Hide: unique(q["hide"]), Base: q.Get("base"), Metric: unique(q["metric"]), Same: q.Has("same"),
		View: chart.View{
			X: chart.Along(q.Get("x")), Single: q.Get("group") == "run", Interval: q.Get("band") == "interval", Smooth: min(smooth, 50) / 100,
			Frame: frame,
		},
	}
	if !slices.Contains(alongs, s.View.X) {
		s.View.X = chart.AlongTokens
	}
	return s, cmp.Or(frameErr, smoothErr)
}

// addressed is the comparison that a request's address names.
func (s *Server) addressed(r *http.Request) (comparison, error) {
	sel, err := readSelection(r.URL.Query())
	if err != nil {
		return comparison{}, err
	}
	return s.compare(r.Context(), sel)
}

// alongs are what runs can be laid along, in the order of the page.
var alongs = []chart.Along{chart.AlongTokens, chart.AlongSteps, chart.AlongFLOPs, chart.AlongSeconds}

// check refuses what is more than a page can show.
func (s selection) check() error {
	if n := len(s.Arms) + len(s.Runs); n > maxRuns {
		return invalid("arm", fmt.Sprintf("%d arms and runs are too many to compare; take %d at most", n, maxRuns), fmt.Sprintf("アームとラン %d 個は一度に比べられません。%d 個までにしてください", n, maxRuns))
	}
	if len(s.Metric) > maxMetrics {
		return invalid("metric", fmt.Sprintf("name %d metrics at most", maxMetrics), fmt.Sprintf("メトリクスは %d 個までです", maxMetrics))
	}
	return nil
}

// values are the selection as an address has it, in one form whatever form it came in.
func (s selection) values() url.Values {
	q := url.Values{}
	for name, list := range map[string][]string{"arm": s.Arms, "run": s.Runs, "hide": s.Hide, "metric": s.Metric} {
		if len(list) > 0 {
			q[name] = list
		}
	}
	put := func(name, value string, said bool) {
		if said {
			q.Set(name, value)
		}
	}
	v := s.View
	put("base", s.Base, s.Base != "")
	put("x", string(v.X), v.X != chart.AlongTokens)
	put("group", "run", v.Single)
	put("band", "interval", v.Interval)
	put("smooth", decimal(v.Smooth*100), v.Smooth > 0)
	put("from", decimal(v.Frame.From), v.Frame.From > 0)
	put("to", decimal(v.Frame.To), v.Frame.To > 0)
	put("same", "1", s.Same)
	return q
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// figureQuery is what a figure of one metric needs of the selection.
func (s selection) figureQuery(metric string) url.Values {
	s.Metric, s.Same = []string{metric}, false
	return s.values()
}

// comparison is a selection with what it found.
type comparison struct {
	selection
	All     chart.Comparison // hidden ones too
	Shown   chart.Comparison
	Missing []string // arms and ids of nothing
	hidden  map[string]bool
}

// compare reads what a selection names. More than a page can show is *ablation.Invalid.
func (s *Server) compare(ctx context.Context, sel selection) (comparison, error) {
	c := comparison{selection: sel, hidden: map[string]bool{}}
	if err := sel.check(); err != nil {
		return c, err
	}
	if err := s.nameArms(ctx, &c.selection); err != nil {
		return c, err
	}
	sides, err := s.options.Store.Sides(ctx, c.Arms, c.Runs)
	if err != nil {
		return c, err
	}
	if len(sides) > maxSides {
		return c, tooManySides(len(sides))
	}
	sides = c.apart(sides)
	c.All = chart.NewComparison(sides, c.baseline(sides))
	for _, name := range c.Hide {
		c.hidden[name] = true
	}
	c.Shown = c.All.Showing(func(r ablation.Run) bool { return !c.hidden[r.Arm] && !c.hidden[r.ID] })
	c.Missing = missing(c.selection, c.All)
	return c, nil
}

// apart makes a side of every run that was chosen by itself, where nothing is grouped; unless that were more than a page can show.
func (s *selection) apart(sides []ablation.Side) []ablation.Side {
	if !s.View.Single {
		return sides
	}
	var out []ablation.Side
	hide := s.Hide
	for _, side := range sides {
		if slices.Contains(s.Arms, side.ArmName()) {
			out = append(out, side)
			continue
		}
		out = append(out, side.Apart()...)
		if slices.Contains(hide, side.ArmName()) { // hidden as an arm, before
			hide = append(without(hide, named(side)), named(side)[1:]...)
		}
	}
	if len(out) > maxSides {
		return sides
	}
	s.Hide = hide
	return out
}

// nameArms names the arms of the sweep, where it is all that the selection names.
func (s *Server) nameArms(ctx context.Context, sel *selection) error {
	if sel.Sweep == "" || len(sel.Arms)+len(sel.Runs) > 0 {
		return nil
	}
	arms, err := s.options.Store.Arms(ctx, sel.Sweep)
	switch {
	case err != nil:
		return err
	case len(arms) == 0:
		return fmt.Errorf("compare sweep %s: %w", sel.Sweep, ablation.ErrNotFound)
	case len(arms) > maxSides:
		return tooManySides(len(arms))
	}
	for _, a := range arms {
		sel.Arms = append(sel.Arms, sideName(sel.Sweep, a.Name))
	}
	return nil
}

func tooManySides(n int) error {
	return invalid("arm", fmt.Sprintf("%d arms are too many to compare; tick %d at most on the sweep's page", n, maxSides),
		fmt.Sprintf("アーム %d 本は一度に比べられません。スイープのページで %d 本までを選んでください", n, maxSides))
}

// baseline is the side that differences are taken to: the one that was named, else its sweep's own, else the first. One
// side alone needs none.
func (s selection) baseline(sides []ablation.Side) int {
	if s.Base == noBaseline || len(sides) < 2 {
		return -1
	}
	if i := slices.IndexFunc(sides, func(side ablation.Side) bool { return s.Base != "" && side.Has(s.Base) }); i >= 0 {
		return i
	}
	own := func(side ablation.Side) bool {
		i := slices.IndexFunc(side.Arms, func(a ablation.Arm) bool { return a.Name == side.Arm.Name })
		return i >= 0 && side.Sweep.Baseline(side.Arms, i) == i
	}
	return max(0, slices.IndexFunc(sides, own))
}

func missing(s selection, c chart.Comparison) []string {
	known := map[string]bool{}
	for _, r := range c.Runs {
		known[r.ID], known[r.Arm] = true, true
	}
	return slices.DeleteFunc(slices.Concat(s.Arms, s.Runs), func(name string) bool { return known[name] })
}

// metrics are those that are shown: the ones that were asked for, else what is held out of the first two languages.
func (c comparison) metrics() []string {
	if len(c.Metric) > 0 {
		return c.Metric
	}
	var sets []string
	for _, lang := range langOrder {
		if len(sets) < 2 && slices.ContainsFunc(c.All.Sources, func(s ablation.Source) bool { return s.Lang == lang }) {
			sets = append(sets, ablation.BPB(lang))
		}
	}
	if len(sets) == 0 {
		return []string{ablation.MetricLoss}
	}
	return sets
}

// compareFigure draws one metric of a selection: its values, its differences from the baseline, or what devices reached.
func (s *Server) compareFigure(ctx context.Context, sel selection, kind string) (chart.Figure, error) {
	if kind != "curve" && kind != "difference" && kind != "device" {
		return chart.Figure{}, ablation.ErrNotFound
	}
	c, err := s.compare(ctx, sel)
	if err != nil {
		return chart.Figure{}, err
	}
	if len(sel.Metric) != 1 {
		return chart.Figure{}, invalid("metric", "name one metric", "メトリクスを一つ指定してください")
	}
	return s.drawComparison(ctx, c, kind)
}

// drawComparison draws the one metric of a comparison.
func (s *Server) drawComparison(ctx context.Context, c comparison, kind string) (chart.Figure, error) {
	metric, ids := c.Metric[0], runIDs(c.Shown.Runs)
	if kind == "device" {
		uses, err := s.deviceUses(ctx, c)
		if err != nil {
			return chart.Figure{}, err
		}
		return chart.DeviceFigure(uses, metric)
	}
	var clocks []ablation.Curve
	var err error
	if c.View.X == chart.AlongSeconds {
		if clocks, err = s.options.Store.Curves(ctx, ids, ablation.MetricSeconds, 0, steps(1<<62), chartBuckets/2); err != nil {
			return chart.Figure{}, err
		}
	}
	from, to := c.Shown.Steps(c.View, clocks)
	if from > 0 || to < steps(1<<62) {
		if from, to, err = s.options.Store.Around(ctx, ids, metric, from, to); err != nil {
			return chart.Figure{}, err
		}
	}
	curves, err := s.options.Store.Curves(ctx, ids, metric, from, to, chartBuckets)
	if err != nil {
		return chart.Figure{}, err
	}
	if kind == "difference" {
		return c.Shown.Difference(c.View, metric, curves, clocks)
	}
	return c.Shown.Curve(c.View, metric, curves, clocks)
}

// sideName is how an address names an arm of a sweep.
func sideName(sweep, arm string) string { return sweep + "/" + arm }

func compareURL(q url.Values) string {
	if len(q) == 0 {
		return "/compare"
	}
	return "/compare?" + strings.ReplaceAll(q.Encode(), "%2F", "/")
}
