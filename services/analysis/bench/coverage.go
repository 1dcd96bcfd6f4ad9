package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// coverageTables is how many tables of each world the part takes, unless asked otherwise.
const coverageTables = 100

// What the nominal 90% intervals of a table are of, as the table of coverage has its rows.
const (
	ofRun = iota
	ofDifference
	ofObjective
	ofUntried
	ofValue
	ofArms
	ofImprovement
	ofBetter
	ofOptimum
	ofBand
	ofPrice
	covers
)

var intervals = [covers]string{
	"one run of a new mixture, by metric",
	"a metric's difference, of a new mixture and the recommended one",
	"the objective of a mixture that was run",
	"the objective of equal shares",
	"the objective of the recommended mixture",
	"a run mixture minus the recommended one",
	"improvement over the best mixture run",
	"“better” than that: how often it is right",
	"the optimum's share of a source",
	"the front's band",
	"the price of a point",
}

// tally is how many of so many intervals cover what is true.
type tally struct{ hit, of int }

func (t *tally) add(hit bool) {
	t.of++
	if hit {
		t.hit++
	}
}

// counted is both numbers.
func (t tally) counted() string { return fmt.Sprintf("%d of %d", t.hit, t.of) }

// text is per cent, stressed where a nominal 90% covers less than 85.
func (t tally) text() string {
	switch p := 100 * float64(t.hit) / float64(t.of); {
	case t.of == 0:
		return "—"
	case p < 85:
		return fmt.Sprintf("**%.0f**", p)
	default:
		return fmt.Sprintf("%.0f", p)
	}
}

// coverage holds the intervals that people decide by against what is true, on tables that are made up.
func (b *bench) coverage() error {
	tables := b.subsets
	if tables == 0 {
		tables = coverageTables
	}
	title("Coverage of nominal 90%% intervals, made-up tables, per cent: %d tables of each truth, seeds %d to %d", tables, b.seed, b.seed+uint64(tables)-1)
	var found [][covers]tally
	names := []string{"interval of"}
	for _, w := range worlds {
		var all [covers]tally
		for i := range tables {
			if err := w.cover(&all, b.seed+uint64(i)); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		found, names = append(found, all), append(names, w.name)
	}
	head(names...)
	for k, name := range intervals {
		cells := []any{name}
		for _, all := range found {
			cells = append(cells, all[k].text())
		}
		row(cells...)
	}
	return nil
}

// inside reports whether an interval has a value.
func inside(v float64, i decision.Interval) bool { return i.Low <= v && v <= i.Top }

// cover makes one table of a world, decides by it, and counts what its intervals cover.
func (w world) cover(all *[covers]tally, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0x776f726c64))
	t := w.truth(r)
	runs := w.runs(t, r)
	fit, err := surrogate.New(surrogate.Setup{Table: runs, Pairs: runs.Pairs()})
	if err != nil {
		return err
	}
	d := decision.Make(fit, decision.Options{Seed: seed})
	w.coverRuns(all, fit, t, r)
	w.coverDifferences(all, fit, d.Run, t, r)
	coverDecision(all, d, t)
	reach := reachOf(runs)
	pool := reach.pool(r)
	coverOptimum(all, d, reach.best(pool, t, r))
	coverPrices(all, d, t, runs.Metrics)
	coverBand(all, decision.MakeFront(fit, decision.Options{Seed: seed}, runs.Metrics[1], runs.Metrics[0]), t, pool)
	return nil
}

// coverRuns is of single runs of mixtures that nobody ran.
func (w world) coverRuns(all *[covers]tally, fit *surrogate.Fit, t truth, r *rand.Rand) {
	for i := range 20 {
		shares := w.draw(r, i)
		got := w.measure(t, shares, r)
		for m, p := range fit.Predict([]table.Run{{Shares: shares}})[0] {
			all[ofRun].add(p.Low <= got[m] && got[m] <= p.Top)
		}
	}
}

// coverDifferences is of what nobody ran, too.
func (w world) coverDifferences(all *[covers]tally, fit *surrogate.Fit, from table.Run, t truth, r *rand.Rand) {
	here := t(from.Shares)
	for i := range 5 {
		run := table.Run{Shares: w.draw(r, i)}
		there := t(run.Shares)
		for m, v := range decision.Differences(fit, run, from, 1) {
			all[ofDifference].add(inside(there[m]-here[m], v))
		}
	}
}

func coverDecision(all *[covers]tally, d decision.Decision, t truth) {
	here := t.mean(d.Run)
	all[ofValue].add(inside(here, d.Value))
	for _, a := range d.Arms {
		there := t.mean(a.Run)
		all[ofObjective].add(inside(there, a.Value))
		all[ofArms].add(inside(there-here, a.Against))
	}
	for _, base := range d.Baselines {
		there := t.mean(base.Run)
		switch base.Name {
		case decision.BaselineUniform:
			all[ofUntried].add(inside(there, base.Value))
		case decision.BaselineBestSeen:
			all[ofImprovement].add(inside(there-here, base.Improvement))
			if base.Better {
				all[ofBetter].add(there > here)
			}
		}
	}
}

// coverOptimum is of the shares of the true optimum among the mixtures that may be recommended.
func coverOptimum(all *[covers]tally, d decision.Decision, best [][]float64) {
	for p, phase := range d.Optimum {
		for j, span := range phase {
			all[ofOptimum].add(span.Low-slack <= best[p][j] && best[p][j] <= span.Top+slack)
		}
	}
}

// slack is by how much the optimum that was looked for may be off in a share.
const slack = 0.005

func coverPrices(all *[covers]tally, d decision.Decision, t truth, metrics []string) {
	here := t(d.Run.Shares)
	for _, p := range d.Prices {
		if p.Gain == 0 {
			continue
		}
		of, in, there := slices.Index(metrics, p.Of), slices.Index(metrics, p.In), t(p.Run.Shares)
		all[ofPrice].add(inside((there[in]-here[in])/(here[of]-there[of]), p.Cost))
	}
}

// coverBand is of the best second metric that is to be had with a first as good as a point's mean.
func coverBand(all *[covers]tally, f decision.Front, t truth, pool []blend) {
	var values [][]float64
	for _, b := range pool {
		values = append(values, t(b.run.Shares))
	}
	for _, p := range f.Points {
		values = append(values, t(p.Run.Shares))
	}
	for _, p := range f.Points {
		best := math.Inf(1)
		for _, v := range values {
			if v[1] <= p.X.Mean {
				best = min(best, v[0])
			}
		}
		if !math.IsInf(best, 1) {
			all[ofBand].add(inside(best, p.Band))
		}
	}
}
