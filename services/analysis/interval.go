package analysis

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the coverage of every interval.
const Level = 0.9

// half is the half width of an interval of an estimate whose variance is share × sd²; NaN without degrees of freedom.
func half(sd float64, freedom int, share float64) float64 {
	if freedom < 1 || math.IsInf(share, 0) {
		return math.NaN()
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(freedom)}.Quantile((1 + Level) / 2)
	return t * sd * math.Sqrt(share)
}

// Halves are the half widths of the 90% intervals of several groups' means, each over its values, with the noise pooled over
// the groups as [Of] pools it over arms. NaN where there is no value, or no group has two.
func Halves(groups [][]float64) []float64 {
	squares, freedom := 0.0, 0
	for _, g := range groups {
		mean := 0.0
		for _, v := range g {
			mean += v / float64(len(g))
		}
		for _, v := range g {
			squares += (v - mean) * (v - mean)
		}
		freedom += max(0, len(g)-1)
	}
	sd := math.Sqrt(squares / float64(freedom))
	halves := make([]float64, len(groups))
	for i, g := range groups {
		halves[i] = half(sd, freedom, 1/float64(len(g)))
	}
	return halves
}

// blocks is the noise that is left when every arm and every replicate has its own level.
type blocks struct {
	sd      float64
	freedom int
}

// cell is one run's value in the table of arms and replicates.
type cell struct {
	arm, replicate int
	value          float64
}

func (s Scores) blocks() blocks {
	var cells []cell
	columns := map[int64]int{}
	for i, a := range s.Arms {
		for _, v := range a.Values {
			if _, ok := columns[v.Replicate]; !ok {
				columns[v.Replicate] = len(columns)
			}
			cells = append(cells, cell{i, columns[v.Replicate], v.Value})
		}
	}
	return fit(cells, len(s.Arms), len(columns))
}

// fit takes arms and replicates out of the values by least squares. Missing cells make the two overlap in part, so the
// model's rank is counted rather than assumed.
func fit(cells []cell, arms, replicates int) blocks {
	none := blocks{math.NaN(), 0}
	if len(cells) < 2 {
		return none
	}
	design, values := mat.NewDense(len(cells), arms+replicates, nil), mat.NewVecDense(len(cells), nil)
	for i, c := range cells {
		design.Set(i, c.arm, 1)
		design.Set(i, arms+c.replicate, 1)
		values.SetVec(i, c.value-cells[0].value) // a common level only costs digits
	}
	var svd mat.SVD
	if !svd.Factorize(design, mat.SVDThin) {
		return none
	}
	rank := svd.Rank(1e-9)
	freedom := len(cells) - rank
	if freedom < 1 {
		return none
	}
	var u mat.Dense
	svd.UTo(&u)
	explained := 0.0
	for k := range rank {
		p := mat.Dot(u.ColView(k), values)
		values.AddScaledVec(values, -p, u.ColView(k))
		explained += p * p
	}
	residual := mat.Dot(values, values)
	if residual < 1e-24*explained {
		residual = 0 // rounding, not noise
	}
	return blocks{math.Sqrt(residual / float64(freedom)), freedom}
}
