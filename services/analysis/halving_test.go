package analysis_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/analysis"
)

func TestHalve(t *testing.T) {
	t.Parallel()
	of := func(values ...float64) (arms []analysis.Contender) {
		for _, v := range values {
			arms = append(arms, analysis.Contender{Value: v})
		}
		return arms
	}
	late, repeats := of(3, 2, 1, 4, 5, 6), of(3, 2, 1, 4, 5, 6)
	late[5].Exempt, repeats[2].Repeat = true, true
	for name, tc := range map[string]struct {
		arms []analysis.Contender
		want []bool
	}{
		"a third goes on":           {of(3, 2, 1, 4, 5, 6), []bool{true, false, false, true, true, true}},
		"too few to say":            {of(3, 2, 1), []bool{false, false, false}},
		"who isn't there waits":     {of(3, 2, 1, 4, math.NaN()), []bool{true, false, false, true, false}},
		"equals stay together":      {of(1, 1, 1, 1, 2), []bool{false, false, false, false, true}},
		"a late schedule stays":     {late, []bool{true, false, false, true, true, false}},
		"repetition takes no place": {repeats, []bool{false, false, false, true, true, true}},
	} {
		if diff := cmp.Diff(tc.want, analysis.Halve(tc.arms, 1./3)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
