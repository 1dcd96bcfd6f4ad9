// Command gen writes the AVX2 and AVX-512 kernels of package kernel. It is a module of its own, so that the product
// never depends on avo; run it by `go generate` in the folder above.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// isa is a target: the width of its vectors and the tile that its registers hold.
type isa struct {
	name     string
	bytes    int // of a vector
	vector   func() reg.VecVirtual
	tileRows int // a tile is tileRows × 2 vectors; the accumulators, two of B and one of A fill the register file
}

var targets = []isa{
	{"AVX2", 32, YMM, 6},
	{"AVX512", 64, ZMM, 12},
}

// bf16 has its own inner product, whose elements are pairs of values; all else is AVX-512's.
var bf16 = isa{"BF16", 64, ZMM, 12}

func fma(a, b, sum reg.VecVirtual) { VFMADD231PS(b, a, sum) }

func (t isa) lanes() int { return t.bytes / 4 }

func main() {
	ConstraintExpr("amd64")
	for _, t := range targets {
		for rows := 1; rows <= t.tileRows; rows++ {
			tile(t, rows, fma)
		}
		transpose(t)
		softmax(t)
		softmaxGrad(t)
		swiGLU(t)
		swiGLUGrad(t)
		rmsNorm(t)
		rmsNormGrad(t)
		rope(t)
		adamW(t)
		add(t)
		scale(t)
		sumSquares(t)
	}
	for rows := 1; rows <= bf16.tileRows; rows++ {
		tile(bf16, rows, vdpbf16ps)
	}
	pairs(bf16)
	Generate()
}
