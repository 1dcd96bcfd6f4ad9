package evidence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Runs is a sweep with what its runs have scored.
type Runs struct {
	Sweep   ablation.Sweep
	Arms    []ablation.Arm
	Sources []ablation.Source // in the sweep's order
	Tasks   []ablation.Task
	Results []ablation.Result
	Plans   map[string]ablation.RunPlan // by run id
}

// Aim is what a decision is made for: by which objective, and how long and large the run is that it is about.
type Aim struct {
	Objective  string // as decision.ParseObjective reads it; empty: the sweep's own, else held-out text of all languages alike
	Tokens     float64
	Parameters float64
}

// Evidence is what a decision is made from.
type Evidence struct {
	Aim
	Table  table.Table
	Shares []float64          // the phases' shares of the tokens
	Sizes  map[string]float64 // tokens of each source
	Pairs  []table.Pair
	Goal   decision.Objective // the aim's objective, read
	Limits decision.Limits
	Front  [2]string // metrics whose trade-off proposals widen; empty: they follow the goal

	sweep string
	id    int64
	own   string // objective of the sweep itself; empty: it has none
}

// New gathers the evidence. An objective that can't be read is *ablation.Invalid; the rest stands then.
func New(r Runs, a Aim) (Evidence, error) {
	m := Evidence{Aim: a, Sizes: map[string]float64{}, Limits: limits(r.Sweep), sweep: r.Sweep.Name, id: r.Sweep.ID}
	for _, plan := range r.Plans {
		for source, rows := range plan.Rows {
			m.Sizes[source] = float64(rows) * float64(r.Sweep.Recipe.RowTokens)
		}
	}
	m.Table, m.Shares = table.Sweep(r.Sweep, r.Arms, r.Results, r.Plans)
	if r.Sweep.Design.Adaptive != nil {
		m.own = r.Sweep.Design.Adaptive.Objective
		copy(m.Front[:], r.Sweep.Design.Adaptive.Front)
	}
	m.Table = m.Table.Without(func(k int) bool { return m.echo(r.Sources, m.Table.Metrics[k]) })
	m.pair(r)
	return m, m.aim()
}

// echo reports whether a metric is the average over a language that nobody decides by, and but one source's own: the same figures
// again, which a mean would count twice.
func (m *Evidence) echo(sources []ablation.Source, metric string) bool {
	lang, held := strings.CutPrefix(metric, ablation.BPB(""))
	if !held || slices.Contains(languages, lang) || slices.Contains(m.Front[:], metric) || strings.Contains(m.Objective+" "+m.own, metric) {
		return false
	}
	of := slices.DeleteFunc(slices.Clone(sources), func(s ablation.Source) bool { return s.Lang != lang })
	return len(of) == 1 && of[0].Name != lang && slices.Contains(m.Table.Metrics, ablation.BPB(of[0].Name))
}

// limits are those that an adaptive design sets what it proposes.
func limits(s ablation.Sweep) decision.Limits {
	own := s.Design.Adaptive
	if own == nil {
		return decision.Limits{}
	}
	l := decision.Limits{Least: map[string]float64{}, Most: map[string]float64{}, MaxEpochs: s.MostEpochs()}
	for source, b := range own.Bounds {
		l.Least[source], l.Most[source] = b.Low, b.High
	}
	return l
}

// pair joins each metric with the sources of the text that it is scored on: those of its language, or of its name, else those that
// names make obvious, as with runs that were imported.
func (m *Evidence) pair(r Runs) {
	obvious := m.Table.Pairs()
	for _, metric := range m.Table.Metrics {
		known := len(m.Pairs)
		set, _ := strings.CutPrefix(metric, ablation.BPB(""))
		lang := set
		for _, t := range r.Tasks {
			if strings.HasPrefix(metric, "task/"+t.Name+"/") {
				lang = t.Lang
			}
		}
		for _, source := range r.Sources {
			if source.Name == set || source.Lang == lang {
				m.Pairs = append(m.Pairs, table.Pair{Source: source.Name, Metric: metric})
			}
		}
		if len(m.Pairs) == known {
			m.Pairs = append(m.Pairs, slices.DeleteFunc(slices.Clone(obvious), func(p table.Pair) bool { return p.Metric != metric })...)
		}
	}
}

// aim reads the objective, or takes the usual one.
func (m *Evidence) aim() (err error) {
	if text := cmp.Or(m.Objective, m.own); text != "" {
		m.Goal, err = decision.ParseObjective(text, m.Table.Metrics)
		return err
	}
	m.Goal = m.Usual()
	return nil
}

