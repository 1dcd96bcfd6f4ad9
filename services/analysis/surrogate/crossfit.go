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

// scores are the left-out rows' distances from what the stack said, in its own standard deviations.
func (m *model) scores(mat material, h held) []float64 {
	out := make([]float64, len(h))
	for i, each := range h {
		g := blend(each, m.weights)
		out[i] = math.Abs(mat.y[i]-g.mean) / math.Sqrt(g.variance+mat.known[i])
	}
	return out
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
