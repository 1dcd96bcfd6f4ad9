package decision

import "github.com/haigo-lab/haigo/services/analysis/table"

// Ternary is the objective over all constant mixtures of three sources.
type Ternary struct {
	Steps  int // of the grid along each side
	Points []TernaryPoint
}

// TernaryPoint is one mixture of the grid.
type TernaryPoint struct {
	Shares  [3]float64
	Value   float64 // expected objective minus the recommended one's, above 0 where it is worse
	AsGood  bool    // it may be recommended, and can't be told from the recommended one
	Outside bool    // it lies outside of what was tried, or no tried mixture is near
}

const ternarySteps = 24

// ternary walks over the triangle; nil where sources aren't three. Where schedules were run, too, it is of constant mixtures all
// the same.
func (e *engine) ternary(d *Decision) *Ternary {
	if len(e.fit.Table.Sources) != 3 {
		return nil
	}
	t := &Ternary{Steps: ternarySteps}
	runs := []table.Run{d.Run}
	for i := range ternarySteps + 1 {
		for j := range ternarySteps + 1 - i {
			run := e.region.empty().Run
			shares := [3]float64{float64(i) / ternarySteps, float64(j) / ternarySteps, float64(ternarySteps-i-j) / ternarySteps}
			for p := range run.Shares {
				copy(run.Shares[p], shares[:])
			}
			_, distance := e.region.nearest(run)
			t.Points = append(t.Points, TernaryPoint{Shares: shares, AsGood: e.may(run), Outside: distance > e.region.reach || !e.region.hull.has(run, hullRounded)})
			runs = append(runs, run)
		}
	}
	drawn := e.composed(e.fit.Draw(runs, draws, e.options.Seed), len(runs))
	for i := range t.Points {
		worse := make([]float64, len(drawn))
		for s, row := range drawn {
			worse[s] = row[1+i] - row[0]
		}
		v := interval(worse).lower(d.choice)
		t.Points[i].Value, t.Points[i].AsGood = v.Mean, t.Points[i].AsGood && !t.Points[i].Outside && v.alike()
	}
	return t
}
