package ablation

import (
	"maps"
	"math"
	"slices"
)

// Changes reports whether the schedule's mixture isn't the same from the first token to the last.
func (s Schedule) Changes() bool {
	for _, stage := range s.Stages[min(1, len(s.Stages)):] {
		if !s.Stages[0].Mixture.equal(stage.Mixture) {
			return true
		}
	}
	return false
}

// equal compares shares within the tolerance of a mixture's sum; a source left out has share 0.
func (m Mixture) equal(o Mixture) bool {
	for _, name := range slices.Concat(slices.Collect(maps.Keys(m)), slices.Collect(maps.Keys(o))) {
		if !near(m[name], o[name]) {
			return false
		}
	}
	return true
}

func near(a, b float64) bool { return math.Abs(a-b) <= tolerance }

// At is the mixture of the token after tokens ones, of a run of budget tokens. A stage holds from its first token: at
// the boundary itself the next stage has begun. Before the first token and past the last stage, the nearest mixture
// holds. A schedule without stages has no share of anything.
func (s Schedule) At(tokens, budget int64) Mixture {
	names, out := s.sources(), Mixture{}
	c := s.curve(names, budget)
	if len(c) == 0 {
		return out
	}
	for k, share := range c.piece(tokens).at(tokens) {
		if share != 0 {
			out[names[k]] = share
		}
	}
	return out
}

// sources are the names in the schedule's mixtures, sorted.
func (s Schedule) sources() []string {
	names := map[string]bool{}
	for _, stage := range s.Stages {
		for name := range stage.Mixture {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// curve is a schedule laid out for one budget and one order of sources.
type curve []piece

// piece is a stage, from the end of the one before it.
type piece struct {
	start, end float64 // tokens, not rounded
	last       bool    // holds past its end
	from, to   []float64
	ramp       Ramp
}

func (s Schedule) curve(sources []string, budget int64) curve {
	var c curve
	for i, stage := range s.Stages {
		p := piece{to: stage.Mixture.ordered(sources), ramp: stage.Ramp, last: i == len(s.Stages)-1}
		p.end, _ = stage.Until.exact(budget).Float64()
		p.from = p.to
		if i > 0 {
			p.start, p.from = c[i-1].end, c[i-1].to
		}
		c = append(c, p)
	}
	return c
}

func (m Mixture) ordered(sources []string) []float64 {
	out := make([]float64, len(sources))
	for k, name := range sources {
		out[k] = m[name]
	}
	return out
}

// piece is the one that holds at a number of tokens seen.
func (c curve) piece(tokens int64) piece {
	for _, p := range c {
		if float64(tokens) < p.end {
			return p
		}
	}
	return c[len(c)-1]
}

func (p piece) at(tokens int64) []float64 {
	if !p.moves() {
		return p.to
	}
	x := min(1, max(0, (float64(tokens)-p.start)/(p.end-p.start)))
	if p.ramp == RampCosine {
		x = (1 - math.Cos(math.Pi*x)) / 2
	}
	out := make([]float64, len(p.to))
	for k := range out {
		out[k] = p.from[k] + (p.to[k]-p.from[k])*x
	}
	return out
}

func (p piece) moves() bool {
	return (p.ramp == RampLinear || p.ramp == RampCosine) && !slices.Equal(p.from, p.to)
}
