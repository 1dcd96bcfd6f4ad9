package ablation

import "slices"

// Course is what a run of an arm reads as it goes on, at points for drawing: the weights and rows that the sampler deals
// out, not the document's numbers.
type Course struct {
	Tokens    []int64     `json:"tokens"`    // ascending, from 0 to the run's end; a jump of the mixture stands twice
	Shares    [][]float64 `json:"shares"`    // by point, then source: the mixture read from there on
	Read      [][]int64   `json:"read"`      // by point, then source: tokens read until there
	Exhausted []int64     `json:"exhausted"` // by source: the run's tokens when all its rows were read once; 0: never
}

// Course draws an arm's run at so many even points, and wherever its mixture jumps. have are the rows that there are of
// each source, in the sweep's order.
func (r Recipe) Course(table []Weights, have []int64, points int) Course {
	c := Course{Exhausted: make([]int64, len(have))}
	if len(table) == 0 {
		return c
	}
	steps, per := r.Steps(), r.TokensPerStep()
	d := newDealer(table, steps, r.BatchRows)
	for _, mark := range marks(table, steps, points) {
		for d.step < mark {
			before := d.step
			d.deal()
			for k, rows := range d.rows {
				if have[k] > 0 && rows >= have[k] && c.Exhausted[k] == 0 {
					c.Exhausted[k] = min(steps, before+1) * per
				}
			}
		}
		if w, jumps := d.jump(); jumps {
			c.add(mark*per, w, d.rows, r.RowTokens)
		}
		c.add(mark*per, d.weights(), d.rows, r.RowTokens)
	}
	return c
}

func (c *Course) add(tokens int64, w, rows []int64, rowTokens int) {
	shares, read := make([]float64, len(w)), make([]int64, len(rows))
	for k := range w {
		shares[k], read[k] = float64(w[k])/WeightTotal, rows[k]*int64(rowTokens)
	}
	c.Tokens, c.Shares, c.Read = append(c.Tokens, tokens), append(c.Shares, shares), append(c.Read, read)
}

// marks are the steps at which a course is looked at: evenly spread, and where an entry begins that isn't part of a ramp.
func marks(table []Weights, steps int64, points int) []int64 {
	var out []int64
	for i := range int64(points) + 1 {
		out = append(out, steps*i/int64(points))
	}
	for i, w := range table[1:] {
		if w.FromStep-table[i].FromStep > 1 && w.FromStep < steps {
			out = append(out, w.FromStep)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// dealer deals a table's rows out, step by step.
type dealer struct {
	table                  []Weights
	steps, batch           int64
	entry                  int // of the table, that holds at step
	step                   int64
	rows, residual, counts []int64
}

func newDealer(table []Weights, steps int64, batchRows int) *dealer {
	n := len(table[0].W)
	return &dealer{table: table, steps: steps, batch: int64(batchRows), rows: make([]int64, n), residual: make([]int64, n), counts: make([]int64, n)}
}

// deal deals the rows of one step.
func (d *dealer) deal() {
	apportion(d.batch, d.weights(), d.residual, d.counts)
	for k, c := range d.counts {
		d.rows[k] += c
	}
	d.step++
	if d.entry+1 < len(d.table) && d.table[d.entry+1].FromStep == d.step && d.step < d.steps {
		d.entry++
	}
}

// weights are those of the next step, or at the end of the last one.
func (d *dealer) weights() []int64 { return d.table[d.entry].W }

// jump is the weights before the next step's, where they held for more than a step and end here.
func (d *dealer) jump() ([]int64, bool) {
	if d.entry == 0 || d.table[d.entry].FromStep != d.step || d.step-d.table[d.entry-1].FromStep <= 1 {
		return nil, false
	}
	return d.table[d.entry-1].W, true
}

// Portion is how much of what an arm reads is of one source, counted three ways, each as a fraction of the whole.
type Portion struct {
	Tokens    float64 `json:"tokens"`
	Bytes     float64 `json:"bytes"`
	Documents float64 `json:"documents"`
}

// Portions are an arm's, in the order of the sources. A token is one of text, or the separator after a
// document.
func (a PlanArm) Portions(sources []Source) []Portion {
	out := make([]Portion, len(sources))
	var all Portion
	for k, s := range sources {
		if s.Bytes+s.Documents == 0 {
			continue
		}
		tokens := float64(a.Tokens[s.Name])
		size := float64(s.All())
		documents := tokens * float64(s.Documents) / size
		out[k] = Portion{tokens, tokens * float64(s.Bytes) / size, documents}
		all.Tokens, all.Bytes, all.Documents = all.Tokens+tokens, all.Bytes+out[k].Bytes, all.Documents+documents
	}
	for k := range out {
		out[k].Tokens, out[k].Bytes, out[k].Documents = over(out[k].Tokens, all.Tokens), over(out[k].Bytes, all.Bytes), over(out[k].Documents, all.Documents)
	}
	return out
}

func over(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}
