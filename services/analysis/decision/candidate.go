package decision

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Limits are what a recommended mixture must keep to.
type Limits struct {
	Least, Most map[string]float64 // shares of a source in any phase; left out: as tried
	MaxEpochs   float64            // of any source over the run; 0: DefaultMaxEpochs
}

// DefaultMaxEpochs is how often a source may be read in what is recommended, unless asked otherwise.
const DefaultMaxEpochs = 16.0

// region is where recommendations may lie: between tried mixtures and near one, so that nothing is recommended that no run speaks for.
// Batches may lie near one only.
type region struct {
	tried      []table.Run // one of each mixture
	hull       *hull       // what lies between them
	low, high  []float64   // shares that were tried, by source
	floor      []float64   // what the limits allow of each
	ceiling    []float64
	least      []float64 // likewise, as tried where they say nothing
	most       []float64
	reach      float64 // total variation to the nearest tried mixture that is near
	farthest   float64 // that is allowed: reach, unless only mixtures farther away keep to the limits
	parameters float64 // of the largest size tried: what is recommended is for that
	tokens     float64
	epochs     func(table.Run) []float64
	maxEpochs  float64
}

func (e *engine) newRegion(l Limits) region {
	r := region{epochs: e.fit.Epochs, maxEpochs: l.MaxEpochs}
	if r.maxEpochs == 0 {
		r.maxEpochs = DefaultMaxEpochs
	}
	r.parameters, r.tokens = e.target.Parameters, e.target.Tokens
	for _, g := range e.groups {
		run := e.fit.Table.Runs[g[0]]
		run.Parameters, run.Tokens, run.Values = r.parameters, r.tokens, nil
		r.tried = append(r.tried, run)
	}
	for j, name := range e.fit.Table.Sources {
		low, high := 1.0, 0.0
		for _, run := range r.tried {
			for _, phase := range run.Shares {
				low, high = min(low, phase[j]), max(high, phase[j])
			}
		}
		r.low, r.high = append(r.low, low), append(r.high, high)
		floor, ceiling := 0.0, 1.0
		if v, ok := l.Least[name]; ok {
			low, floor = v, v
		}
		if v, ok := l.Most[name]; ok {
			high, ceiling = v, v
		}
		r.least, r.most = append(r.least, low), append(r.most, high)
		r.floor, r.ceiling = append(r.floor, floor), append(r.ceiling, ceiling)
	}
	r.reach = usual(r.tried)
	r.farthest, r.hull = r.reach, newHull(r.tried)
	return r
}

// usual is the distance between neighbours that nine in ten tried mixtures have at most.
func usual(tried []table.Run) float64 {
	if len(tried) > 400 {
		tried = tried[:400]
	}
	var near []float64
	for i, a := range tried {
		d := math.Inf(1)
		for k, b := range tried {
			if v := Apart(a, b); k != i && v > 1e-9 {
				d = min(d, v)
			}
		}
		if !math.IsInf(d, 1) {
			near = append(near, d)
		}
	}
	if len(near) == 0 {
		return 0
	}
	slices.Sort(near)
	return near[len(near)*9/10]
}

// Apart is the total variation between two runs' mixtures, at the phase where they differ most.
func Apart(a, b table.Run) float64 {
	most := 0.0
	for p, phase := range a.Shares {
		sum := 0.0
		for j, w := range phase {
			sum += math.Abs(w-b.Shares[p][j]) / 2
		}
		most = max(most, sum)
	}
	return most
}

// nearest is the tried mixture that a run is nearest to.
func (r region) nearest(run table.Run) (at int, distance float64) {
	distance = math.Inf(1)
	for i, t := range r.tried {
		if d := Apart(run, t); d < distance {
			at, distance = i, d
		}
	}
	return at, distance
}

// allows reports whether a run keeps to the limits, and is near one that was tried.
func (r region) allows(run table.Run) bool {
	const slack = 1e-9
	for _, phase := range run.Shares {
		for j, w := range phase {
			if w < r.least[j]-slack || w > r.most[j]+slack {
				return false
			}
		}
	}
	for _, e := range r.epochs(run) {
		if e > r.maxEpochs+slack {
			return false
		}
	}
	_, d := r.nearest(run)
	return d <= r.farthest+slack
}

// holds reports whether a run may be recommended: the region allows it, and it lies between tried ones.
func (r region) holds(run table.Run) bool { return r.allows(run) && r.hull.has(run, hullRounded) }

// between are mixtures of two to four tried ones each, schedules mixed phase by phase alike: none lies outside of what
// was tried. Those that the limits forbid are left out.
func (r region) between(rnd *rand.Rand) []table.Run {
	var out []table.Run
	for range scattered {
		parts := 2 + rnd.IntN(3)
		run := r.empty()
		sum := 0.0
		for range parts {
			w := rnd.ExpFloat64()
			sum += w
			run.add(r.tried[rnd.IntN(len(r.tried))], w)
		}
		run.scale(1 / sum)
		if r.allows(run.Run) {
			out = append(out, run.Run)
		}
	}
	return out
}

// sum is a weighted sum of runs' shares.
type sum struct{ table.Run }

func (r region) empty() sum {
	s := sum{table.Run{Parameters: r.parameters, Tokens: r.tokens}}
	for _, phase := range r.tried[0].Shares {
		s.Shares = append(s.Shares, make([]float64, len(phase)))
	}
	return s
}

func (s sum) add(r table.Run, w float64) {
	for p, phase := range r.Shares {
		for j, v := range phase {
			s.Shares[p][j] += w * v
		}
	}
}

func (s sum) scale(by float64) {
	for _, phase := range s.Shares {
		for j := range phase {
			phase[j] *= by
		}
	}
}

// copied is a run whose shares may be changed.
func copied(r table.Run) table.Run {
	shares := make([][]float64, len(r.Shares))
	for p, phase := range r.Shares {
		shares[p] = slices.Clone(phase)
	}
	r.Shares = shares
	return r
}
