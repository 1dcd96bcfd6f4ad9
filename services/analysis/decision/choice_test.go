package decision

import (
	"math/rand/v2"
	"testing"
)

// TestChoice: of mixtures that err each by itself the best is the luckiest, and of those that err alike it isn't.
func TestChoice(t *testing.T) {
	const draws, mixtures = 4000, 50
	r := rand.New(rand.NewPCG(1, 2))
	apart, alike := make([][]float64, draws), make([][]float64, draws)
	for s := range draws {
		apart[s], alike[s] = make([]float64, mixtures), make([]float64, mixtures)
		all := r.NormFloat64()
		for i := range mixtures {
			apart[s][i], alike[s][i] = float64(i)+r.NormFloat64(), float64(i)+2*all
		}
	}
	var among []int
	for i := range mixtures {
		among = append(among, i)
	}
	if got := choice(apart, among); got < 1.8 || got > 2 { // the 95% quantile of the largest of 50 normals is 3.08
		t.Errorf("of 50 mixtures each by itself: %.2f, want 3.08/1.645", got)
	}
	if got := choice(alike, among); got > 1+1e-9 {
		t.Errorf("of mixtures alike: %.4f, want 1", got)
	}
	if got := choice(apart, among[:1]); got != 1 {
		t.Errorf("of one mixture: %.2f, want 1", got)
	}
}

func TestInterval_lower(t *testing.T) {
	if got, want := (Interval{Mean: 2, Low: 1, Top: 4}).lower(1.5), (Interval{Mean: 2, Low: .5, Top: 4}); got != want {
		t.Errorf("lower = %v, want %v", got, want)
	}
	if got, want := (Interval{Mean: 2, Low: 2, Top: 2}).lower(3), (Interval{Mean: 2, Low: 2, Top: 2}); got != want {
		t.Errorf("lower of a value that is known = %v, want %v", got, want)
	}
}
