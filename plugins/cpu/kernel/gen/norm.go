package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func rmsNorm(t isa) {
	define(t, "rmsNorm", "func(y, x, gain *float32, n int, perN, eps float32) (inverse float32)",
		"rmsNorm"+t.name+" computes inverse = 1/√(Σ x²·perN + eps) and y = x·inverse·gain.")
	y, x, gain, n := pointer("y"), pointer("x"), pointer("gain"), pointer("n")
	sum, p := zero(t), duplicate(x)
	each(t, n, "squares", func() {
		v := load(t, at(p))
		VFMADD231PS(v, v, sum)
	}, p)
	total, one := reduce(t, sum, VADDPS), XMM()
	VMULSS(scalar("perN"), total, total)
	VADDSS(scalar("eps"), total, total)
	VSQRTSS(total, total, total)
	VMOVSS(constant(1), one)
	VDIVSS(total, one, total)
	inverse := broadcast(t, total)
	each(t, n, "scale", func() {
		v := t.vector()
		VMULPS(at(x), inverse, v)
		VMULPS(at(gain), v, v)
		VMOVUPS(v, at(y))
	}, y, x, gain)
	Store(total, Return("inverse"))
	done()
}

func rmsNormGrad(t isa) {
	define(t, "rmsNormGrad", "func(dx, dy, x, gain, dgain *float32, n int, inverse, perN float32)",
		"rmsNormGrad"+t.name+" adds dy·x·r to dgain and r·gain·dy − x·r³·perN·Σ gain·dy·x to dx, r = inverse.")
	dx, dy, x := pointer("dx"), pointer("dy"), pointer("x")
	gain, dgain, n := pointer("gain"), pointer("dgain"), pointer("n")
	r, perN := scalar("inverse"), scalar("perN")
	sum, a, b, c := zero(t), duplicate(dy), duplicate(x), duplicate(gain)
	each(t, n, "dot", func() {
		v := load(t, at(a))
		VMULPS(at(b), v, v)
		VFMADD231PS(at(c), v, sum)
	}, a, b, c)
	total := reduce(t, sum, VADDPS)
	for _, factor := range []Op{perN, r, r} {
		VMULSS(factor, total, total)
	}
	inverse, pull := broadcast(t, r), broadcast(t, total)
	each(t, n, "out", func() {
		v, in, dg := t.vector(), load(t, at(x)), load(t, at(dgain))
		VMULPS(at(dy), inverse, v)
		VFMADD231PS(v, in, dg)
		VMOVUPS(dg, at(dgain))
		VMULPS(at(gain), v, v)
		VMULPS(inverse, in, in)
		VFNMADD231PS(pull, in, v)
		VADDPS(at(dx), v, v)
		VMOVUPS(v, at(dx))
	}, dx, dy, x, gain, dgain)
	done()
}
