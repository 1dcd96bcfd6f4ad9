package decision

import (
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// hull is what lies between tried mixtures: their sums with weights that are above 0 and sum to one, all phases by the same.
type hull struct {
	corners [][]float64 // shares of all phases in a row, which sum to the number of phases: a sum's weights need no word to sum to one
	walls   [][]float64 // unit vectors that no corner has a part along; each was found by a mixture that has
}

// Mixtures count as between tried ones up to such a distance (Euclid's): as people round them, while one is looked for, and where it
// is asked of which it is made.
const (
	hullRounded = 1e-3
	hullSearch  = 1e-6
	hullExact   = 1e-12
)

// wallsMost is how many walls are kept: the last that were found.
const wallsMost = 100

func newHull(tried []table.Run) *hull {
	h := &hull{}
	for _, run := range tried {
		h.corners = append(h.corners, slices.Concat(run.Shares...))
	}
	return h
}

// has reports whether a mixture lies between tried ones, or no farther than slack beside that.
func (h *hull) has(run table.Run, slack float64) bool { return h.holds(run, slack, combination{}) }

// holds is has, faster from a combination that makes a mixture nearby.
func (h *hull) holds(run table.Run, slack float64, from combination) bool {
	x := slices.Concat(run.Shares...)
	for _, wall := range h.walls {
		if dot(wall, x) > slack {
			return false
		}
	}
	c := nonnegative(h.corners, x, slack, from)
	off := length(c.left)
	if off <= slack {
		return true
	}
	for k := range c.left {
		c.left[k] /= off
	}
	if h.walls = append(h.walls, c.left); len(h.walls) > wallsMost {
		h.walls = slices.Delete(h.walls, 0, 1)
	}
	return false
}

// blend is of which tried mixtures one between them is made.
func (h *hull) blend(run table.Run) combination {
	return nonnegative(h.corners, slices.Concat(run.Shares...), hullExact, combination{})
}
