package surrogate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/haigo-lab/haigo/services/analysis"
)

// folds is how often the runs are fitted with a part left out; as few runs as that are left out one by one.
const folds = 10

// held is what the members said of each row while it was left out.
type held []opinions

// crossfit fits the recipe again and again, each time without some rows, and says what the members say of these. Laws are
// fitted anew, and so are processes' hyper-parameters, unless rows are so many that a part of them hardly moves these.
func (r recipe) crossfit(m material, whole *model) held {
	n := len(m.xs)
	out := make(held, n)
	parts := min(folds, n)
	for part := range parts {
		var train, test []int
		for i := range n {
			if i%parts == part {
				test = append(test, i)
			} else {
				train = append(train, i)
			}
		}
		said := r.fit(m.subset(train), whole).each(pick(m.xs, test))
		for k, i := range test {
			out[i] = said[k]
		}
	}
	return out
}

// weigh sets the weights that would have predicted the left-out rows best: those of least squared error, with as much
// pull to the prior ones as priorRows rows have.
func (m *model) weigh(y []float64, h held) {
	prior := slices.Clone(m.weights)
	scale := 0.0
	for i, each := range h {
		d := y[i] - blend(each, prior).mean
		scale += d * d
	}
	scale /= float64(len(y))
	cost := func(w []float64) float64 {
		sum := 0.0
		for i, each := range h {
			d := y[i]
			for k, v := range w {
				d -= v * each[k].mean
			}
			sum += d * d / max(scale, 1e-12)
		}
		for k, v := range w {
			sum += priorRows * (v - prior[k]) * (v - prior[k])
		}
		return sum
	}
	m.weights = downhill(m.weights, prior, cost)
}

// downhill moves weight from one member to another as long as that lowers the cost, in steps down to a hundredth. Members
// that the prior leaves out stay out.
func downhill(start, prior []float64, cost func([]float64) float64) []float64 {
	at := slices.Clone(start)
	least := cost(at)
	for step := .32; step >= .01; {
		better := false
		for from := range at {
			for to := range at {
				move := min(step, at[from])
				if from == to || prior[to] == 0 || move <= 0 {
					continue
				}
				at[from] -= move
				at[to] += move
				if c := cost(at); c < least {
					least, better = c, true
					continue
				}
				at[from] += move
				at[to] -= move
			}
		}
		if !better {
			step /= 2
		}
	}
	return at
}

// scores are the left-out rows' distances from what the stack said, in its own standard deviations, and what it said.
func (m *model) scores(mat material, h held) (scores, said []float64) {
	for i, each := range h {
		g := blend(each, m.weights)
		scores = append(scores, math.Abs(mat.y[i]-g.mean)/math.Sqrt(g.variance+mat.known[i]))
		said = append(said, g.mean)
	}
	return scores, said
}

// uneven is how deviations grow with the level: mixtures that score badly are predicted worse. A deviation is multiplied by
// exp(slope × the level's distance from the middle, in spreads).
type uneven struct{ middle, spread, slope float64 }

// The slope is looked for up to steepest; that it is none is expected within slopeSD. Levels beyond farLevel spreads are
// taken for that, and scores beyond farScore.
const (
	steepest = 1.0
	slopeSD  = 0.3
	farLevel = 2.5
	farScore = 4.0
)

// unevenOf finds the most probable slope for normal deviations whose size is unknown.
func unevenOf(scores, said []float64) uneven {
	u := uneven{middle: average(said)}
	for _, v := range said {
		u.spread += (v - u.middle) * (v - u.middle) / float64(len(said))
	}
	if u.spread = math.Sqrt(u.spread); u.spread == 0 {
		return uneven{spread: 1}
	}
	best, least := 0.0, math.Inf(1)
	for c := -steepest; c <= steepest; c += steepest / 20 {
		u.slope = c
		squares, logs := 0.0, 0.0
		for i, z := range scores {
			s := u.at(said[i])
			z = min(z, farScore) / s
			squares += z * z
			logs += math.Log(s)
		}
		n := float64(len(scores))
		if cost := n/2*math.Log(squares/n) + logs + c*c/(2*slopeSD*slopeSD); cost < least {
			best, least = c, cost
		}
	}
	u.slope = best
	return u
}

// at is by how much deviations are larger at a level than in the middle.
func (u uneven) at(level float64) float64 {
	z := (level - u.middle) / u.spread
	return math.Exp(u.slope * min(max(z, -farLevel), farLevel))
}

// normal is the half width of a normal's interval at Level, in standard deviations.
var normal = distuv.UnitNormal.Quantile((1 + analysis.Level) / 2)

// conformal is the half width, in predicted standard deviations, that covers Level of scores, by split conformal's rule.
// A few scores say little of a tail: it is drawn to otherwise as if that stood on as many scores as trust.
func conformal(scores []float64, otherwise, trust float64) float64 {
	n := float64(len(scores))
	if n == 0 {
		return otherwise
	}
	sorted := slices.Sorted(slices.Values(scores))
	k := min(int(math.Ceil((n+1)*analysis.Level)), len(sorted))
	q := max(sorted[k-1], otherwise/4)
	return math.Exp((n*math.Log(q) + trust*math.Log(otherwise)) / (n + trust))
}
