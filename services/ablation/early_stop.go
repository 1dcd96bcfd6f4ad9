package ablation

import (
	"math"
	"slices"
)

// EarlyStop is successive halving: a run that gets to a rung goes on only if its arm is among the best of those that got there.
// A schedule that still changes after a rung isn't judged at it, nor is its matched control while the schedule goes on.
type EarlyStop struct {
	At   []float64 `json:"at"`   // rungs as fractions of a run, rising, below 1
	Keep float64   `json:"keep"` // part of the arms that may go on at each rung
	By   []string  `json:"by"`   // metrics that are averaged; none: held-out text of every language
}

// Step is the step of a run of so many at which a rung judges it.
func (e EarlyStop) Step(rung int, steps int64) int64 { return Amount{Fraction: e.At[rung]}.Of(steps) }

// Defaults of early stopping: 10% and 30% of the tokens, a third of the arms.
const earlyKeep = 1.0 / 3

func earlyRungs() []float64 { return []float64{0.1, 0.3} }

// earlyStop is yes, or {at, keep, by}.
func (r *reader) earlyStop(n *node) *EarlyStop {
	if n == nil {
		return nil
	}
	out := &EarlyStop{At: earlyRungs(), Keep: earlyKeep}
	if n.kind != kindMapping {
		if r.choice(n, "no", "yes", "no", "true", "false"); n.text == "no" || n.text == "false" {
			return nil
		}
		return out
	}
	f := r.fields(n, "at", "keep", "by")
	if f["at"] != nil {
		out.At = r.rungs(f["at"])
	}
	out.Keep = r.number(f["keep"], earlyKeep, span{low: 0, high: 1, above: true})
	if f["by"] != nil {
		out.By = distinct(r, f["by"], r.text)
	}
	return out
}

// rungs are fractions of a run between 0 and 1, rising.
func (r *reader) rungs(n *node) []float64 {
	var out []float64
	for _, item := range r.list(n) {
		a := r.amount(item, Amount{Fraction: math.NaN()})
		switch {
		case math.IsNaN(a.Fraction):
		case a.Tokens > 0 || a.Fraction <= 0 || a.Fraction >= 1:
			r.problem(item, say("is no part of a run; give fractions such as 10%%", "ランの一部ではありません。10%% のような割合を書いてください"))
		case len(out) > 0 && a.Fraction <= out[len(out)-1]:
			r.problem(item, say("isn't above the one before; put them in rising order", "前の値より大きくありません。小さい順に書いてください"))
		default:
			out = append(out, a.Fraction)
		}
	}
	return out
}

// sameEarlyStop compares what two documents say.
func sameEarlyStop(a, b *EarlyStop) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Keep == b.Keep && slices.Equal(a.At, b.At) && slices.Equal(a.By, b.By)
}
