package decision

import (
	"math/rand/v2"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// walk goes from mixture to mixture of a region.
type walk struct {
	region
	random *rand.Rand
	stray  bool // it may leave what lies between tried mixtures
}

// Steps of a climb, in total variation, and how many are tried of each length.
const (
	climbFirst = 0.1
	climbLast  = 0.004
	climbMoves = 160
)

// climb goes from one mixture on to where a value is lower, in smaller and smaller steps.
func (w walk) climb(at table.Run, value func([]table.Run) []float64) table.Run {
	least := value([]table.Run{at})[0]
	for step := climbFirst; step >= climbLast; {
		made := w.made(at)
		var tries []table.Run
		for range climbMoves {
			if t, ok := w.moved(at, made, step); ok {
				tries = append(tries, t)
			}
		}
		next, v := w.first(tries, value(tries), least-1e-12, made)
		if next < 0 {
			step /= 2
			continue
		}
		at, least = tries[next], v
	}
	return at
}

// first is the best of the tries below a value that lies where the walk may go; -1: none.
func (w walk) first(tries []table.Run, values []float64, below float64, made combination) (int, float64) {
	for _, i := range sortedBy(values) {
		if values[i] >= below {
			break
		}
		if w.stray || w.hull.holds(tries[i], hullSearch, made) {
			return i, values[i]
		}
	}
	return -1, 0
}

// made is of which tried mixtures one is made, as far as the walk must know.
func (w walk) made(at table.Run) combination {
	if w.stray {
		return combination{}
	}
	return w.hull.blend(at)
}

// around are mixtures a few steps from one.
func (w walk) around(run table.Run, n int) []table.Run {
	var out []table.Run
	made := w.made(run)
	for range n {
		at := run
		for range aroundSteps {
			if t, ok := w.moved(at, made, aroundStep); ok && (w.stray || w.hull.holds(t, hullSearch, made)) {
				at = t
			}
		}
		out = append(out, at)
	}
	return out
}

const (
	aroundSteps = 3
	aroundStep  = 0.08
)

// moved is a step from a mixture, as far as the region allows it: from one source to another, or, as edges between tried mixtures seldom
// run that way, towards one of these.
func (w walk) moved(at table.Run, made combination, step float64) (table.Run, bool) {
	t, step := copied(at), step*(.5+w.random.Float64())
	switch {
	case len(made.at) == 0 || w.random.IntN(2) == 0:
		if !w.shift(t, step) {
			return t, false
		}
	default:
		w.remix(t, made, step)
	}
	return t, w.allows(t)
}

// shift moves share from one source to another, in one phase or in all.
func (w walk) shift(t table.Run, step float64) bool {
	m := len(w.least)
	from, to := w.random.IntN(m), w.random.IntN(m)
	if from == to {
		return false
	}
	// Models see a schedule's last phase and the whole: how those before share the rest is for none of them to say, and is kept.
	parts := min(len(t.Shares), 2)
	only := w.random.IntN(parts + 1) // beyond the last: all phases
	for p, phase := range t.Shares {
		part := 0
		if p > 0 && p == len(t.Shares)-1 {
			part = 1
		}
		if only < parts && part != only {
			continue
		}
		d := min(step, phase[from])
		phase[from] -= d
		phase[to] += d
	}
	return true
}

// remix gives a tried mixture a larger weight, at the cost of all or of one of those that this one is made of.
func (w walk) remix(t table.Run, made combination, step float64) {
	to := w.tried[w.random.IntN(len(w.tried))]
	if w.random.IntN(2) == 0 {
		to = w.tried[made.at[w.random.IntN(len(made.at))]]
	}
	from, most := copied(t), 1.0
	if w.random.IntN(2) == 0 {
		k := w.random.IntN(len(made.at))
		from, most = w.tried[made.at[k]], made.weights[k]
	}
	apart := Apart(from, to)
	if apart == 0 {
		return
	}
	weight := min(most, step/apart)
	for p, phase := range t.Shares {
		for j := range phase {
			phase[j] = max(0, phase[j]+weight*(to.Shares[p][j]-from.Shares[p][j]))
		}
	}
}
