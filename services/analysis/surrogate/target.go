package surrogate

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// target maps a metric's values to logs of something positive that falls as it gets better, and back. Losses and bits per
// byte are that already. What rises, or isn't positive, is taken as 1 plus its distance from the best value seen, in
// spreads of what was seen.
type target struct {
	plain        bool
	sign         float64 // −1 where the metric rises
	best, spread float64
}

func targetOf(values []float64, rising bool) target {
	t := target{sign: 1, plain: !rising && floats.Min(values) > 0}
	if rising {
		t.sign = -1
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, t.sign*v), max(high, t.sign*v)
	}
	t.best, t.spread = low, high-low
	if t.spread <= 0 {
		t.spread = 1
	}
	return t
}

func (t target) to(v float64) float64 {
	if t.plain {
		return math.Log(v)
	}
	return math.Log(max(1+(t.sign*v-t.best)/t.spread, 1e-3))
}

func (t target) from(y float64) float64 {
	if t.plain {
		return math.Exp(y)
	}
	return t.sign * (t.best + t.spread*(math.Exp(y)-1))
}
