package httpd

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/postgres"
)

// decisionMaterial is what a decision is made from: a sweep's finished runs as a table, and the aim.
type decisionMaterial struct {
	chart.Data
	aim
	table     table.Table
	shares    []float64 // the phases' shares of the tokens
	sizes     map[string]float64
	pairs     []table.Pair
	objective decision.Objective
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
	m := decisionMaterial{Data: d, aim: a, sizes: map[string]float64{}}
	parameters := map[string]int64{}
	for run, plan := range plans {
		parameters[run] = plan.Parameters
		for source, rows := range plan.Rows {
			m.sizes[source] = float64(rows) * float64(d.Sweep.Recipe.RowTokens)
		}
	}
	m.table, m.shares = table.Sweep(d.Sweep, d.Arms, d.Results, parameters)
	m.pair()
	return m, m.aimAt()
}

// pair joins each metric with the sources of the text that it is scored on: those of its language, or of its name.
func (m *decisionMaterial) pair() {
	for _, metric := range m.table.Metrics {
		set, _ := strings.CutPrefix(metric, ablation.BPB(""))
		lang := set
		for _, t := range m.Tasks {
			if strings.HasPrefix(metric, "task/"+t.Name+"/") {
				lang = t.Lang
			}
		}
		for _, source := range m.Sources {
			if source.Name == set || source.Lang == lang {
				m.pairs = append(m.pairs, table.Pair{Source: source.Name, Metric: metric})
			}
		}
	}
}

// aimAt reads the objective, or takes held-out text of all languages alike.
func (m *decisionMaterial) aimAt() error {
	if m.Objective == "" {
		m.objective = decision.Mean(m.usual())
		return nil
	}
	var err error
	m.objective, err = decision.ParseObjective(m.Objective, m.table.Metrics)
	return err
}

// usual are the metrics of a decision that nobody has said more about: languages, else sets, else all.
func (m *decisionMaterial) usual() []string {
	for _, is := range []func(string) bool{
		func(metric string) bool { return chart.LangOf(metric) != "" && chart.LangOf(metric) != "other" },
		func(metric string) bool { return strings.HasPrefix(metric, ablation.BPB("")) },
		func(metric string) bool { return !surrogate.Rising(metric) },
	} {
		if found := slices.DeleteFunc(slices.Clone(m.table.Metrics), func(metric string) bool { return !is(metric) }); len(found) > 0 {
			slices.SortStableFunc(found, func(a, b string) int {
				return slices.Index(langOrder, chart.LangOf(a)) - slices.Index(langOrder, chart.LangOf(b))
			})
			return found
		}
	}
	return m.table.Metrics
}

// against are the two metrics of the trade-off: English and Japanese, else the objective's first two.
func (m *decisionMaterial) against() (x, y string) {
	if slices.Contains(m.table.Metrics, ablation.BPB("ja")) && slices.Contains(m.table.Metrics, ablation.BPB("en")) {
		return ablation.BPB("en"), ablation.BPB("ja")
	}
	if len(m.objective.Terms) < 2 {
		return "", ""
	}
	return m.objective.Terms[1].Metric, m.objective.Terms[0].Metric
}

// key is equal for materials of which the same is decided.
func (m *decisionMaterial) key() string {
	rest, _ := json.Marshal([]any{m.Sweep.Name, m.objective, m.Tokens, m.Parameters, m.shares, m.sizes, m.pairs}) // holds nothing that has no form there
	hash := sha256.New()
	for _, part := range [][]byte{m.table.Mixtures(), m.table.Scores(), rest} {
		fmt.Fprintf(hash, "%d ", len(part))
		hash.Write(part)
	}
	return string(hash.Sum(nil))
}

// about is equal for materials of one sweep and aim, whatever has been run meanwhile.
func (m *decisionMaterial) about() string {
	return fmt.Sprint(m.Sweep.ID, m.objective.String(), m.Tokens, m.Parameters)
}

// decide fits and decides. What the runs don't allow is *ablation.Invalid.
func (m *decisionMaterial) decide() (decision.Outlook, error) {
	fit, err := surrogate.New(surrogate.Setup{Table: m.table, Pairs: m.pairs, Shares: m.shares, Sizes: m.sizes})
	if err != nil {
		return decision.Outlook{}, err
	}
	var names []string
	for _, t := range m.objective.Terms {
		names = append(names, t.Metric)
		if !slices.Contains(fit.Table.Metrics, t.Metric) {
			return decision.Outlook{}, invalid("objective", t.Metric+" has values at too few different mixtures to be decided by", t.Metric+" は測られた配合の種類が足りず、判断の目的にできません")
		}
	}
	x, y := m.against()
	v := decision.View{X: x, Y: y, Responses: slices.DeleteFunc(names, surrogate.Rising), Next: proposed}
	return decision.Look(fit, decision.Options{Objective: m.objective, Tokens: m.Tokens, Parameters: m.Parameters, Seed: 1}, v), nil
}

// How long answers wait for a decision: a page says that it is coming, a chart and the API would rather have it.
const (
	pagePatience  = 700 * time.Millisecond
	chartPatience = 50 * time.Second
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
	if q.kind == "stability" {
		return s.stability(ctx, d)
	}
	o, err := s.outlook(ctx, d, q.aim)
	if err != nil {
		return chart.Figure{}, err
	}
	switch q.kind {
	case "front":
		return chart.OutlookFront(o)
	case "response":
		return chart.OutlookResponse(o, q.source)
	}
	return chart.OutlookTernary(o)
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
