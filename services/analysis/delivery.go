package analysis

import (
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Plan is what an arm asks its runs to read.
type Plan struct {
	Table     []ablation.Weights
	Steps     int64
	BatchRows int
}

// Planned is the plan's integral: rows of each source up to a step, as fractions of rows.
func (p Plan) Planned(step int64) []float64 {
	if len(p.Table) == 0 {
		return nil
	}
	rows := make([]float64, len(p.Table[0].W))
	for i, w := range p.Table {
		end := p.Steps
		if i+1 < len(p.Table) {
			end = p.Table[i+1].FromStep
		}
		n := min(step, end) - w.FromStep
		if n <= 0 {
			break
		}
		for k := range rows {
			rows[k] += float64(w.W[k]*n) * float64(p.BatchRows) / ablation.WeightTotal
		}
	}
	return rows
}

// Gap is the largest distance between rows read and the plan's integral, of any source at any known step, in rows.
func (p Plan) Gap(t Tally) float64 {
	gap := 0.0
	for i, step := range t.Steps {
		for k, planned := range p.Planned(step) {
			gap = max(gap, math.Abs(float64(t.Rows[i][k])-planned))
		}
	}
	return gap
}

// Allowed is what the sampler's law grants: two rows, and one more for each step at which a source is switched off.
func (p Plan) Allowed() int {
	rows := 2
	for i := 1; i < len(p.Table); i++ {
		if slices.ContainsFunc(offs(p.Table[i-1].W, p.Table[i].W), func(off bool) bool { return off }) {
			rows++
		}
	}
	return rows
}

func offs(before, after []int64) []bool {
	out := make([]bool, len(before))
	for k := range before {
		out[k] = before[k] > 0 && after[k] == 0
	}
	return out
}

// Window is the shares that runs read between two steps, all runs together that read that far.
type Window struct {
	From, To int64
	Runs     int
	Shares   []float64 // by source
}

// Windows cuts the steps evenly, into at most that many windows, and leaves out those that no run has read to the end.
func (p Plan) Windows(tallies []Tally, most int) []Window {
	var out []Window
	most = int(max(1, min(int64(most), p.Steps)))
	for i := range most {
		w := Window{From: p.Steps * int64(i) / int64(most), To: p.Steps * int64(i+1) / int64(most)}
		w.read(tallies)
		if w.Runs > 0 {
			out = append(out, w)
		}
	}
	return out
}

func (w *Window) read(tallies []Tally) {
	total := 0.0
	for _, t := range tallies {
		from, to := t.at(w.From), t.at(w.To)
		if from == nil || to == nil {
			continue
		}
		if w.Shares == nil {
			w.Shares = make([]float64, len(to))
		}
		w.Runs++
		for k := range to {
			w.Shares[k] += to[k] - from[k]
			total += to[k] - from[k]
		}
	}
	for k := range w.Shares {
		w.Shares[k] /= total
	}
}
