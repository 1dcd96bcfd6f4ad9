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
	smoothed  bool // the parts are those of its surroundings, and their means may lie outside of low and high
}

// part is one run's finite values in a stretch.
type part struct {
	n   int64
	sum float64
}

// middle is the step at which a stretch is drawn.
func (s stretch) middle() float64 { return float64(s.from+s.to) / 2 }

// means are the runs' means, in order of size.
func (s stretch) means() []float64 {
	means := make([]float64, 0, len(s.runs))
	for _, p := range s.runs {
		means = append(means, p.sum/float64(p.n))
	}
	slices.Sort(means) // so that the last bit of a sum doesn't hang on the order
	return means
}

// mean over runs of their means: a run that logged more doesn't weigh more.
func (s stretch) mean() float64 {
	total := 0.0
	for _, m := range s.means() {
		total += m
	}
	mean := total / float64(len(s.runs))
	if s.smoothed {
		return mean
	}
	return min(max(mean, s.low), s.high)
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

// thin puts neighbours together until no more than that many are left. Nothing is dropped: lows, highs and sums are of all of them.
func thin(line []stretch, most int) []stretch {
	each := (len(line) + most - 1) / most
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

// smooth gives every run in a stretch the mean of all its values within half a width, in steps, on either side. It counts
// values, not stretches, so that the result hangs on the width alone and not on how finely a line was read. Lows and highs
// stay: a spike is never smoothed away.
func smooth(line []stretch, width float64) []stretch {
	if !(width > 0) {
		return line
	}
	out := make([]stretch, len(line))
	sums := map[string]part{}
	first, next := 0, 0
	for i, s := range line {
		for ; next < len(line) && line[next].middle() <= s.middle()+width/2; next++ {
			for run, p := range line[next].runs {
				sums[run] = part{sums[run].n + p.n, sums[run].sum + p.sum}
			}
		}
		for ; line[first].middle() < s.middle()-width/2; first++ {
			for run, p := range line[first].runs {
				sums[run] = part{sums[run].n - p.n, sums[run].sum - p.sum}
			}
		}
		out[i] = s
		out[i].smoothed, out[i].runs = true, make(map[string]part, len(s.runs))
		for run := range s.runs {
			out[i].runs[run] = sums[run]
		}
	}
	return out
}