// languages whose held-out text decides where nobody has said more.
var languages = []string{"ja", "en", "code"}

// Usual is the objective of a decision that nobody has said more about: the sweep's own, else the mean over languages, else over
// sets, else over all.
func (m *Evidence) Usual() decision.Objective {
	if m.own != "" {
		if own, err := decision.ParseObjective(m.own, m.Table.Metrics); err == nil {
			return own
		}
	}
	place := func(metric string) int { return slices.Index(languages, strings.TrimPrefix(metric, ablation.BPB(""))) }
	for _, is := range []func(string) bool{
		func(metric string) bool { return strings.HasPrefix(metric, ablation.BPB("")) && place(metric) >= 0 },
		func(metric string) bool { return strings.HasPrefix(metric, ablation.BPB("")) },
		analysis.LowerIsBetter,
	} {
		if found := slices.DeleteFunc(slices.Clone(m.Table.Metrics), func(metric string) bool { return !is(metric) }); len(found) > 0 {
			slices.SortStableFunc(found, func(a, b string) int { return place(a) - place(b) })
			return decision.Mean(found)
		}
	}
	return decision.Mean(m.Table.Metrics)
}

// Against are the two metrics of the trade-off: those that the sweep's batches widen, else English and Japanese, else the
// objective's first two.
func (m *Evidence) Against() (x, y string) {
	if m.Front != ([2]string{}) {
		return m.Front[1], m.Front[0]
	}
	if slices.Contains(m.Table.Metrics, ablation.BPB("ja")) && slices.Contains(m.Table.Metrics, ablation.BPB("en")) {
		return ablation.BPB("en"), ablation.BPB("ja")
	}
	if len(m.Goal.Terms) < 2 {
		return "", ""
	}
	return m.Goal.Terms[1].Metric, m.Goal.Terms[0].Metric
}

// Digest is a SHA-256 in hex that is equal for evidence of which the same is decided.
func (m *Evidence) Digest() string {
	rest, _ := json.Marshal([]any{m.sweep, m.Goal, m.Tokens, m.Parameters, m.Shares, m.Sizes, m.Pairs, m.Limits, m.Front}) // holds nothing that has no form there
	hash := sha256.New()
	for _, part := range [][]byte{m.Table.Mixtures(), m.Table.Scores(), rest} {
		fmt.Fprintf(hash, "%d ", len(part))
		hash.Write(part)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// About is equal for evidence of one sweep and aim, whatever has been run meanwhile.
func (m *Evidence) About() string {
	return fmt.Sprint(m.id, m.Goal.String(), m.Tokens, m.Parameters)
}

// rising is what an objective that somebody wrote says of its metrics; nil: nobody wrote one.
func (m *Evidence) rising() map[string]bool {
	if cmp.Or(m.Objective, m.own) == "" {
		return nil
	}
	return m.Goal.Rising()
}

// Rising reports whether a metric is better when it is higher: as the objective says that somebody wrote, else by its name.
func (m *Evidence) Rising(metric string) bool {
	if rising, said := m.rising()[metric]; said {
		return rising
	}
	return !analysis.LowerIsBetter(metric)
}

// seed of all decisions: the same runs and aim are the same decision.
const seed = 1

// Decide fits and decides, and proposes so many mixtures to run next. What the runs don't allow is *ablation.Invalid.
func (m *Evidence) Decide(next int) (decision.Outlook, error) {
	fit, err := surrogate.New(surrogate.Setup{Table: m.Table, Pairs: m.Pairs, Shares: m.Shares, Sizes: m.Sizes, Rising: m.rising()})
	if err != nil {
		return decision.Outlook{}, err
	}
	var names []string
	for _, t := range m.Goal.Terms {
		names = append(names, t.Metric)
		if !slices.Contains(fit.Table.Metrics, t.Metric) {
			return decision.Outlook{}, &ablation.Invalid{Problems: []ablation.Problem{{Field: "objective", Message: ablation.Said(
				"%s has values at too few different mixtures to be decided by", "%s は測られた配合の種類が足りず、判断の目的にできません", t.Metric)}}}
		}
	}
	x, y := m.Against()
	v := decision.View{X: x, Y: y, Responses: names, Next: next}
	return decision.Look(fit, decision.Options{Objective: m.Goal, Limits: m.Limits, Front: m.Front, Tokens: m.Tokens, Parameters: m.Parameters, Seed: seed}, v), nil
}
