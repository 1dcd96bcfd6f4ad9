package analysis_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/analysis"
)

func TestScores_Difference(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	const t1, t2 = 6.313751514675043, 2.919985580355516
	for _, tc := range []struct {
		name string
		in   table
		want analysis.Difference
	}{
		{
			"two arms, three pairs: the paired t interval",
			table{{2.00, 2.05, 2.02}, {2.10, 2.17, 2.14}},
			analysis.Difference{N: 3, Mean: -.34 / 3, Half: t2 * math.Sqrt(.0004/3/3), Verdict: analysis.Lower, SameSign: true, Pairs: []analysis.Value{{1, -.10}, {2, -.12}, {3, -.12}}},
		},
		{
			"two pairs say little",
			table{{2.00, 2.05}, {2.10, 2.07}},
			analysis.Difference{N: 2, Mean: -.06, Half: t1 * .04 * math.Sqrt2 / math.Sqrt2, Verdict: analysis.Undecided, SameSign: true, Pairs: []analysis.Value{{1, -.10}, {2, -.02}}},
		},
		{
			"pairs are of replicates that both have",
			table{{2.0, nan, 2.2, 2.4}, {nan, 2.1, 2.1, 2.2}},
			analysis.Difference{N: 2, Mean: .15, Half: t1 * .05 * math.Sqrt2 / math.Sqrt2, Verdict: analysis.Undecided, SameSign: true, Pairs: []analysis.Value{{3, .1}, {4, .2}}},
		},
		{
			"one seed has no interval",
			table{{2.0}, {2.1}},
			analysis.Difference{N: 1, Mean: -.1, Half: nan, Verdict: analysis.Unknown, Pairs: []analysis.Value{{1, -.1}}},
		},
		{
			"no pair",
			table{{2.0, nan}, {nan, 2.1}},
			analysis.Difference{Mean: nan, Half: nan, Verdict: analysis.Unknown},
		},
		{
			"signs differ",
			table{{2.0, 2.3}, {2.1, 2.1}},
			analysis.Difference{N: 2, Mean: .05, Half: t1 * .15 * math.Sqrt2 / math.Sqrt2, Verdict: analysis.Undecided, Pairs: []analysis.Value{{1, -.1}, {2, .2}}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.want.B = 1
			if diff := cmp.Diff(tc.want, tc.in.scores().Difference(0, 1), close9); diff != "" {
				t.Errorf("difference (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScores_Difference_laws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := tables(t, "value")
		there, back := in.scores().Difference(0, 1), in.scores().Difference(1, 0)
		if there.N > 0 && (there.Mean != -back.Mean || there.SameSign != back.SameSign) {
			t.Fatalf("turned round, a difference must change its sign only: %v and %v", there, back)
		}
		luck := rapid.Float64Range(-1, 1).Draw(t, "luck")
		for i := range in {
			in[i][0] += luck
		}
		moved := in.scores().Difference(0, 1)
		if diff := cmp.Diff([]float64{there.Mean, there.Half}, []float64{moved.Mean, moved.Half}, close9); diff != "" {
			t.Fatalf("what a seed does to every arm must cancel:\n%s", diff)
		}
	})
}

func TestScores_Tied(t *testing.T) {
	t.Parallel()
	s := table{{2.100, 2.110, 2.090}, {2.000, 2.012, 1.991}, {2.001, 2.008, 1.995}, {}}.scores()
	if diff := cmp.Diff([]bool{false, true, true, false}, s.Tied()); diff != "" {
		t.Errorf("tied (-want +got):\n%s", diff)
	}
}

// TestDifference_Over: seeds and items both have to tell two arms apart.
func TestDifference_Over(t *testing.T) {
	t.Parallel()
	seeds := analysis.Difference{N: 2, Mean: -.1, Half: .02, Verdict: analysis.Lower}
	for _, tc := range []struct {
		items analysis.Effect
		half  float64
		want  analysis.Verdict
	}{
		{analysis.Effect{Mean: -.1, Half: .05, Verdict: analysis.Lower}, .05, analysis.Lower},
		{analysis.Effect{Mean: -.1, Half: .3, Verdict: analysis.Undecided}, .3, analysis.Undecided},
		{analysis.Effect{Mean: math.NaN(), Half: math.NaN(), Verdict: analysis.Unknown}, .02, analysis.Lower},
	} {
		if d := seeds.Over(tc.items); d.Half != tc.half || d.Verdict != tc.want {
			t.Errorf("with items %+v: ± %v, %s", tc.items, d.Half, d.Verdict)
		}
	}
	unknown := analysis.Difference{N: 1, Mean: -.1, Half: math.NaN(), Verdict: analysis.Unknown}
	if d := unknown.Over(analysis.Effect{Mean: -.1, Half: .01, Verdict: analysis.Lower}); d.Verdict != analysis.Unknown {
		t.Errorf("one seed and many items: %s", d.Verdict)
	}
}
