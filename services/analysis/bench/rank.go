package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// regmix is RegMix's pool of 512 runs, and its 256 test mixtures at two sizes.
type regmix struct{ pool, test, large table.Table }

func (b *bench) regmix() (r regmix, err error) {
	if r.pool, err = b.read("regmix/train_mixture_1m.csv", "regmix/train_pile_loss_1m.csv"); err != nil {
		return r, err
	}
	if r.test, err = b.read("regmix/test_mixture_1m.csv", "regmix/test_pile_loss_1m.csv"); err != nil {
		return r, err
	}
	r.large, err = b.read("regmix/test_mixture_60m.csv", "regmix/test_pile_loss_60m.csv")
	return r, err
}

// scored is how predictions of the 1M and the 60M test table rank: Pile-CC, the mean of all losses' rank correlations, the
// average loss, and that at 60M.
type scored struct{ cc, all, average, large float64 }

func score(test, large table.Table, said func(run, metric int) float64) scored {
	n, m := len(test.Runs), len(test.Metrics)
	s := scored{cc: spearman(column(said, n, pileCC(test)), column(measured(test), n, pileCC(test)))}
	for k := range m {
		s.all += spearman(column(said, n, k), column(measured(test), n, k)) / float64(m)
	}
	average := composed(said, n, m)
	s.average = spearman(average, composed(measured(test), n, m))
	if len(large.Runs) == n {
		s.large = spearman(average, composed(measured(large), n, m))
	}
	return s
}

func pileCC(t table.Table) int { return slices.Index(t.Metrics, "metric/the_pile_pile_cc_val_loss") }

func (s *scored) add(o scored, parts float64) {
	s.cc += o.cc / parts
	s.all += o.all / parts
	s.average += o.average / parts
	s.large += o.large / parts
}

// Ways of choosing the runs of a subset.
const (
	byChance = "random"
	byDesign = "design"
)

func choose(pool table.Table, how string, n int, seed uint64) []int {
	if how == byDesign {
		return decision.Start(pool.Runs, nil, n, seed)
	}
	return subset(len(pool.Runs), n, seed)
}

// rank fits subsets of the pool and ranks the test mixtures.
func (b *bench) rank() error {
	r, err := b.regmix()
	if err != nil {
		return err
	}
	title("Ranking unseen mixtures: RegMix, Spearman × 100, mean of %d subsets, seeds %d to %d", b.count(), b.seed, b.last())
	head("model", "runs", "chosen by", "Pile-CC 1M", "mean of 13, 1M", "average loss 1M", "average loss 60M", "coverage of 90%: mean, least, most of 13")
	zero := score(r.test, r.large, ownWeight(r.test))
	row("own weight", 0, "—", zero.cc, zero.all, zero.average, zero.large, "—")
	forest, err := startTrees(b.python)
	if err != nil {
		return err
	}
	var aims []aim
	for _, n := range []int{16, 32, 64} {
		for _, how := range []string{byChance, byDesign} {
			var linear, boosted, fitted scored
			cover := make([]float64, len(r.pool.Metrics))
			for s := range b.count() {
				train, rest := split(r.pool, choose(r.pool, how, n, b.seed+uint64(s)))
				test, large := r.test, r.large
				if b.hold {
					test, large = rest, table.Table{}
				}
				linear.add(score(test, large, leastSquares(train, test)), float64(b.count()))
				if forest != nil {
					grown, err := forest.predict(train, test)
					if err != nil {
						return err
					}
					boosted.add(score(test, large, grown), float64(b.count()))
				}
				fit, err := surrogate.New(surrogate.Setup{Table: train, Pairs: train.Pairs()})
				if err != nil {
					return err
				}
				said := fit.Predict(test.Runs)
				fitted.add(score(test, large, expected(said)), float64(b.count()))
				for k, c := range covered(test, said) {
					cover[k] += c / float64(b.count())
				}
			}
			row("linear regression", n, how, linear.cc, linear.all, linear.average, linear.large, "—")
			if forest != nil {
				row("boosted trees", n, how, boosted.cc, boosted.all, boosted.average, boosted.large, "—")
			}
			aims = append(aims, rankAims(n, how, fitted, cover)...)
			row("haigo", n, how, fitted.cc, fitted.all, fitted.average, fitted.large, fmt.Sprintf("%.1f, %.1f, %.1f", mean(cover), slices.Min(cover), slices.Max(cover)))
		}
	}
	if forest != nil {
		fmt.Println("\nBoosted trees have at least 20 rows in a leaf: below 40 runs they split nothing and say one value of every mixture.")
	}
	b.judge(aims...)
	if forest == nil {
		return nil
	}
	return forest.close()
}

