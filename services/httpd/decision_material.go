package httpd

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/evidence"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/postgres"
)

// decisionMaterial is what a decision is made from: a sweep's finished runs as a table, and the aim.
type decisionMaterial struct {
	chart.Data
	evidence.Evidence
}

// proposed is how many mixtures a decision proposes to run next.
const proposed = 6

// material reads what a decision about a sweep needs. An objective that can't be read is *ablation.Invalid.
func (s *Server) material(ctx context.Context, d chart.Data, a aim) (decisionMaterial, error) {
	return loadMaterial(ctx, s.options.Store, d, a)
}

func loadMaterial(ctx context.Context, store *postgres.Store, d chart.Data, a aim) (decisionMaterial, error) {
	plans, err := store.RunPlans(ctx, d.Sweep.Name)
	if err != nil {
		return decisionMaterial{}, err
	}
	m, err := evidence.New(evidence.Runs{Sweep: d.Sweep, Arms: d.Arms, Sources: d.Sources, Tasks: d.Tasks, Results: d.Results, Plans: plans}, a.Aim)
	return decisionMaterial{d, m}, err
}

// decide fits and decides. What the runs don't allow is *ablation.Invalid.
func (m *decisionMaterial) decide() (decision.Outlook, error) { return m.Decide(proposed) }

// How long answers wait for a decision, below patience: a page says that it is coming, a chart and the API would rather have it.
const (
	pagePatience  = 700 * time.Millisecond
	chartPatience = 40 * time.Second
)

// errDeciding is that a decision isn't worked out yet.
var errDeciding = errors.New("a decision is still being worked out")

// outlook waits for the decision about a sweep.
func (s *Server) outlook(ctx context.Context, d chart.Data, a aim) (chart.Outlook, error) {
	m, err := s.material(ctx, d, a)
	if err != nil {
		return chart.Outlook{}, err
	}
	found := s.decider.ask(m)
	if !found.within(ctx, chartPatience) {
		return chart.Outlook{}, errDeciding
	}
	return chart.Outlook{Data: d, Outlook: found.outlook}, found.err
}

// decisionFigure draws a chart of the decision page.
func (s *Server) decisionFigure(ctx context.Context, d chart.Data, q chartQuery) (chart.Figure, error) {
	switch q.kind {
	case "stability":
		return s.stability(ctx, d)
	case "matrix":
		return s.matrixFigure(ctx, d, q.aim)
	}
	o, err := s.outlook(ctx, d, q.aim)
	if err != nil {
		return chart.Figure{}, err
	}
	var f chart.Figure
	switch q.kind {
	case "front":
		f, err = chart.OutlookFront(o)
	case "response":
		f, err = chart.OutlookResponse(o, q.source, q.metric())
	default:
		f, err = chart.OutlookTernary(o)
	}
	return o.Aimed(f, q.aim.Objective, q.aim.Tokens, q.aim.Parameters), err
}

// matrixFigure draws how far arms are from the baseline in every task and held-out text. It needs no decision, but shows what is
// recommended where there is one.
func (s *Server) matrixFigure(ctx context.Context, d chart.Data, a aim) (chart.Figure, error) {
	var err error
	if d.Items, err = s.options.Store.ItemScores(ctx, d.Sweep.Name); err != nil {
		return chart.Figure{}, err
	}
	m, err := s.material(ctx, d, a)
	if err != nil {
		return chart.Figure{}, err
	}
	o, err := s.outlook(ctx, d, a)
	if _, few := errors.AsType[*ablation.Invalid](err); few {
		return chart.NewMatrix(d, m.Evidence, nil).Figure()
	}
	if err != nil {
		return chart.Figure{}, err
	}
	f, err := chart.NewMatrix(d, m.Evidence, &o.Outlook).Figure()
	return o.Aimed(f, a.Objective, a.Tokens, a.Parameters), err
}

// stability draws when the ranking of a sweep's arms settled, in every language's held-out text.
func (s *Server) stability(ctx context.Context, d chart.Data) (chart.Figure, error) {
	names, err := s.options.Store.MetricNames(ctx, runIDs(d.Runs))
	if err != nil {
		return chart.Figure{}, err
	}
	metrics := slices.DeleteFunc(sorted(names), func(name string) bool { return chart.LangOf(name) == "" || chart.LangOf(name) == "other" })
	var curves []ablation.Curve
	for _, metric := range metrics {
		found, err := s.options.Store.Curves(ctx, runIDs(d.Runs), metric, 0, steps(1<<62), chartBuckets)
		if err != nil {
			return chart.Figure{}, err
		}
		curves = append(curves, found...)
	}
	return chart.Stability(d, metrics, curves)
}
