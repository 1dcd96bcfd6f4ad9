package analysis

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Paired is arm A minus arm B over a task's items, in replicates that both have: what these items say of these runs.
// Values of one item are averaged over replicates first, so more seeds don't make more items.
type Paired struct {
	A, B     int // indexes of arms
	Items    int // that both answered
	Pairs    int // replicates
	Bits     Effect
	Accuracy Effect  // Unknown without choices; of extractive items the exact match
	McNemar  float64 // exact two-sided p of right against wrong; NaN but for a single pair of runs
}

// Effect is a mean difference with its 90% interval over items.
type Effect struct {
	Mean, Half float64 // NaN where unknown
	Verdict    Verdict
}

// Answers are one task's items of the runs of a sweep.
type Answers struct {
	arms []map[int64]map[string]ablation.ItemScore // by replicate and item
}

// AnswersOf collects a task's items from the runs that completed; arms in the sweep's order.
func AnswersOf(arms []ablation.Arm, runs []ablation.Run, scores []ablation.ItemScores, task string) Answers {
	a := Answers{arms: make([]map[int64]map[string]ablation.ItemScore, len(arms))}
	for i := range arms {
		a.arms[i] = map[int64]map[string]ablation.ItemScore{}
	}
	for _, s := range scores {
		r := slices.IndexFunc(runs, func(r ablation.Run) bool { return r.ID == s.RunID && r.State == ablation.RunCompleted })
		if s.Task != task || r < 0 {
			continue
		}
		i := slices.IndexFunc(arms, func(v ablation.Arm) bool { return v.Name == runs[r].Arm })
		if i < 0 {
			continue
		}
		items := make(map[string]ablation.ItemScore, len(s.Items))
		for _, item := range s.Items {
			if finite(item.Nats) && item.Bytes > 0 {
				items[item.ID] = item
			}
		}
		a.arms[i][runs[r].Replicate] = items
	}
	return a
}

// couple is one item as two arms answered it, means over replicates.
type couple struct {
	id           string
	bitsA, bitsB float64
	sizeA, sizeB float64
	right        float64 // of A minus of B
}

// Difference compares two arms item by item. Bits per byte are Σ bits ÷ Σ bytes of each arm; their difference's variance
// comes from the items' linearised residuals, paired (the ratio estimator of survey sampling, Cochran 1977, 6.4). Accuracy
// is a mean of paired differences. Both intervals are Student's t with items − 1 degrees of freedom.
func (a Answers) Difference(i, j int) Paired {
	d := Paired{A: i, B: j, McNemar: math.NaN(), Bits: unknown(), Accuracy: unknown()}
	couples, pairs := a.couples(i, j)
	d.Items, d.Pairs = len(couples), pairs
	if len(couples) == 0 {
		return d
	}
	d.Bits = bitsEffect(couples)
	rights := make([]float64, 0, len(couples))
	for _, c := range couples {
		if !math.IsNaN(c.right) {
			rights = append(rights, c.right)
		}
	}
	d.Accuracy = meanEffect(rights)
	if pairs == 1 {
		d.McNemar = mcNemar(rights)
	}
	return d
}

func unknown() Effect { return Effect{math.NaN(), math.NaN(), Unknown} }

// couples are the items that every run of the shared replicates answered, by id.
func (a Answers) couples(i, j int) (couples []couple, pairs int) {
	sums, seen := map[string]*couple{}, map[string]int{}
	for replicate, one := range a.arms[i] {
		other, shared := a.arms[j][replicate]
		if !shared {
			continue
		}
		pairs++
		for id, x := range one {
			y, answered := other[id]
			if !answered {
				continue
			}
			if sums[id] == nil {
				sums[id] = &couple{id: id}
			}
			sums[id].add(x, y)
			seen[id]++
		}
	}
	for id, c := range sums {
		if seen[id] == pairs {
			couples = append(couples, *c)
		}
	}
	slices.SortFunc(couples, func(x, y couple) int { return cmp.Compare(x.id, y.id) })
	for k := range couples {
		couples[k].right /= float64(pairs)
	}
	return couples, pairs
}

// add sums a replicate's values. Bits and bytes stay sums: only their ratio counts.
func (c *couple) add(x, y ablation.ItemScore) {
	c.bitsA, c.bitsB = c.bitsA+x.Nats/math.Ln2, c.bitsB+y.Nats/math.Ln2
	c.sizeA, c.sizeB = c.sizeA+float64(x.Bytes), c.sizeB+float64(y.Bytes)
	c.right += right(x) - right(y)
}

func right(v ablation.ItemScore) float64 {
	if math.IsNaN(v.Accuracy) {
		return v.Exact
	}
	return v.Accuracy
}

func bitsEffect(couples []couple) Effect {
	var bitsA, bitsB, sizeA, sizeB float64
	for _, c := range couples {
		bitsA, bitsB, sizeA, sizeB = bitsA+c.bitsA, bitsB+c.bitsB, sizeA+c.sizeA, sizeB+c.sizeB
	}
	ratioA, ratioB, n := bitsA/sizeA, bitsB/sizeB, float64(len(couples))
	residuals := make([]float64, len(couples)) // their mean is 0, and their standard error that of the difference
	for i, c := range couples {
		residuals[i] = n * ((c.bitsA-ratioA*c.sizeA)/sizeA - (c.bitsB-ratioB*c.sizeB)/sizeB)
	}
	e := meanEffect(residuals)
	return effect(ratioA-ratioB, e.Half)
}

func meanEffect(values []float64) Effect {
	list := make([]Value, len(values))
	for i, v := range values {
		list[i].Value = v
	}
	mean, sd := moments(list)
	return effect(mean, half(sd, len(values)-1, 1/float64(len(values))))
}

func effect(mean, half float64) Effect {
	return Effect{mean, half, Difference{N: 1, Mean: mean, Half: half}.verdict()}
}

// mcNemar is the exact test: of the items that one arm alone got right, as many for either arm. Items that have no 0 or 1
// leave it out.
func mcNemar(rights []float64) float64 {
	var up, down float64
	for _, v := range rights {
		switch v {
		case 1:
			up++
		case -1:
			down++
		case 0:
		default:
			return math.NaN()
		}
	}
	if len(rights) == 0 || up+down == 0 {
		return math.NaN()
	}
	return min(1, 2*distuv.Binomial{N: up + down, P: 0.5}.CDF(min(up, down)))
}
