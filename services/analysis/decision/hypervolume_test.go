package decision_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// TestHypervolume_law: it is the area of the squares of a grid that a point dominates, in whatever order points come.
func TestHypervolume_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const size = 12
		points := rapid.SliceOf(rapid.Custom(func(t *rapid.T) [2]float64 {
			return [2]float64{float64(rapid.IntRange(0, size+1).Draw(t, "x")), float64(rapid.IntRange(0, size+1).Draw(t, "y"))}
		})).Draw(t, "points")
		want := 0.0
		for x := range size {
			for y := range size {
				for _, p := range points {
					if p[0] <= float64(x) && p[1] <= float64(y) {
						want++
						break
					}
				}
			}
		}
		corner := [2]float64{size, size}
		if got := decision.Hypervolume(points, corner); got != want {
			t.Fatalf("%v dominate %v, want %v", points, got, want)
		}
		if got := decision.Hypervolume(rapid.Permutation(points).Draw(t, "order"), corner); got != want {
			t.Fatalf("in another order: %v, want %v", got, want)
		}
	})
}

// TestPropose_front: a batch for the front fills it, where one for the objective stays near its optimum.
func TestPropose_front(t *testing.T) {
	t.Parallel()
	fit := world(t, []float64{.05, .1, .5, .55, .95}, .002)
	loss := func(ja float64) [2]float64 { return [2]float64{math.Pow(ja+.02, -.3), math.Pow(1.02-ja, -.3)} }
	dominated := func(runs []table.Run) float64 {
		points := [][2]float64{loss(.05), loss(.1), loss(.5), loss(.55), loss(.95)}
		for _, r := range runs {
			points = append(points, loss(r.Shares[0][0]))
		}
		return decision.Hypervolume(points, loss(0))
	}
	wide := decision.Propose(fit, decision.Options{Seed: 1, Front: [2]string{"bpb/ja", "bpb/en"}}, 4)
	narrow := decision.Propose(fit, decision.Options{Seed: 1}, 4)
	none := dominated(nil)
	if len(wide) != 4 || dominated(wide)-none < 1.5*(dominated(narrow)-none) {
		t.Errorf("%v add %.4f, %v for the objective alone %.4f", wide, dominated(wide)-none, narrow, dominated(narrow)-none)
	}
}
