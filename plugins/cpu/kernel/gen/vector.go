package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var constants = map[uint32]Mem{}

// constant is a float32 in read-only data, stored once.
func constant(f float64) Mem {
	bits := math.Float32bits(float32(f))
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("f%08x", bits), 16|8) // NOPTR|RODATA
	DATA(0, U32(bits))
	constants[bits] = m
	return m
}

// define opens a function and loads nothing.
func define(t isa, name, signature string, doc ...string) {
	TEXT(name+t.name, 4, signature) // NOSPLIT
	Pragma("noescape")
	Doc(doc...)
}

func pointer(name string) reg.Register { return Load(Param(name), GP64()) }

// scalar is the low lane of a vector register that holds the parameter.
func scalar(name string) reg.VecVirtual {
	x := XMM()
	Load(Param(name), x)
	return x
}

func broadcast(t isa, from Op) reg.VecVirtual {
	v := t.vector()
	VBROADCASTSS(from, v)
	return v
}

func zero(t isa) reg.VecVirtual {
	v := t.vector()
	VXORPS(v, v, v)
	return v
}

func load(t isa, from Op) reg.VecVirtual {
	v := t.vector()
	VMOVUPS(from, v)
	return v
}

func at(base reg.Register) Mem { return Mem{Base: base} }

func duplicate(r reg.Register) reg.Register {
	c := GP64()
	MOVQ(r, c)
	return c
}

// each runs body over n elements, a whole number of vectors, and moves the pointers along.
func each(t isa, n reg.Register, label string, body func(), pointers ...reg.Register) {
	left := duplicate(n)
	Label(label)
	body()
	for _, p := range pointers {
		ADDQ(U32(uint32(t.bytes)), p)
	}
	SUBQ(U32(uint32(t.lanes())), left)
	JNZ(LabelRef(label))
}

// reduce folds a vector to one lane by op, in a fixed order.
func reduce(t isa, v reg.VecVirtual, op func(...Op)) reg.VecVirtual {
	y := YMM()
	if t.bytes == 64 {
		VEXTRACTF64X4(Imm(1), v, y)
		op(v.AsY(), y, y)
	} else {
		VMOVUPS(v, y)
	}
	x, half := XMM(), XMM()
	VEXTRACTF128(Imm(1), y, x)
	op(y.AsX(), x, x)
	VPERMILPS(Imm(0x4e), x, half)
	op(half, x, x)
	VPERMILPS(Imm(0xb1), x, half)
	op(half, x, x)
	return x
}

// exp replaces x by e^x for x in [-87, 88], clamped outside; NaN stays NaN. Cephes' polynomial after x = n ln 2 + r:
// within 2 units in the last place.
func exp(t isa, x reg.VecVirtual) {
	// The second source of MIN and MAX is the result when either is NaN: x has to be that one.
	VMINPS(x, broadcast(t, constant(88)), x)
	VMAXPS(x, broadcast(t, constant(-87)), x)
	n, exponent := t.vector(), t.vector()
	VMULPS(broadcast(t, constant(math.Log2E)), x, n)
	VCVTPS2DQ(n, exponent)
	VCVTDQ2PS(exponent, n)
	VFMADD231PS(broadcast(t, constant(-0.693359375)), n, x)
	VFMADD231PS(broadcast(t, constant(2.12194440e-4)), n, x)
	p := broadcast(t, constant(1.9875691500e-4))
	for _, c := range []float64{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		VFMADD213PS(broadcast(t, constant(c)), x, p)
	}
	square := t.vector()
	VMULPS(x, x, square)
	VFMADD213PS(x, square, p)
	VADDPS(broadcast(t, constant(1)), p, p)
	VPSLLD(Imm(23), exponent, exponent)
	VPADDD(exponent, p, x)
}

// sigmoid is 1 / (1 + e^-x).
func sigmoid(t isa, x reg.VecVirtual) reg.VecVirtual {
	s := zero(t)
	VSUBPS(x, s, s)
	exp(t, s)
	one := broadcast(t, constant(1))
	VADDPS(one, s, s)
	VDIVPS(s, one, s)
	return s
}

func done() {
	VZEROUPPER()
	RET()
}
