package decision

import (
	"cmp"
	"math"
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/surrogate"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// A batch that widens a front takes one mixture after another: each is that whose expected hypervolume improvement is largest,
// the mean over curves that the data allow of the area that it adds to what the tried mixtures and those before it dominate
// (Emmerich et al. 2006; greedily for batches, as Daulton et al. 2020 do).

// frontDraws is how many curves the expectation is taken over; beyond the worst ends of the tried front, frontMargin of its
// length counts too.
const (
	frontDraws  = 64
	frontMargin = 0.1
)

// point is two metrics, lower being better.
type point struct{ x, y float64 }

// plane is the two metrics of a front.
type plane struct {
	kx, ky int // places in the fit; below 0 where it lacks one
	sx, sy float64
}

func (e *engine) plane(x, y string) plane {
	return plane{e.metric(x), e.metric(y), e.down(x), e.down(y)}
}

func (p plane) known() bool { return p.kx >= 0 && p.ky >= 0 }

func (p plane) of(values []float64) point { return point{p.sx * values[p.kx], p.sy * values[p.ky]} }

func (p plane) drawn(d surrogate.Draws, s, i int) point {
	return point{p.sx * d[p.kx][s][i], p.sy * d[p.ky][s][i]}
}

// widening are mixtures that may lie on a front: layer after layer of those that none of the rest beats in both, and steps beside
// the first.
func (e *engine) widening(p plane, n int) []table.Run {
	pool, means := e.pool()
	left := make([]int, len(pool))
	for i := range left {
		left[i] = i
	}
	var out []table.Run
	for len(left) > 0 && len(out) < n {
		layer := undominated(pick(means, left), p.kx, p.ky, p.sx, p.sy)
		if out == nil {
			for _, i := range thin(layer, 10) {
				out = append(out, e.strays().around(pool[left[i]], candidates/10)...)
			}
		}
		taken := map[int]bool{}
		for _, i := range layer {
			out, taken[i] = append(out, pool[left[i]]), true
		}
		at := -1
		left = slices.DeleteFunc(left, func(int) bool { at++; return taken[at] })
	}
	return out
}

// widen chooses up to n of a pool that widen the front most. It ends early where none is expected to.
func (e *engine) widen(p plane, pool []table.Run, n int, c chosen) []int {
	tried := e.region.tried
	drawn := e.fit.Draw(append(slices.Clone(tried), pool...), frontDraws, e.options.Seed)
	worst := p.worst(e.fit.Means(tried))
	fronts := make([][]point, frontDraws)
	for s := range fronts {
		for i := range tried {
			fronts[s] = insert(fronts[s], p.drawn(drawn, s, i), worst)
		}
	}
	var out []int
	for len(out) < n {
		best, most := -1, 0.0
		for i := range pool {
			if c.taken[i] {
				continue
			}
			gain := 0.0
			for s, f := range fronts {
				gain += added(f, p.drawn(drawn, s, len(tried)+i), worst)
			}
			if gain > most {
				best, most = i, gain
			}
		}
		if best < 0 {
			break
		}
		c.take(best)
		out = append(out, best)
		for s := range fronts {
			fronts[s] = insert(fronts[s], p.drawn(drawn, s, len(tried)+best), worst)
		}
	}
	return out
}

// worst is the corner up to which areas count: the worst of each metric along the front of these values, and a margin.
func (p plane) worst(values [][]float64) point {
	at := undominated(values, p.kx, p.ky, p.sx, p.sy)
	first, last := p.of(values[at[0]]), p.of(values[at[len(at)-1]])
	return point{last.x + frontMargin*(last.x-first.x), first.y + frontMargin*(first.y-last.y)}
}

// insert adds a point to a front, which is in order of x, unless another is as good in both; those that it beats leave.
func insert(front []point, p, worst point) []point {
	if p.x >= worst.x || p.y >= worst.y {
		return front
	}
	at, found := slices.BinarySearchFunc(front, p, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	if at > 0 && front[at-1].y <= p.y || found && front[at].y <= p.y {
		return front
	}
	end := at
	for end < len(front) && front[end].y >= p.y {
		end++
	}
	return slices.Replace(front, at, end, p)
}

// added is the area that a point adds to what a front dominates.
func added(front []point, p, worst point) float64 {
	if p.x >= worst.x || p.y >= worst.y {
		return 0
	}
	at, _ := slices.BinarySearchFunc(front, p.x, func(a point, x float64) int { return cmp.Compare(a.x, x) })
	top := worst.y
	if at > 0 {
		top = front[at-1].y
	}
	area, from := 0.0, p.x
	for ; at < len(front) && top > p.y; at++ {
		area += (front[at].x - from) * (top - p.y)
		from, top = front[at].x, min(top, front[at].y)
	}
	return area + (worst.x-from)*max(0, top-p.y)
}

// Hypervolume is the area that points dominate, up to a corner; both metrics fall as they get better.
func Hypervolume(points [][2]float64, corner [2]float64) float64 {
	var front []point
	sum, worst := 0.0, point{corner[0], corner[1]}
	for _, v := range points {
		p := point{v[0], v[1]}
		if math.IsNaN(p.x) || math.IsNaN(p.y) {
			continue
		}
		sum += added(front, p, worst)
		front = insert(front, p, worst)
	}
	return sum
}
