package ablation

import (
	"fmt"
	"math"
)

// Draws of a swarm. Shares are whole parts of 10,000: what a person can read, and what no machine's arithmetic moves.
const (
	seedSwarm  = 4 // beside the seeds of replicates
	swarmParts = 10_000
	maxDraws   = 1000 // for one arm, until bounds and limits hold
	maxFutile  = 20   // arms without a mixture, before any has one
)

// dirichlet adds the arms of a swarm. An arm's mixture depends on the sweep's seed and its number alone.
func (b *armBuilder) dirichlet(d Dirichlet) {
	centre, ok := b.from("design.dirichlet.centre", d.Centre)
	if !ok || b.sweep.Seed == nil {
		return
	}
	m := &made{key: DesignDirichlet}
	s := swarm{armBuilder: b, Dirichlet: d, centre: centre, mixed: centre.read(b.sources)}
	for i := range d.Arms {
		if m.arms == 0 && i >= maxFutile && len(m.twice) == 0 {
			break
		}
		if mixture, field := s.draw(i); field == "" {
			b.offer(m, fmt.Sprintf("swarm-%03d", i+1), oneText(fmt.Sprint("#", i+1)), mixture, s.mixed)
		} else {
			m.leave(field, s.asks(field), fmt.Sprintf("swarm-%03d", i+1))
		}
	}
	b.settle(m)
}

// oneText is one text in both languages.
func oneText(text string) Label { return Label{JA: text, EN: text} }

type swarm struct {
	*armBuilder
	Dirichlet
	centre Mixture
	mixed  []string // sources that the centre reads
}

// draw is the i-th mixture, or the field of the document that refused most of those that were drawn for it.
func (s swarm) draw(i int) (Mixture, string) {
	refused := map[string]int{}
	for attempt := range maxDraws {
		m := s.sample(&stream{key: *s.sweep.Seed, counter: [4]uint32{uint32(i), uint32(attempt), 0, seedSwarm}})
		field := s.refuses(m)
		if field == "" {
			return m, ""
		}
		refused[field]++
	}
	most := &made{left: refused}
	return nil, most.fields()[0]
}

// refuses is the field of the document that a mixture doesn't hold to, "" where there is none. A limit on epochs asks for
// another draw only where all runs have one length: otherwise a longer one, added later, would change the shorter ones.
func (s swarm) refuses(m Mixture) string {
	for _, name := range s.mixed {
		if bound, ok := s.Bounds[name]; ok && (m[name] < bound.Low-tolerance || m[name] > bound.High+tolerance) {
			return "design.dirichlet.bounds." + name
		}
	}
	product := s.sweep.Design.Product
	switch {
	case s.tooSmall(m, s.mixed):
		return "design.limits.min_share"
	case (product == nil || len(product.Tokens) == 0) && s.tooOften(m, s.sweep.Recipe):
		return "design.limits.max_epochs"
	}
	return ""
}

func (s swarm) asks(field string) Label {
	switch field {
	case "design.limits.min_share":
		return s.sweep.Design.Limits.asksShare()
	case "design.limits.max_epochs":
		return s.sweep.Design.Limits.asksEpochs()
	}
	name := field[len("design.dirichlet.bounds."):]
	return say("bounds of %s", "%s の bounds", name)
}

// sample draws once: gamma variates, in logarithms so that small concentrations don't vanish, divided by their sum. What
// is fixed by its bounds stays; the rest is shared out.
func (s swarm) sample(r *stream) Mixture {
	var names []string
	var logs []float64
	out, rest := Mixture{}, 1.0
	for _, name := range s.mixed {
		if bound, ok := s.Bounds[name]; ok && bound.Low == bound.High {
			out[name] = bound.Low
			rest -= bound.Low
			continue
		}
		names, logs = append(names, name), append(logs, r.logGamma(s.Concentration*s.centre[name]))
	}
	for k, part := range parts(logs, swarmParts) {
		out[names[k]] = tidy(rest * float64(part) / swarmParts)
	}
	return out
}

// parts splits whole among the exponentials of logs, by largest remainders.
func parts(logs []float64, whole int64) []int64 {
	if len(logs) == 0 {
		return nil
	}
	top, total := math.Inf(-1), 0.0
	for _, l := range logs {
		top = max(top, l)
	}
	out, rest, left := make([]int64, len(logs)), make([]float64, len(logs)), whole
	for k, l := range logs {
		rest[k] = math.Exp(l - top)
		total += rest[k]
	}
	for k := range rest {
		share := rest[k] / total * float64(whole)
		out[k] = int64(math.Floor(share))
		rest[k] = share - math.Floor(share)
		left -= out[k]
	}
	largest(out, rest, left)
	return out
}

// stream is a row of numbers from Philox: the third word of the counter runs.
type stream struct {
	key     uint64
	counter [4]uint32
}

// uniform is above 0 and at most 1.
func (s *stream) uniform() float64 {
	x := philox(s.key, s.counter)
	s.counter[2]++
	return (float64((uint64(x[0])|uint64(x[1])<<32)>>11) + .5) / (1 << 53)
}

// normal is a standard normal variate (Box and Muller).
func (s *stream) normal() float64 {
	radius := math.Sqrt(-2 * math.Log(s.uniform()))
	return radius * math.Cos(2*math.Pi*s.uniform())
}

// logGamma is the logarithm of a gamma variate of a shape above 0 and scale 1 (Marsaglia and Tsang 2000; below 1 by the
// variate of shape + 1 times U^(1/shape)).
func (s *stream) logGamma(shape float64) float64 {
	if shape < 1 {
		return s.logGamma(shape+1) + math.Log(s.uniform())/shape
	}
	d := shape - 1./3
	for {
		x := s.normal()
		v := 1 + x/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(s.uniform()) < x*x/2+d-d*v+d*math.Log(v) {
			return math.Log(d) + math.Log(v)
		}
	}
}
