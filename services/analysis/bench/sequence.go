package main

import (
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// A search begins with so many runs and goes on in batches.
const (
	firstRuns = 12
	batchRuns = 4
)

// sequence looks for the best average loss among RegMix's 768 runs of one million parameters, a few runs at a time.
func (b *bench) sequence() error {
	r, err := b.regmix()
	if err != nil {
		return err
	}
	pool := r.pool
	pool.Runs = append(slices.Clone(r.pool.Runs), r.test.Runs...)
	truth := composed(measured(pool), len(pool.Runs), len(pool.Metrics))
	title("Sequential proposals: RegMix's 768 runs of 1M, average loss, mean regret of %d starts, seeds %d to %d", b.count(), b.seed, b.last())
	at := []int{16, 24, 32, 48}
	head("rule", "first 12 by", "16 runs", "24", "32", "48", "best found at 48")
	var aims []aim
	for _, rule := range []string{"random", "haigo"} {
		for _, how := range []string{byChance, byDesign} {
			if rule == "random" && how == byDesign {
				continue
			}
			regret, found := make([]float64, len(at)), 0
			for s := range b.count() {
				order, err := search(pool, rule, how, at[len(at)-1], b.seed+uint64(s), decision.Options{})
				if err != nil {
					return err
				}
				for i, n := range at {
					best := slices.Min(picked(truth, order[:n])) - slices.Min(truth)
					regret[i] += best / float64(b.count())
					if i == len(at)-1 && best == 0 {
						found++
					}
				}
			}
			if rule == "haigo" {
				aims = append(aims,
					aim{what: "mean regret at 48, the first 12 by " + how, floor: .0023, goal: .001, got: regret[len(at)-1], falls: true, form: "%.4f", tried: triedSearch},
					aim{what: "best found at 48, the first 12 by " + how, floor: 50, goal: 80, got: 100 * float64(found) / float64(b.count()), form: "%.0f%%", tried: triedSearch})
			}
			row(rule, how, fmt.Sprintf("%.4f", regret[0]), fmt.Sprintf("%.4f", regret[1]), fmt.Sprintf("%.4f", regret[2]), fmt.Sprintf("%.4f", regret[3]), fmt.Sprintf("%d of %d", found, b.count()))
		}
	}
	b.judge(aims...)
	return nil
}

const triedSearch = "Thompson's rule on curves around the stack's mean; expected improvement"

// search is the runs in the order in which they are asked for.
func search(pool table.Table, rule, how string, n int, seed uint64, o decision.Options) ([]int, error) {
	if rule == "random" {
		return subset(len(pool.Runs), n, seed), nil
	}
	order := choose(pool, how, firstRuns, seed)
	for len(order) < n {
		train, _ := split(pool, order)
		fit, err := surrogate.New(surrogate.Setup{Table: train, Pairs: train.Pairs()})
		if err != nil {
			return nil, err
		}
		o.Seed = seed + uint64(len(order))
		var left []int
		for i := range pool.Runs {
			if !slices.Contains(order, i) {
				left = append(left, i)
			}
		}
		for _, i := range decision.ProposeFrom(fit, o, picked(pool.Runs, left), min(batchRuns, n-len(order))) {
			order = append(order, left[i])
		}
	}
	return order, nil
}

func picked[T any](all []T, rows []int) []T {
	out := make([]T, len(rows))
	for k, i := range rows {
		out[k] = all[i]
	}
	return out
}
