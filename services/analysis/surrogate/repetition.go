package surrogate

import "math"

// Repetition's R* is looked for among these once so many mixtures read a source so often; the published value is expected
// within a factor of two.
var repetitions = []float64{4, 8, Repetition, 30, 60}

const (
	repeatedRuns   = 8
	repeatedEpochs = 1.5
)

var repetitionSD = math.Ln2

// repetition sets R* to that under which the laws of all metrics together are most probable. Runs that repeat too little
// say nothing of it, and leave the published value.
func (f *Fit) repetition(s Setup) {
	if !f.Refitted() {
		return
	}
	best, least := Repetition, math.Inf(1)
	for _, half := range repetitions {
		f.expose(half)
		z := math.Log(half/Repetition) / repetitionSD
		if cost := f.lawCost(s) + z*z/2; cost < least {
			best, least = half, cost
		}
	}
	f.expose(best)
	f.note("repeated text: R* %.3g fits these runs best (published for one source: %.4g)", "繰り返したテキスト: R* = %.3g がこれらのランに最もよく合います (単一データソースでの公表値は %.4g)", best, Repetition)
}

// repeated is how many mixtures read a source more than once, clearly.
func (f *Fit) repeated() int {
	n := 0
	for _, g := range f.groups {
		for _, e := range f.space.epochsOf(f.Table.Runs[g[0]]) {
			if e > repeatedEpochs {
				n++
				break
			}
		}
	}
	return n
}

// expose reads the mixtures' exposures under an R*.
func (f *Fit) expose(half float64) {
	f.space.half = half
	f.xs = f.xs[:0]
	for _, g := range f.groups {
		f.xs = append(f.xs, f.space.exposure(f.Table.Runs[g[0]]))
	}
}

// lawCost is minus the log of the laws' probability, summed over metrics.
func (f *Fit) lawCost(s Setup) float64 {
	costs := make([]float64, len(f.Table.Metrics))
	each(len(costs), func(k int) {
		m := f.metric(k, s.own(f.Table.Metrics[k]))
		if m.constant {
			return
		}
		l := newLaw(f.space)
		p := l.prior(m.material.y, m.own)
		_, costs[k] = l.fitFrom(m.material.xs, m.material.y, p, m.material.known, p.mean)
	})
	sum := 0.0
	for _, c := range costs {
		sum += c
	}
	return sum
}
