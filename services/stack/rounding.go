package stack

import (
	"fmt"
	"math"
	"strings"
)

// roundedEnds is what became of the run's length and of the places where its phases end.
func (o Order) roundedEnds(ends []int64) []string {
	var out []string
	if n := o.Steps() * o.RowTokens * o.BatchRows; n != o.Tokens {
		out = append(out, fmt.Sprintf("%d tokens were asked for; whole steps make them %d", o.Tokens, n))
	}
	for i, end := range ends[:len(ends)-1] {
		if exact := o.Phases[i].Until * float64(o.Steps()); math.Abs(exact-float64(end)) >= 5e-4 {
			out = append(out, fmt.Sprintf("phase %d ends at step %d; %.6g%% of the run would be step %.3f", i, end, 100*o.Phases[i].Until, exact))
		}
	}
	return out
}

// roundedShares is what became of a phase's shares; nothing where each is a whole number of millionths.
func (o Order) roundedShares(phase int) []string {
	var parts []string
	for j, w := range o.asked[phase].Shares {
		if got := o.Phases[phase].Shares[j]; math.Abs(got-w) > 1e-10 {
			parts = append(parts, fmt.Sprintf("%s %.9f is %.6f", o.Sources[j].Name, w, got))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	of := "shares"
	if len(o.Phases) > 1 {
		of = fmt.Sprintf("shares of phase %d", phase)
	}
	return []string{of + " to millionths that sum to 1: " + strings.Join(parts, ", ")}
}

// all are the numbers of the phases.
func all(phases []Phase) []int {
	out := make([]int, len(phases))
	for i := range out {
		out[i] = i
	}
	return out
}
