package decision

import (
	"slices"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Further is a mixture outside of what was tried, a usual step beside it and within the limits, of which more is expected than of the
// recommended one, and clearly so: a run there would tell, for optima of models are optimistic where no run speaks.
type Further struct {
	Run         table.Run
	Improvement Interval // over the recommended mixture; above 0
}

// straying is how many mixtures outside of what was tried are candidates.
const straying = 60

// outside are mixtures that lie outside of what was tried, the best of those in reach of the recommended one first; nil where none is
// better than it.
func (e *engine) outside(best table.Run) []table.Run {
	if !e.looked {
		e.looked, e.far = true, e.look(best)
	}
	return e.far
}

func (e *engine) look(best table.Run) []table.Run {
	if e.stray {
		return nil
	}
	w := e.strays()
	far := rounded(w.climb(best, e.compose), e.region.allows)
	if e.region.hull.has(far, hullRounded) {
		return nil
	}
	all := slices.DeleteFunc(w.around(far, straying), func(run table.Run) bool { return e.region.hull.has(run, hullRounded) })
	return append([]table.Run{far}, all...)
}

// strays walks over mixtures that a batch may have.
func (e *engine) strays() walk { return walk{e.region, e.random, true} }

// further fills in what lies outside, if it is clearly better.
func (d *Decision) further(outside int) {
	at := len(d.candidates) - outside
	if outside == 0 {
		return
	}
	if v := interval(d.less(0, at)); v.Low > 0 {
		d.Further = &Further{d.candidates[at], v}
	}
}
