package chart

import (
	"cmp"
	"slices"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Comparison is arms of any sweeps, or single runs of them, beside each other. As [Data] its arms are named as the sides are, and
// runs that share their data seed and first weights have one replicate, whatever their own sweeps count: so they are compared in
// pairs.
type Comparison struct {
	Data
	Sides    []ablation.Side // in the reader's order; arm i of the Data is that of side i
	Baseline int             // index of a side, -1: none
	Marks    []Mark
	runMarks map[string]Mark // by id, where every run has a line of its own
}

// NewComparison makes sides comparable.
func NewComparison(sides []ablation.Side, baseline int) Comparison {
	c := Comparison{Sides: sides, Baseline: baseline, Marks: marksOf(sides, baseline)}
	c.runMarks = runMarksOf(sides, c.Marks)
	labels, replicates := labelsOf(sides), replicatesOf(sides)
	for i, s := range sides {
		a := s.Arm
		a.Name, a.Label, a.Index = s.Name(), labels[i], i
		c.Arms = append(c.Arms, a)
		for _, r := range s.Results {
			r.Run.Arm, r.Run.Replicate = a.Name, replicates[seedsOf(r.Run)]
			c.Runs, c.Results = append(c.Runs, r.Run), append(c.Results, r)
		}
		for _, t := range s.Tasks {
			if !slices.ContainsFunc(c.Tasks, func(o ablation.Task) bool { return o.Name == t.Name }) {
				c.Tasks = append(c.Tasks, t)
			}
		}
		for _, source := range s.Sources {
			if !slices.ContainsFunc(c.Sources, func(o ablation.Source) bool { return o.Name == source.Name }) {
				c.Sources = append(c.Sources, source)
			}
		}
	}
	return c
}

// seeds are what runs of one replicate share.
type seeds struct{ data, init uint64 }

func seedsOf(r ablation.Run) seeds { return seeds{r.DataSeed, r.InitSeed} }

// replicatesOf numbers the seeds: as the first run that has them is numbered in its sweep, where that number is free.
func replicatesOf(sides []ablation.Side) map[seeds]int64 {
	numbers, taken := map[seeds]int64{}, map[int64]bool{}
	for _, s := range sides {
		for _, r := range s.Results {
			key := seedsOf(r.Run)
			if _, known := numbers[key]; known {
				continue
			}
			n := r.Run.Replicate
			for taken[n] {
				n++
			}
			numbers[key], taken[n] = n, true
		}
	}
	return numbers
}

// labelsOf are the arms' labels, or the single runs' names, with their sweeps' names behind those that two sweeps have.
func labelsOf(sides []ablation.Side) []ablation.Label {
	labels, sweeps := make([]ablation.Label, len(sides)), map[ablation.Label]map[string]bool{}
	for i, s := range sides {
		l := sideLabel(s)
		labels[i] = l
		if sweeps[l] == nil {
			sweeps[l] = map[string]bool{}
		}
		sweeps[l][s.Sweep.Name] = true
	}
	for i, s := range sides {
		if len(sweeps[labels[i]]) > 1 {
			labels[i] = say("%s · %s", "%s · %s", labels[i], s.Sweep.Name)
		}
	}
	return labels
}

// sideLabel is what a side is called in its sweep.
func sideLabel(s ablation.Side) ablation.Label {
	if s.Run != "" && len(s.Results) == 1 {
		return same(s.Results[0].Run.Name)
	}
	return armLabel(s.Arm)
}

// runMarksOf gives every run a mark: the first of a side has the side's, the others ones that differ from all in shape or dash. They
// have their side's hue, unless there is no other side.
func runMarksOf(sides []ablation.Side, marks []Mark) map[string]Mark {
	taken, out := map[Mark]bool{}, map[string]Mark{}
	for _, m := range marks {
		taken[m] = true
	}
	for i, s := range sides {
		own := marks[i : i+1 : i+1]
		for k, r := range s.Results {
			m := marks[i]
			if k > 0 && len(sides) == 1 {
				m = freeMark(taken)
			} else if k > 0 {
				m = twin(own, taken)
			}
			own = append(own, m)
			out[r.Run.ID], taken[m] = m, true
		}
	}
	return out
}

// twin is a mark of the hue of others that nobody has: of another dash than theirs, and of a shape and dash that nobody has, while
// there is one.
func twin(others []Mark, taken map[Mark]bool) Mark {
	drawn := map[[2]string]bool{}
	for m := range taken {
		drawn[[2]string{m.Shape, m.Dash}] = true
	}
	used := func(m Mark) bool { return slices.ContainsFunc(others, func(o Mark) bool { return o.Dash == m.Dash }) }
	for _, wanted := range []func(Mark) bool{
		func(m Mark) bool { return !drawn[[2]string{m.Shape, m.Dash}] && !used(m) },
		func(m Mark) bool { return !drawn[[2]string{m.Shape, m.Dash}] },
		func(m Mark) bool { return !taken[m] },
	} {
		for n := range hues * len(shapes) * len(dashes) {
			m := nthMark(n)
			if m.Hue, m.Hollow = others[0].Hue, others[0].Hollow; wanted(m) {
				return m
			}
		}
	}
	return others[0]
}

// marksOf gives every side a mark: the one that its own sweep's pages show where no other sweep's side has its hue, else the next
// free one. The baseline chooses first.
func marksOf(sides []ablation.Side, baseline int) []Mark {
	marks, taken, hueOf := make([]Mark, len(sides)), map[Mark]bool{}, map[int]string{}
	order := make([]int, len(sides))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank(a, baseline), rank(b, baseline)) })
	for _, wanted := range []bool{true, false} {
		for _, i := range order {
			own, sweep := ownMark(sides[i]), sides[i].Sweep.Name
			free := own != Mark{} && !taken[own]
			switch {
			case marks[i] != Mark{}:
				continue
			case wanted && free && (hueOf[own.Hue] == "" || hueOf[own.Hue] == sweep), !wanted && free && len(hueOf) == hues:
				marks[i] = own
			case !wanted:
				marks[i] = freeMark(taken)
			default:
				continue
			}
			taken[marks[i]], hueOf[marks[i].Hue] = true, sweep
		}
	}
	return marks
}

func rank(i, baseline int) int {
	if i == baseline {
		return 0
	}
	return 1
}

// ownMark is the mark that an arm has in its sweep.
func ownMark(s ablation.Side) Mark {
	i := slices.IndexFunc(s.Arms, func(a ablation.Arm) bool { return a.Name == s.Arm.Name })
	if i < 0 {
		return Mark{}
	}
	return MarkOf(s.Arms, i)
}

// freeMark is the first that nobody has, of a hue that nobody has where there is one.
func freeMark(taken map[Mark]bool) Mark {
	used := map[int]bool{}
	for m := range taken {
		used[m.Hue] = true
	}
	for n := range hues {
		if !used[n+1] {
			return nthMark(n)
		}
	}
	n := 0
	for taken[nthMark(n)] && n < len(taken) {
		n++
	}
	return nthMark(n)
}
