package analysis

import "math"

// Verdict says what a difference's interval allows to say.
type Verdict string

// Verdicts. Lower and Higher are of the first arm against the second: the interval leaves 0 out.
const (
	Lower     Verdict = "lower"
	Higher    Verdict = "higher"
	Undecided Verdict = "undecided" // the interval holds 0: the arms cannot be told apart
	Unknown   Verdict = "unknown"   // no pair, or nothing to make an interval from
)

// Decided reports whether the interval leaves 0 out.
func (v Verdict) Decided() bool { return v == Lower || v == Higher }

// Agreed is what the verdicts of two tests of one difference allow together: what they agree on, Unknown where either is,
// else Undecided.
func Agreed(one, other Verdict) Verdict {
	switch {
	case one == other:
		return one
	case one == Unknown || other == Unknown:
		return Unknown
	}
	return Undecided
}

// Difference is arm A minus arm B within replicates that both have.
type Difference struct {
	A, B     int // indexes of arms
	N        int // pairs
	Mean     float64
	Half     float64 // half width of the mean's 90% interval; NaN where unknown
	Pairs    []Value // by replicate
	SameSign bool    // every pair points the same way, and there are two at least
	Verdict  Verdict
}

// Difference compares two arms pair by pair.
func (s Scores) Difference(a, b int) Difference {
	d := Difference{A: a, B: b, Pairs: pairs(s.Arms[a].Values, s.Arms[b].Values)}
	d.N = len(d.Pairs)
	d.Mean, _ = moments(d.Pairs)
	d.Half = half(s.noise.sd, s.noise.freedom, 2/float64(d.N))
	d.SameSign = sameSign(d.Pairs)
	d.Verdict = d.verdict()
	return d
}

// Over is a difference on a task as far as its items bear it out too: the wider of the two intervals, and decided where both
// are. Where nothing is known of items it stays as it is.
func (d Difference) Over(items Effect) Difference {
	if items.Verdict == Unknown || d.Verdict == Unknown {
		return d
	}
	d.Half = max(d.Half, items.Half)
	d.Verdict = Agreed(d.verdict(), items.Verdict)
	return d
}

// pairs are the differences in replicates that both have; both lists are in order of replicates.
func pairs(a, b []Value) []Value {
	var out []Value
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].Replicate < b[0].Replicate:
			a = a[1:]
		case a[0].Replicate > b[0].Replicate:
			b = b[1:]
		default:
			out = append(out, Value{a[0].Replicate, a[0].Value - b[0].Value})
			a, b = a[1:], b[1:]
		}
	}
	return out
}

func sameSign(pairs []Value) bool {
	for _, p := range pairs {
		if p.Value*pairs[0].Value <= 0 {
			return false
		}
	}
	return len(pairs) > 1
}

func (d Difference) verdict() Verdict {
	switch {
	case d.N == 0 || math.IsNaN(d.Half):
		return Unknown
	case d.Mean+d.Half < 0:
		return Lower
	case d.Mean-d.Half > 0:
		return Higher
	}
	return Undecided
}
