package decision

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// drawnShares is a mixture a phase; some are corners, some edges.
func drawnShares(r *rand.Rand, phases, sources int) table.Run {
	var run table.Run
	for range phases {
		w, sum := make([]float64, sources), 0.0
		for j := range w {
			if r.IntN(3) > 0 {
				w[j] = r.ExpFloat64()
			}
			sum += w[j]
		}
		if sum == 0 {
			w[0], sum = 1, 1
		}
		for j := range w {
			w[j] /= sum
		}
		run.Shares = append(run.Shares, w)
	}
	return run
}

// TestHull: every sum of tried mixtures lies between them, and so does each of them; what passes a tangent plane by more than the
// slack doesn't, whatever was asked before.
func TestHull(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		phases, sources, n := rapid.IntRange(1, 3).Draw(t, "phases"), rapid.IntRange(2, 17).Draw(t, "sources"), rapid.IntRange(1, 60).Draw(t, "tried")
		var tried []table.Run
		for range n {
			tried = append(tried, drawnShares(r, phases, sources))
		}
		h, all := newHull(tried), region{tried: tried, parameters: 1}
		for range 10 {
			in := all.empty()
			sum := 0.0
			for range 1 + r.IntN(n) {
				w := r.ExpFloat64()
				sum += w
				in.add(tried[r.IntN(n)], w)
			}
			in.scale(1 / sum)
			if !h.has(in.Run, hullSearch) {
				t.Fatalf("%v is a sum of %d mixtures, and is said to lie outside", in.Shares, n)
			}
			// Beyond the tried mixture that lies farthest along a direction.
			along := drawnShares(r, phases, sources)
			out, most := tried[0], -1.0
			for _, run := range tried {
				if v := part(run, along); v > most {
					out, most = run, v
				}
			}
			beyond := copied(out)
			for p := range beyond.Shares {
				mean := 0.0
				for _, v := range along.Shares[p] {
					mean += v / float64(sources)
				}
				for j, v := range along.Shares[p] {
					beyond.Shares[p][j] += .02 * (v - mean)
				}
			}
			if off := part(beyond, along) - most; off > 2e-3*part(along, along) && h.has(beyond, hullRounded) {
				t.Fatalf("%v lies %.4f beyond what was tried, and is said to lie between", beyond.Shares, off)
			}
		}
		for _, run := range tried {
			if !h.has(run, hullSearch) {
				t.Fatalf("%v was tried, and is said to lie outside", run.Shares)
			}
		}
	})
}

func part(run, along table.Run) float64 {
	sum := 0.0
	for p := range run.Shares {
		sum += dot(run.Shares[p], along.Shares[p])
	}
	return sum
}
