package main

import (
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Metrics of RegMix whose front is looked for: web text against code.
const (
	frontX = "metric/the_pile_pile_cc_val_loss"
	frontY = "metric/the_pile_github_val_loss"
)

// front looks for the trade-off of two losses among RegMix's 768 runs of one million parameters, a few runs at a time.
func (b *bench) front() error {
	r, err := b.regmix()
	if err != nil {
		return err
	}
	pool := r.pool
	pool.Runs = append(slices.Clone(r.pool.Runs), r.test.Runs...)
	x, y := slices.Index(pool.Metrics, frontX), slices.Index(pool.Metrics, frontY)
	points := make([][2]float64, len(pool.Runs))
	for i, run := range pool.Runs {
		points[i] = [2]float64{run.Values[x], run.Values[y]}
	}
	corner := [2]float64{median(column(measured(pool), len(pool.Runs), x)), median(column(measured(pool), len(pool.Runs), y))}
	whole := decision.Hypervolume(points, corner)
	title("Batches for a front: RegMix's 768 runs of 1M, Pile-CC against GitHub; %d starts, seeds %d to %d", b.count(), b.seed, b.last())
	fmt.Println("\nHypervolume up to the medians of both losses, per cent of that of all 768.")
	at := []int{16, 24, 32, 48}
	head("rule", "12 runs", "16", "24", "32", "48")
	for _, rule := range []string{"random", "objective", "front"} {
		reached := make([]float64, 1+len(at))
		for s := range b.count() {
			order, err := b.searchFront(pool, rule, b.seed+uint64(s))
			if err != nil {
				return err
			}
			for i, n := range append([]int{firstRuns}, at...) {
				reached[i] += 100 * decision.Hypervolume(picked(points, order[:n]), corner) / whole / float64(b.count())
			}
		}
		cells := []any{rule}
		for _, v := range reached {
			cells = append(cells, v)
		}
		row(cells...)
	}
	return nil
}

// searchFront is a search of 48 runs by a rule: by chance, by the mean of both losses, or for their front.
func (b *bench) searchFront(pool table.Table, rule string, seed uint64) ([]int, error) {
	o := decision.Options{Objective: decision.Mean([]string{frontX, frontY})}
	if rule == "front" {
		o.Front = [2]string{frontX, frontY}
	}
	return search(pool, rule, byChance, 48, seed, o)
}
