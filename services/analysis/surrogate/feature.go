package surrogate

import "math"

// scaling turns a share into a feature that runs from about 0 to 1.
type scaling func(share float64) float64

// rooted stretches small shares: the first doubling of a source says more than the last.
func rooted(share float64) float64 { return math.Sqrt(share) }

// LogOdds stretches shares near one too, where what is left for the others is small. It runs from −1 to 1.
func LogOdds(share float64) float64 {
	return math.Log((share+leastShare)/(1-min(share, 1)+leastShare)) / -math.Log(leastShare)
}

// leastShare is below which a share makes no difference to LogOdds.
const leastShare = 0.01

// features are what the processes see: every source's exposure over the run and, where there are phases, in the last one,
// so that order is seen; epochs above one; and size, where runs differ in it.
func (s space) features(of scaling) func(exposure) []float64 {
	return func(x exposure) []float64 {
		f := make([]float64, 0, s.featureCount())
		for j := range s.sources {
			f = append(f, of(x.aggregate(j)))
		}
		if s.phases > 1 {
			for _, w := range x.phases[s.phases-1] {
				f = append(f, of(w))
			}
		}
		if s.repeats {
			for j := range s.sources {
				f = append(f, math.Log(max(1, x.epochs[j])))
			}
		}
		if s.variesN {
			f = append(f, x.n)
		}
		if s.variesD {
			f = append(f, x.d)
		}
		return f
	}
}

func (s space) featureCount() int {
	n := s.sources
	if s.phases > 1 {
		n += s.sources
	}
	if s.repeats {
		n += s.sources
	}
	if s.variesN {
		n++
	}
	if s.variesD {
		n++
	}
	return n
}

// sourceOf is which source a feature is about; -1: none.
func (s space) sourceOf(feature int) int {
	shares := s.featureCount()
	if s.variesN {
		shares--
	}
	if s.variesD {
		shares--
	}
	if feature >= shares {
		return -1
	}
	return feature % s.sources
}
