package analysis

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Value is one replicate's value, or difference.
type Value struct {
	Replicate int64
	Value     float64 // finite
}

// Left is a run that is left out of every figure, and why.
type Left struct {
	Replicate int64
	State     ablation.RunState // completed: it ended, but a value is missing or not finite
	Value     float64           // as stored; NaN where there is none
}

// Summary is an arm's values over its seeds. What can't be known is NaN: all of it without a value, SD with one.
type Summary struct {
	N      int
	Mean   float64
	SD     float64 // sample standard deviation, n − 1
	Half   float64 // half width of the mean's 90% interval, noise pooled over arms
	Values []Value // by replicate
	Left   []Left  // by replicate
}

// Scores is one metric at the end of all completed runs.
type Scores struct {
	Metric  string
	Arms    []Summary // in the sweep's order of arms
	Pooled  float64   // standard deviation over seeds, pooled over arms; NaN where no arm has two
	Freedom int       // its degrees of freedom

	noise blocks
}

// Of collects a metric's values at the end of the runs that completed. Runs of other states, and values that aren't
// finite, are named in Left and count nowhere.
func Of(arms []ablation.Arm, results []ablation.Result, metric string) Scores {
	return collect(arms, results, metric, func(r ablation.Result) bool { return has(r, metric) })
}

// Both collects two metrics over the same runs: those that completed with a finite value of each. A run that lacks one is
// named in Left of both, with its values as stored.
func Both(arms []ablation.Arm, results []ablation.Result, x, y string) (of, against Scores) {
	whole := func(r ablation.Result) bool { return has(r, x) && has(r, y) }
	return collect(arms, results, x, whole), collect(arms, results, y, whole)
}

// has reports whether a run completed with a finite value.
func has(r ablation.Result, metric string) bool {
	v, ok := r.Values[metric]
	return ok && r.Run.State == ablation.RunCompleted && finite(float64(v))
}

func collect(arms []ablation.Arm, results []ablation.Result, metric string, counts func(ablation.Result) bool) Scores {
	s := Scores{Metric: metric, Arms: make([]Summary, len(arms))}
	index := map[string]int{}
	for i, a := range arms {
		index[a.Name] = i
	}
	for _, r := range results {
		if i, ok := index[r.Run.Arm]; ok {
			s.Arms[i].add(r, metric, counts(r))
		}
	}
	for i := range s.Arms {
		s.Arms[i].summarise()
	}
	s.pool()
	s.noise = s.blocks()
	return s
}

func (s *Summary) add(r ablation.Result, metric string, counts bool) {
	v, ok := r.Values[metric]
	if !ok {
		v = ablation.Real(math.NaN())
	}
	if !counts {
		s.Left = append(s.Left, Left{r.Run.Replicate, r.Run.State, float64(v)})
		return
	}
	s.Values = append(s.Values, Value{r.Run.Replicate, float64(v)})
}

func (s *Summary) summarise() {
	slices.SortFunc(s.Values, func(a, b Value) int { return cmp.Compare(a.Replicate, b.Replicate) })
	slices.SortFunc(s.Left, func(a, b Left) int { return cmp.Compare(a.Replicate, b.Replicate) })
	s.N, s.Half = len(s.Values), math.NaN()
	s.Mean, s.SD = moments(s.Values)
}

// moments are the mean and the sample standard deviation.
func moments(values []Value) (mean, sd float64) {
	n := float64(len(values))
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	lo, hi, squares := values[0].Value, values[0].Value, 0.0
	for _, v := range values {
		lo, hi = min(lo, v.Value), max(hi, v.Value)
		mean += v.Value / n
	}
	mean = min(max(mean, lo), hi) // rounding must not carry it out of its values
	if n == 1 {
		return mean, math.NaN()
	}
	for _, v := range values {
		squares += (v.Value - mean) * (v.Value - mean)
	}
	return mean, math.Sqrt(squares / (n - 1))
}

// pool fills in the pooled deviation and every arm's interval.
func (s *Scores) pool() {
	squares := 0.0
	for _, a := range s.Arms {
		if a.N > 1 {
			squares += a.SD * a.SD * float64(a.N-1)
			s.Freedom += a.N - 1
		}
	}
	s.Pooled = math.Sqrt(squares / float64(s.Freedom))
	for i, a := range s.Arms {
		s.Arms[i].Half = half(s.Pooled, s.Freedom, 1/float64(a.N))
	}
}

// risingWords are parts of names of metrics that are better when higher.
var risingWords = []string{"acc", "accuracy", "f1", "exact", "em", "margin", "bleu", "rouge", "score", "match"}

// LowerIsBetter reports by its name which way a metric is good: bits per byte and losses fall; accuracies, margins, matches and
// speeds rise.
func LowerIsBetter(metric string) bool {
	words := strings.FieldsFunc(strings.ToLower(metric), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	rising := slices.ContainsFunc(words, func(w string) bool { return slices.Contains(risingWords, w) })
	return !rising && metric != ablation.MetricTokensPerS && metric != ablation.MetricMFU
}

// Best is the arm with the best mean, the first of equals; -1 where no arm has a value.
func (s Scores) Best() int {
	best := -1
	for i, a := range s.Arms {
		if a.N == 0 {
			continue
		}
		if best < 0 || LowerIsBetter(s.Metric) && a.Mean < s.Arms[best].Mean || !LowerIsBetter(s.Metric) && a.Mean > s.Arms[best].Mean {
			best = i
		}
	}
	return best
}

// Tied reports, for each arm, whether it is the best or can't be told apart from it. Without an interval only the best is.
func (s Scores) Tied() []bool {
	tied, best := make([]bool, len(s.Arms)), s.Best()
	for i, a := range s.Arms {
		tied[i] = i == best || a.N > 0 && s.Difference(i, best).Verdict == Undecided
	}
	return tied
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