// rankAims are those of so many runs: of ranks where they are chosen by design, of intervals however.
func rankAims(n int, how string, s scored, cover []float64) []aim {
	rho := func(what string, floor, goal, got float64) aim {
		return aim{what: fmt.Sprintf("%s, %d runs by design", what, n), floor: floor, goal: goal, got: got, form: "%.2f", tried: triedRank}
	}
	var out []aim
	switch {
	case how != byDesign:
	case n == 16:
		out = []aim{rho("Pile-CC", 96.2, 96, s.cc), rho("mean of 13", 95.6, 96.5, s.all)}
	case n == 32:
		out = []aim{rho("Pile-CC", 97.6, 98.2, s.cc)}
	case n == 64:
		out = []aim{rho("Pile-CC", 98.7, 99, s.cc), rho("mean of 13", 98.3, 98.8, s.all), rho("average loss", 98, 98.8, s.average), rho("average loss at 60M", 94.7, 95.8, s.large)}
	}
	if n == 64 {
		out = append(out,
			aim{what: "least coverage of 13, 64 runs by " + how, floor: 82, goal: 85, got: slices.Min(cover), form: "%.1f", tried: triedCover},
			aim{what: "most coverage of 13, 64 runs by " + how, floor: none, goal: 95, got: slices.Max(cover), falls: true, form: "%.1f", tried: triedCover})
	}
	return out
}

// What was tried for aims that were missed, all of it on rows of the pool that subsets leave out.
const (
	triedRank  = "other lengths and amplitudes of the processes; least variance instead of the determinant; designs over logs and log odds; weights by each row left out in closed form"
	triedCover = "hyper-parameters held in the cross-fit; one slope of deviations for all metrics; deviations by the predicted one's power, by concentration; more or less pull to all metrics' half width (5, 60, 200 rows); the plain ninth decile. " +
		"On left-out rows of the pool all targets lie within 83 to 97 under each, and none is nearer 90 than what is used; the test mixtures are missed by a quarter less at equal shares"
)

// covered is how often measured values lie within the intervals, by metric, per cent.
func covered(t table.Table, said [][]surrogate.Prediction) []float64 {
	out := make([]float64, len(t.Metrics))
	for i, r := range t.Runs {
		for k, p := range said[i] {
			if p.Low <= r.Values[k] && r.Values[k] <= p.Top {
				out[k] += 100 / float64(len(t.Runs))
			}
		}
	}
	return out
}

// ownWeight needs no run: minus the log of the share of what a loss is measured on.
func ownWeight(t table.Table) func(run, metric int) float64 {
	own := make([]int, len(t.Metrics))
	for _, p := range t.Pairs() {
		own[slices.Index(t.Metrics, p.Metric)] = slices.Index(t.Sources, p.Source)
	}
	return func(i, k int) float64 { return -math.Log(t.Runs[i].Shares[0][own[k]] + decision.OwnLeast) }
}

// leastSquares is linear regression on shares, as RegMix's baseline has it; where runs are fewer than sources, the
// solution of least norm.
func leastSquares(train, test table.Table) func(run, metric int) float64 {
	n, m, sources := len(train.Runs), len(train.Metrics), len(train.Sources)
	x, y := mat.NewDense(n, sources+1, nil), mat.NewDense(n, m, nil)
	for i, r := range train.Runs {
		x.SetRow(i, append(slices.Clone(r.Shares[0]), 1))
		y.SetRow(i, r.Values)
	}
	var svd mat.SVD
	var w mat.Dense
	svd.Factorize(x, mat.SVDThin)
	svd.SolveTo(&w, y, svd.Rank(1e-8))
	return func(i, k int) float64 {
		sum := w.At(sources, k)
		for j, v := range test.Runs[i].Shares[0] {
			sum += v * w.At(j, k)
		}
		return sum
	}
}
