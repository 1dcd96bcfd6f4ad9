package main

import (
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// optimumSubsets is how many subsets of each size the part takes, unless asked otherwise.
const optimumSubsets = 12

// optimum holds what is said of recommended mixtures against a fit to all of RegMix's 768 runs of 1M, for nobody ran these mixtures.
func (b *bench) optimum() error {
	r, err := b.regmix()
	if err != nil {
		return err
	}
	all := r.pool
	all.Runs = slices.Concat(r.pool.Runs, r.test.Runs)
	truth, err := surrogate.New(surrogate.Setup{Table: all, Pairs: all.Pairs()})
	if err != nil {
		return err
	}
	subsets := b.subsets
	if subsets == 0 {
		subsets = optimumSubsets
	}
	title("The recommended mixture: RegMix 1M, average loss, %d subsets, seeds %d to %d, nominal 90%% intervals held against a fit to all 768 runs", subsets, b.seed, b.seed+uint64(subsets)-1)
	head("runs", "chosen by", "its objective: covered", "its 13 losses: covered", "improvement over the best run: covered", "“better”: right, of calls", "better than the best run, by that fit", "mean improvement")
	for _, n := range []int{16, 32} {
		for _, how := range []string{byChance, byDesign} {
			var found optima
			for s := range subsets {
				train, _ := split(r.pool, choose(r.pool, how, n, b.seed+uint64(s)))
				if err := found.add(train, truth, b.seed+uint64(s)); err != nil {
					return err
				}
			}
			row(n, how, found.value.counted(), found.losses.counted(), found.improvement.counted(), found.right.counted(), found.better.counted(), fmt.Sprintf("%.4f", found.gain/float64(subsets)))
		}
	}
	return nil
}

// optima are counts over subsets.
type optima struct {
	value, losses, improvement, right, better tally
	gain                                      float64
}

func (o *optima) add(train table.Table, truth *surrogate.Fit, seed uint64) error {
	fit, err := surrogate.New(surrogate.Setup{Table: train, Pairs: train.Pairs()})
	if err != nil {
		return err
	}
	d := decision.Make(fit, decision.Options{Seed: seed})
	here := truth.Means([]table.Run{d.Run})[0]
	o.value.add(inside(mean(here), d.Value))
	for k, p := range d.Metrics {
		o.losses.add(p.Low <= here[k] && here[k] <= p.Top)
	}
	for _, base := range d.Baselines {
		if base.Name != decision.BaselineBestSeen {
			continue
		}
		gain := mean(truth.Means([]table.Run{base.Run})[0]) - mean(here)
		o.improvement.add(inside(gain, base.Improvement))
		o.better.add(gain > 0)
		o.gain += gain
		if base.Better {
			o.right.add(gain > 0)
		}
	}
	return nil
}
