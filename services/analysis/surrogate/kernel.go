package surrogate

import "math"

// matern is the Matérn-5/2 correlation at a squared distance in length scales, and its derivative by that square.
func matern(r2 float64) (k, slope float64) {
	r := math.Sqrt(5 * r2)
	e := math.Exp(-r)
	return (1 + r + r*r/3) * e, -5. / 6 * (1 + r) * e
}

// distances are squared differences of points, feature by feature: a row a pair i > j, in order of i, then j.
type distances struct {
	points, features int
	squares          []float64
}

func distancesOf(x [][]float64) distances {
	d := distances{points: len(x)}
	if len(x) == 0 {
		return d
	}
	d.features = len(x[0])
	d.squares = make([]float64, 0, len(x)*(len(x)-1)/2*d.features)
	for i := range x {
		for j := range i {
			for k, v := range x[i] {
				d.squares = append(d.squares, (v-x[j][k])*(v-x[j][k]))
			}
		}
	}
	return d
}

// between is the squared distance of two points in length scales; inverse holds 1 ÷ length².
func between(a, b, inverse []float64) float64 {
	s := 0.0
	for k, v := range a {
		s += (v - b[k]) * (v - b[k]) * inverse[k]
	}
	return s
}

// Matern is the Matérn-5/2 correlation of two points at one length scale.
func Matern(a, b []float64, length float64) float64 {
	r2 := 0.0
	for k, v := range a {
		r2 += (v - b[k]) * (v - b[k])
	}
	k, _ := matern(r2 / (length * length))
	return k
}
