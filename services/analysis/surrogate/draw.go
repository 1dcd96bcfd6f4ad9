package surrogate

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Draws are values that the metrics could have at some runs, as far as the data say: by metric, draw and run. Within a
// draw values of one metric belong to one curve, so that differences of runs may be taken. They are of expected values:
// the noise of single runs is not in them.
type Draws [][][]float64

// waves is how many cosines stand for a Matérn process in a draw.
const waves = 256

// Draw draws n curves of every metric. The same seed gives the same curves.
func (f *Fit) Draw(runs []table.Run, n int, seed uint64) Draws {
	xs := f.space.exposures(runs)
	out := make(Draws, len(f.metrics))
	each(len(f.metrics), func(k int) { out[k] = f.metrics[k].draw(xs, n, f.metrics[k].random(seed)) })
	return out
}

// random is a stream of its own for each metric, whatever its place in the table.
func (m *metric) random(seed uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.name)) // never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// draw takes each curve from one guided member, as often as its weight says. Curves lie around what the stack expects: that members
// differ is part of their deviations, and these are stretched as the intervals are.
func (m *metric) draw(xs []exposure, n int, r *rand.Rand) [][]float64 {
	out := make([][]float64, 0, n)
	if m.constant {
		return slices.Repeat([][]float64{slices.Repeat([]float64{m.level}, len(xs))}, n)
	}
	stack, differs := m.model.opinions(xs)
	for k, count := range shareOut(n, m.model.weights[:memberRidge]) {
		if count == 0 {
			continue
		}
		deviations, wider := m.model.guides[k].deviate(xs, m.material.known, count, r), m.wider(k, xs)
		for d := range count {
			curve := make([]float64, len(xs))
			for i := range xs {
				curve[i] = m.target.from(stack[i] + m.stretch(stack[i], xs[i])/normal*(differs[k][i]+wider[i]*deviations.At(i, d)))
			}
			out = append(out, curve)
		}
	}
	r.Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] }) // draws of all metrics go together by number
	return out
}

// wider is by how much deviations are wider than a member's curve, at each exposure, for what every mixture has of its own: curves don't
// turn as fast as that, and it is no luck where seeds tell what luck is.
func (m *metric) wider(k int, xs []exposure) []float64 {
	out := slices.Repeat([]float64{1}, len(xs))
	if m.noise.freedom == 0 {
		return out
	}
	g := m.model.guides[k]
	_, variances := g.at(xs)
	nugget := math.Exp(2 * g.h[atNugget])
	for i, v := range variances {
		out[i] = math.Sqrt(1 + nugget/max(v, nugget/100))
	}
	return out
}

// opinions are what the stack expects, and what each guided member expects minus what these do together, by member and exposure.
func (m *model) opinions(xs []exposure) (stack []float64, differs [memberRidge][]float64) {
	stack = make([]float64, len(xs))
	guided := 0.0
	for k, g := range m.guides {
		differs[k] = make([]float64, len(xs))
		if m.weights[k] == 0 {
			continue
		}
		guided += m.weights[k]
		for i, x := range xs {
			differs[k][i] = g.mean(x)
			stack[i] += m.weights[k] * differs[k][i]
		}
	}
	for k := range differs {
		for i := range xs {
			differs[k][i] -= stack[i] / guided
		}
	}
	if m.ridge != nil {
		for i, x := range xs {
			stack[i] += m.weights[memberRidge] * m.ridge.at(x)
		}
	}
	return stack, differs
}

// shareOut divides n by weights, largest remainders last.
func shareOut(n int, weights []float64) []int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out, done, upTo := make([]int, len(weights)), 0, 0.0
	for k, w := range weights {
		upTo += w / sum
		out[k] = int(math.Round(upTo*float64(n))) - done
		done += out[k]
	}
	return out
}

// deviate draws curves of a guided process around its mean: a column a curve, a row an exposure. A curve of the prior is
// bent to the data by Matheron's rule.
func (g *guided) deviate(xs []exposure, known []float64, n int, r *rand.Rand) *mat.Dense {
	w := g.waves(r)
	p := g.trend.size()
	law, wave := gaussian(p, n, r), gaussian(waves, n, r)
	at, slopes := make([][]float64, len(xs)), mat.NewDense(len(xs), p, nil)
	for i, x := range xs {
		g.linear(x, slopes.RawRowView(i))
		at[i] = g.features(x)
	}
	prior := func(slopes *mat.Dense, at [][]float64) *mat.Dense {
		var a, b mat.Dense
		a.Mul(slopes, law)
		b.Mul(w.of(at), wave)
		a.Add(&a, &b)
		return &a
	}
	seen := prior(g.slopes, g.x)
	nugget := math.Exp(2 * g.h[atNugget])
	for i := range g.x {
		sd := math.Sqrt(nugget + known[i])
		for d := range n {
			seen.Set(i, d, seen.At(i, d)+sd*r.NormFloat64())
		}
	}
	var pull, back mat.Dense
	_ = g.chol.SolveTo(&pull, seen)
	back.Mul(g.covariance(slopes, at), &pull)
	out := prior(slopes, at)
	out.Sub(out, &back)
	return out
}

func gaussian(rows, columns int, r *rand.Rand) *mat.Dense {
	m := mat.NewDense(rows, columns, nil)
	for i := range m.RawMatrix().Data {
		m.RawMatrix().Data[i] = r.NormFloat64()
	}
	return m
}

// covariance of points, given their slopes and features, with the rows.
func (g *guided) covariance(slopes *mat.Dense, at [][]float64) *mat.Dense {
	var k mat.Dense
	k.Mul(slopes, g.slopes.T())
	a2, inverse := math.Exp(2*g.h[atAmplitude]), inverses(g.h[atLength:])
	for i, f := range at {
		row := k.RawRowView(i)
		for j, x := range g.x {
			c, _ := matern(between(f, x, inverse))
			row[j] += a2 * c
		}
	}
	return &k
}

// spectrum is cosines whose sum, with normal weights, is nearly a draw of a Matérn process (Rahimi and Recht's features).
type spectrum struct {
	frequencies [][]float64
	phases      []float64
	amplitude   float64
}

// waves draws frequencies: those of a Matérn-5/2 process are multivariate Student t with five degrees of freedom.
func (g *guided) waves(r *rand.Rand) spectrum {
	s := spectrum{amplitude: math.Exp(g.h[atAmplitude]) * math.Sqrt(2./waves)}
	for range waves {
		chi := 0.0
		for range 5 {
			z := r.NormFloat64()
			chi += z * z
		}
		f := make([]float64, len(g.h)-atLength)
		for k := range f {
			f[k] = r.NormFloat64() * math.Sqrt(5/chi) * math.Exp(-g.h[atLength+k])
		}
		s.frequencies = append(s.frequencies, f)
		s.phases = append(s.phases, 2*math.Pi*r.Float64())
	}
	return s
}

func (s spectrum) of(at [][]float64) *mat.Dense {
	out := mat.NewDense(len(at), waves, nil)
	for i, x := range at {
		row := out.RawRowView(i)
		for k, f := range s.frequencies {
			phase := s.phases[k]
			for j, v := range x {
				phase += f[j] * v
			}
			row[k] = s.amplitude * math.Cos(phase)
		}
	}
	return out
}
