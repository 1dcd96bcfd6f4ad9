package analysis

import (
	"cmp"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Tally is what is known of one run's reading: rows of each source since its start, at finished steps in order.
type Tally struct {
	Steps []int64
	Rows  [][]int64 // by step, then source
}

// Read makes a run's tally from its curves of rows/SOURCE, in the order of sources. Only steps at which every source's
// value is known count; superseded buckets don't.
func Read(run string, sources []string, curves []ablation.Curve) Tally {
	at := map[int64][]int64{}
	seen := map[int64]int{}
	for _, c := range curves {
		k := slices.IndexFunc(sources, func(s string) bool { return ablation.Rows(s) == c.Metric })
		if c.RunID != run || k < 0 {
			continue
		}
		for step, rows := range known(c.Buckets) {
			if at[step] == nil {
				at[step] = make([]int64, len(sources))
			}
			at[step][k] = rows
			seen[step]++
		}
	}
	var t Tally
	for step, n := range seen {
		if n == len(sources) {
			t.Steps = append(t.Steps, step)
		}
	}
	slices.SortFunc(t.Steps, cmp.Compare)
	for _, step := range t.Steps {
		t.Rows = append(t.Rows, at[step])
	}
	return t
}

// known are a counter's values at the steps of which a bucket remembers them: its smallest and its last.
func known(buckets []ablation.Bucket) map[int64]int64 {
	out := map[int64]int64{}
	for _, b := range buckets {
		if b.Superseded || b.N == 0 {
			continue
		}
		out[b.MinStep] = int64(math.Round(float64(b.Min)))
		out[b.LastStep] = int64(math.Round(float64(b.Last)))
	}
	return out
}

// at is the rows read by a step, between known steps along a straight line; nil past the last one.
func (t Tally) at(step int64) []float64 {
	i, found := slices.BinarySearch(t.Steps, step)
	if i == len(t.Steps) {
		return nil
	}
	rows, before, part := make([]float64, len(t.Rows[i])), int64(0), 1.0
	if i > 0 {
		before = t.Steps[i-1]
	}
	if !found {
		part = float64(step-before) / float64(t.Steps[i]-before)
	}
	for k, to := range t.Rows[i] {
		from := 0.0
		if i > 0 {
			from = float64(t.Rows[i-1][k])
		}
		rows[k] = from + (float64(to)-from)*part
	}
	return rows
}
