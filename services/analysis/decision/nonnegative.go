package decision

import (
	"math"
	"slices"
)

// combination is a sum of columns with weights above 0.
type combination struct {
	at      []int // columns
	weights []float64
	left    []float64 // of the target
	gram    [][]float64
}

// Columns are taken while they fit what is left by more than fitLeast of its length; a column whose squared length beyond those
// taken is below pivotLeast of its own is one of them already.
const (
	fitLeast   = 1e-9
	pivotLeast = 1e-12
)

// nonnegative is the least-squares combination of columns that makes a target (Lawson and Hanson 1974, chapter 23), or one that leaves
// no more of it than enough. From is where the search begins: columns with weights above 0.
func nonnegative(columns [][]float64, target []float64, enough float64, from combination) combination {
	c := combination{}
	for i, at := range from.at {
		c.add(columns, at, from.weights[i])
	}
	c.solve(columns, target)
	refused := make([]bool, len(columns))
	for range 3 * (len(columns) + len(target)) {
		before := length(c.left)
		if before <= enough {
			break
		}
		best, most := -1, fitLeast*before
		for i, column := range columns {
			if v := dot(column, c.left); v > most && !refused[i] && !slices.Contains(c.at, i) {
				best, most = i, v
			}
		}
		if best < 0 {
			break
		}
		c.add(columns, best, 0)
		if c.solve(columns, target); length(c.left) >= before { // rounding alone spoke for it
			refused[best] = true
			continue
		}
		clear(refused)
	}
	return c
}

func (c *combination) add(columns [][]float64, at int, weight float64) {
	row := make([]float64, 0, len(c.at)+1)
	for i, other := range c.at {
		v := dot(columns[at], columns[other])
		row = append(row, v)
		c.gram[i] = append(c.gram[i], v)
	}
	c.gram = append(c.gram, append(row, dot(columns[at], columns[at])))
	c.at, c.weights = append(c.at, at), append(c.weights, weight)
}

func (c *combination) remove(k int) {
	c.at, c.weights, c.gram = slices.Delete(c.at, k, k+1), slices.Delete(c.weights, k, k+1), slices.Delete(c.gram, k, k+1)
	for i := range c.gram {
		c.gram[i] = slices.Delete(c.gram[i], k, k+1)
	}
}

// solve sets the weights that fit best, without the columns that would have none above 0.
func (c *combination) solve(columns [][]float64, target []float64) {
	for len(c.at) > 0 {
		right := make([]float64, len(c.at))
		for i, at := range c.at {
			right[i] = dot(columns[at], target)
		}
		best, dependent := c.unbound(right)
		if dependent >= 0 {
			c.remove(dependent)
			continue
		}
		step, out := 1.0, -1
		for i, v := range best {
			if v > 0 {
				continue
			}
			s := 0.0
			if c.weights[i] > 0 {
				s = c.weights[i] / (c.weights[i] - v)
			}
			if out < 0 || s < step {
				step, out = s, i
			}
		}
		for i, v := range best {
			c.weights[i] += step * (v - c.weights[i])
		}
		if out < 0 {
			break
		}
		c.remove(out)
	}
	c.left = slices.Clone(target)
	for i, at := range c.at {
		for k, v := range columns[at] {
			c.left[k] -= c.weights[i] * v
		}
	}
}

// unbound are the weights of least squares, of any sign, by Cholesky's factors; or which column those before it make, -1 for none.
func (c *combination) unbound(right []float64) (weights []float64, dependent int) {
	n := len(c.at)
	root := make([][]float64, n)
	weights = slices.Clone(right)
	for i := range n {
		root[i] = make([]float64, i+1)
		for j := range i + 1 {
			v := c.gram[i][j]
			for k := range j {
				v -= root[i][k] * root[j][k]
			}
			if j < i {
				root[i][j] = v / root[j][j]
				continue
			}
			if v <= pivotLeast*c.gram[i][i] {
				return nil, i
			}
			root[i][i] = math.Sqrt(v)
		}
		for k := range i {
			weights[i] -= root[i][k] * weights[k]
		}
		weights[i] /= root[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			weights[i] -= root[k][i] * weights[k]
		}
		weights[i] /= root[i][i]
	}
	return weights, -1
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func length(v []float64) float64 { return math.Sqrt(dot(v, v)) }
