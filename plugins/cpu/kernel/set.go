package kernel

import (
	"fmt"
	"slices"
	"sync"
)

// ISA names an instruction set.
type ISA string

// The instruction sets that have kernels.
const (
	AVX512   ISA = "avx512"
	AVX2     ISA = "avx2"
	Portable ISA = "go"
)

// Set is the kernels of one instruction set. It may be used from many goroutines at once.
type Set struct {
	isa      ISA
	lanes    int // of a vector; 0 means that there is no assembly
	unit     int // values in an element of a packed operand: 1, or 2 in bf16
	tileRows int
	tileCols int
	tiles    []tileFunc // by number of rows, from 1

	pairColumns    func(to *float32, toRow int, from *float32, fromRow, rows, n int)
	pairRows       func(to *float32, toRow int, from *float32, fromRow, pairs, n int)
	pairTransposed func(to *float32, toRow int, from *float32, fromRow, n int)

	transpose   func(to *float32, toRow int, from *float32, fromRow, n int)
	softmax     func(x *float32, n int, scale float32) (most, sum float32)
	softmaxGrad func(p, dp *float32, n int, scale float32)
	swiGLU      func(h, gate, up *float32, n int)
	swiGLUGrad  func(dh, gate, up *float32, n int)
	rmsNorm     func(y, x, gain *float32, n int, perN, eps float32) float32
	rmsNormGrad func(dx, dy, x, gain, dgain *float32, n int, inverse, perN float32)
	rope        func(x, cos, sin *float32, half int, sign float32)
	adamW       func(p, grad, m, v *float32, n int, scale, beta1, beta2, keep, rate, correct, eps float32)
	add         func(y, x *float32, n int)
	scale       func(x *float32, n int, factor float32)
	sumSquares  func(x *float32, n int) float32

	scratch sync.Pool
}

type tileFunc = func(a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow, depth, accumulate, count int)

// Available lists the instruction sets that this processor runs, fastest first; the portable one is always last.
func Available() []ISA { return append(native(), Portable) }

// Best is the fastest Set of this processor.
func Best() *Set { return newSet(Available()[0]) }

// For is the Set of one instruction set; an error says which ones this processor has.
func For(isa ISA) (*Set, error) {
	if !slices.Contains(Available(), isa) {
		return nil, fmt.Errorf("instruction set %q is not to be had here; there are %v", isa, Available())
	}
	return newSet(isa), nil
}

// ISA is the instruction set of the kernels.
func (s *Set) ISA() ISA { return s.isa }

func newSet(isa ISA) *Set {
	s := &Set{isa: isa, unit: 1}
	s.fill()
	s.scratch.New = func() any { return newScratch() }
	return s
}

// whole is how many of n elements the assembly takes.
func (s *Set) whole(n int) int {
	if s.lanes == 0 {
		return 0
	}
	return n - n%s.lanes
}

// vectors says that n elements are whole vectors, at least one.
func (s *Set) vectors(n int) bool { return n > 0 && s.whole(n) == n }
