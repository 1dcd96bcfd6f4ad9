package surrogate

import (
	"cmp"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// exposure is what the models read of one run.
type exposure struct {
	phases [][]float64 // shares by phase and source, each scaled to what repeated text is worth
	tokens []float64   // the phases' shares of the tokens
	epochs []float64   // by source, over the whole run; nil where sizes aren't known
	n, d   float64     // log of parameters and of tokens, beside the reference's; 0 where they aren't known
}

// aggregate is the share of each source over the whole run.
func (x exposure) aggregate(j int) float64 {
	sum := 0.0
	for p, phase := range x.phases {
		sum += x.tokens[p] * phase[j]
	}
	return sum
}

// space says how runs become exposures. It is the same for all metrics.
type space struct {
	sources, phases int
	shares          []float64 // the phases' shares of the tokens
	sizes           []float64 // tokens of each source; 0: not known
	refN, refD      float64   // geometric means over the runs; 0: not known
	variesN         bool      // runs differ in parameters
	variesD         bool      // runs differ in tokens
	repeats         bool      // some run reads some source more than once, and all runs' tokens are known
	half            float64   // epochs over which repeated text loses its worth: R*
	most            float64   // epochs beyond which nothing is known of that
}

func newSpace(t table.Table, shares []float64, sizes map[string]float64) space {
	s := space{sources: len(t.Sources), phases: t.Phases, shares: shares, half: Repetition, most: knownEpochs, sizes: make([]float64, len(t.Sources))}
	for j, name := range t.Sources {
		s.sizes[j] = sizes[name]
	}
	if s.shares == nil {
		s.shares = make([]float64, t.Phases)
		for p := range s.shares {
			s.shares[p] = 1 / float64(t.Phases)
		}
	}
	s.refN, s.variesN = reference(t.Runs, func(r table.Run) float64 { return r.Parameters })
	s.refD, s.variesD = reference(t.Runs, func(r table.Run) float64 { return r.Tokens })
	for _, r := range t.Runs {
		for _, e := range s.epochsOf(r) {
			s.repeats = s.repeats || e > 1 && s.refD > 0
			s.most = max(s.most, e)
		}
	}
	return s
}

// reference is the geometric mean of a size, and whether it varies; a size that some run lacks is taken for constant.
func reference(runs []table.Run, of func(table.Run) float64) (mean float64, varies bool) {
	sum, low, high := 0.0, math.Inf(1), 0.0
	for _, r := range runs {
		v := of(r)
		if v <= 0 {
			return 0, false
		}
		sum += math.Log(v)
		low, high = min(low, v), max(high, v)
	}
	return math.Exp(sum / float64(len(runs))), high > low*table.SameSize
}

// unsized are the sources, by place, of which epochs aren't known: all where runs' tokens aren't.
func (s space) unsized() []int {
	var out []int
	for j, size := range s.sizes {
		if size <= 0 || s.refD <= 0 {
			out = append(out, j)
		}
	}
	return out
}

// tokensOf are a run's tokens; one that doesn't say is as long as the runs at hand. 0: not known.
func (s space) tokensOf(r table.Run) float64 { return cmp.Or(r.Tokens, s.refD) }

// epochsOf is how often a run reads each source; nil where that isn't known of any.
func (s space) epochsOf(r table.Run) []float64 {
	total := s.tokensOf(r)
	if total <= 0 {
		return nil
	}
	out, known := make([]float64, s.sources), false
	for j, size := range s.sizes {
		if size <= 0 {
			continue
		}
		known = true
		for p, phase := range r.Shares {
			out[j] += s.shares[p] * phase[j] * total / size
		}
	}
	if !known {
		return nil
	}
	return out
}

// Repetition is R* of Muennighoff et al., arXiv 2305.16264: repeated text is worth U (1 + R* (1 − exp(−(epochs − 1) ÷ R*)))
// new tokens of a source of U. It holds until the runs at hand say otherwise, also where none of them repeats text and the run that
// is decided about would.
const Repetition = 15.39

// knownEpochs is how far the published loss was seen to hold. A source that is read more often than that, and than in any run, is
// taken for one that is read so often: its text is seldom all that the run would have.
const knownEpochs = 40.0

// Worth is what a token of a source is worth on average, beside a new one, after so many epochs.
func Worth(epochs, repetition float64) float64 {
	if epochs <= 1 {
		return 1
	}
	return (1 + repetition*-math.Expm1(-(epochs-1)/repetition)) / epochs
}

func (s space) exposure(r table.Run) exposure {
	x := exposure{phases: r.Shares, tokens: s.shares, epochs: s.epochsOf(r)}
	if s.variesN && r.Parameters > 0 {
		x.n = math.Log(r.Parameters / s.refN)
	}
	if s.variesD && s.tokensOf(r) > 0 {
		x.d = math.Log(s.tokensOf(r) / s.refD)
	}
	if x.epochs == nil || slices.Max(x.epochs) <= 1 || s.refD <= 0 {
		return x
	}
	x.phases = make([][]float64, len(r.Shares))
	for p, phase := range r.Shares {
		x.phases[p] = make([]float64, len(phase))
		for j, w := range phase {
			x.phases[p][j] = w * Worth(min(x.epochs[j], s.most), s.half)
		}
	}
	return x
}

func (s space) exposures(runs []table.Run) []exposure {
	out := make([]exposure, len(runs))
	for i, r := range runs {
		out[i] = s.exposure(r)
	}
	return out
}
