package chart

import (
	"cmp"
	"math"
	"slices"
)

// spike is a stretch whose highest point stands out from its neighbours.
type spike struct {
	at   int // index of the stretch
	top  float64
	size float64 // above the median mean of its neighbours
}

const (
	spikesAtMost  = 5 // circled of one line, the largest
	neighbours    = 3 // on either side
	spikeMultiple = 8 // times the usual distance along the line: five standard deviations of normal noise
)

// spikes are the stretches that stand out eight times as far above their neighbours as points usually lie from theirs, and by
// 2% of their level at least; of close ones the highest. In order along the line.
func spikes(line []stretch) []spike {
	excess, usual := make([]float64, len(line)), make([]float64, len(line))
	for i := range line {
		excess[i] = line[i].high - level(line, i)
		usual[i] = math.Abs(excess[i])
	}
	if len(line) < 2*neighbours+1 {
		return nil
	}
	least := spikeMultiple * median(usual)
	var out []spike
	for i := neighbours; i < len(line); i++ {
		if base := line[i].high - excess[i]; excess[i] <= max(least, .02*base, spikeMultiple*before(line, i)) {
			continue
		}
		found := spike{i, line[i].high, excess[i]}
		if n := len(out); n > 0 && out[n-1].at >= i-neighbours {
			if found.size > out[n-1].size {
				out[n-1] = found
			}
			continue
		}
		out = append(out, found)
	}
	return out
}

// largest are as many as have room to be circled, in order along the line.
func largest(found []spike) []spike {
	slices.SortFunc(found, func(a, b spike) int { return cmp.Compare(b.size, a.size) })
	found = found[:min(len(found), spikesAtMost)]
	slices.SortFunc(found, func(a, b spike) int { return cmp.Compare(a.at, b.at) })
	return found
}

// before is how far the means lie apart that come before a stretch's neighbours, for one near the line's end, which has few
// neighbours after it: there a line that only rises is no spike. 0 for all others.
func before(line []stretch, i int) float64 {
	if i < len(line)-neighbours {
		return 0
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range line[max(0, i-2*neighbours) : i-neighbours+1] {
		low, high = min(low, t.mean()), max(high, t.mean())
	}
	return high - low
}

// level is the median mean of a stretch's neighbours on both sides.
func level(line []stretch, i int) float64 {
	var means []float64
	for k := max(0, i-neighbours); k < min(len(line), i+neighbours+1); k++ {
		if k != i {
			means = append(means, line[k].mean())
		}
	}
	return median(means)
}

// median of values; 0 of none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
