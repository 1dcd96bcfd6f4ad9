package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// product is one case of C (+)= A·B, with operands laid out as asked.
type product struct {
	m, n, k          int
	turnedA, turnedB bool
	accumulate       bool
	a, b             kernel.Matrix
	before           []float32
	stride           int
	want             []float64
	description      string
}

func makeProduct(r *rand.Rand, m, n, k, layout int) product {
	p := product{m: m, n: n, k: k, turnedA: layout&1 != 0, turnedB: layout&2 != 0, accumulate: layout&4 != 0, stride: n + 3}
	p.description = fmt.Sprintf("%dx%dx%d/A^T=%t/B^T=%t/accumulate=%t", m, n, k, p.turnedA, p.turnedB, p.accumulate)
	p.a, p.b = operand(r, m, k, p.turnedA), operand(r, k, n, p.turnedB)
	p.before = normal(r, m*p.stride)
	p.expect()
	return p
}

// expect computes want from the operands.
func (p *product) expect() {
	p.want = make([]float64, len(p.before))
	for i, v := range p.before {
		p.want[i] = float64(v) // between the rows nothing may change
	}
	for i := range p.m {
		for j := range p.n {
			p.want[i*p.stride+j] = p.element(i, j)
		}
	}
}

func operand(r *rand.Rand, rows, cols int, turned bool) kernel.Matrix {
	if turned {
		return kernel.Rows(normal(r, rows*cols+cols*5), rows+5).T()
	}
	return kernel.Rows(normal(r, rows*cols+rows*5), cols+5)
}

func (p product) element(i, j int) (sum float64) {
	if p.accumulate {
		sum = float64(p.before[i*p.stride+j])
	}
	for q := range p.k {
		sum += float64(p.a.Data[i*p.a.Row+q*p.a.Col]) * float64(p.b.Data[q*p.b.Row+j*p.b.Col])
	}
	return sum
}

func TestMatMul(t *testing.T) {
	t.Parallel()
	shapes := [][3]int{
		{1, 1, 1},
		{1, 32, 1},
		{12, 32, 256},
		{13, 33, 257},
		{7, 96, 300},
		{50, 33, 17},
		{97, 16, 9},
		{128, 352, 128},
		{64, 600, 40},
		{5, 31, 8},
		{2, 3, 0},
		{200, 288, 64},
	}
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, s := range shapes {
			for layout := range 8 {
				makeProduct(r, s[0], s[1], s[2], layout).check(t, set, 1e-4)
			}
		}
	})
}

// check compares a set's product with want, and products with packed operands, of all columns and of some, with it.
func (p product) check(t *testing.T, set *kernel.Set, tolerance float64) {
	t.Helper()
	c := slices.Clone(p.before)
	set.MatMul(p.m, p.n, p.k, p.a, p.b, c, p.stride, p.accumulate)
	near(t, p.description, c, p.want, tolerance)

	var panels kernel.Panels
	set.Pack(&panels, p.k, p.n, p.b)
	for _, n := range []int{p.n, (p.n + 1) / 2} {
		packed := slices.Clone(p.before)
		set.MatMulPacked(p.m, n, p.a, &panels, packed, p.stride, p.accumulate)
		for i := range p.m {
			if !slices.Equal(packed[i*p.stride:][:n], c[i*p.stride:][:n]) {
				t.Fatalf("%s: %d packed columns give other bits in row %d", p.description, n, i)
			}
		}
	}
}

// A row of C must not depend on the rows computed with it: scores are the same however sequences are batched.
func TestMatMul_RowsAreIndependent(t *testing.T) {
	t.Parallel()
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		r := rand.New(rand.NewPCG(3, 4))
		const m, n, k = 37, 70, 300
		a, b := kernel.Rows(normal(r, m*k), k), kernel.Rows(normal(r, k*n), n)
		all, one := make([]float32, m*n), make([]float32, n)
		set.MatMul(m, n, k, a, b, all, n, false)
		for i := range m {
			set.MatMul(1, n, k, kernel.Rows(a.Data[i*k:], k), b, one, n, false)
			if !slices.Equal(one, all[i*n:(i+1)*n]) {
				t.Fatalf("row %d alone has other bits", i)
			}
		}
	})
}

func TestMatMul_RefusesShortOperands(t *testing.T) {
	t.Parallel()
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		long, short := make([]float32, 64), make([]float32, 63)
		eight := func(d []float32) kernel.Matrix { return kernel.Rows(d, 8) }
		for name, call := range map[string]func(){
			"A": func() { set.MatMul(8, 8, 8, eight(short), eight(long), long, 8, false) },
			"B": func() { set.MatMul(8, 8, 8, eight(long), eight(short).T(), long, 8, false) },
			"C": func() { set.MatMul(8, 8, 8, eight(long), eight(long), short, 8, false) },
		} {
			func() {
				defer func() {
					want := fmt.Sprintf("kernel: %s of 8 × 8 elements needs 64 values, has 63", name)
					if got := recover(); got != want {
						t.Errorf("got %v, want %s", got, want)
					}
				}()
				call()
			}()
		}
	})
}
