package chart

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// stretch is what several runs have between two steps.
type stretch struct {
	from, to  int64
	low, high float64
	runs      map[string]part
}

// part is one run's finite values in a stretch.
type part struct {
	n   int64
	sum float64
}

// middle is the step at which a stretch is drawn.
func (s stretch) middle() float64 { return float64(s.from+s.to) / 2 }

// mean over runs of their means: a run that logged more doesn't weigh more.
func (s stretch) mean() float64 {
	means := make([]float64, 0, len(s.runs))
	for _, p := range s.runs {
		means = append(means, p.sum/float64(p.n))
	}
	slices.Sort(means) // so that the sum's last bit doesn't hang on the order
	total := 0.0
	for _, m := range means {
		total += m
	}
	return min(max(total/float64(len(means)), s.low), s.high)
}

// overlay lays runs' buckets over each other, those that count or those that were superseded: those whose steps overlap become one stretch. Buckets of one
// resolution fall on the same steps, but for the last one and those cut by a resumption.
func overlay(curves []ablation.Curve, superseded bool) []stretch {
	type piece struct {
		run string
		ablation.Bucket
	}
	var pieces []piece
	for _, c := range curves {
		for _, b := range c.Buckets {
			if b.Superseded == superseded && b.N > 0 {
				pieces = append(pieces, piece{c.RunID, b})
			}
		}
	}
	slices.SortFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.FromStep, b.FromStep), cmp.Compare(a.ToStep, b.ToStep), cmp.Compare(a.run, b.run))
	})
	var out []stretch
	for _, p := range pieces {
		if len(out) == 0 || p.FromStep > out[len(out)-1].to {
			out = append(out, stretch{from: p.FromStep, to: p.ToStep, low: math.Inf(1), high: math.Inf(-1), runs: map[string]part{}})
		}
		s := &out[len(out)-1]
		s.to, s.low, s.high = max(s.to, p.ToStep), min(s.low, float64(p.Min)), max(s.high, float64(p.Max))
		before := s.runs[p.run]
		s.runs[p.run] = part{before.n + p.N, before.sum + float64(p.Sum)}
	}
	return out
}

// bucketsAtMost is how many stretches of a line are drawn; about three pixels each on a wide page.
const bucketsAtMost = 240

// thin puts neighbours together until a line can be read. Nothing is dropped: lows, highs and sums are of all of them.
func thin(line []stretch) []stretch {
	each := (len(line) + bucketsAtMost - 1) / bucketsAtMost
	if each < 2 {
		return line
	}
	var out []stretch
	for group := range slices.Chunk(line, each) {
		s := group[0]
		s.runs = maps.Clone(s.runs)
		for _, next := range group[1:] {
			s.to, s.low, s.high = next.to, min(s.low, next.low), max(s.high, next.high)
			for run, p := range next.runs {
				s.runs[run] = part{s.runs[run].n + p.n, s.runs[run].sum + p.sum}
			}
		}
		out = append(out, s)
	}
	return out
}

// pieces parts a line where it has holes: where two stretches are further apart than three times the closest two.
func pieces(line []stretch) [][]stretch {
	closest := math.Inf(1)
	for i := 1; i < len(line); i++ {
		closest = min(closest, line[i].middle()-line[i-1].middle())
	}
	var out [][]stretch
	for i, s := range line {
		if i == 0 || s.middle()-line[i-1].middle() > 3*closest {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}
