package main

import (
	. "github.com/mmcloughlin/avo/build"
)

func adamW(t isa) {
	define(t, "adamW", "func(p, grad, m, v *float32, n int, scale, beta1, beta2, keep, rate, correct, eps float32)",
		"adamW"+t.name+" computes, with d = scale·grad: m = β1·(m−d)+d, v = β2·(v−d²)+d² and p = keep·p − rate·m/(√v·correct + eps).")
	p, grad, m, v, n := pointer("p"), pointer("grad"), pointer("m"), pointer("v"), pointer("n")
	scale, beta1, beta2 := broadcast(t, scalar("scale")), broadcast(t, scalar("beta1")), broadcast(t, scalar("beta2"))
	keep, rate := broadcast(t, scalar("keep")), broadcast(t, scalar("rate"))
	correct, eps := broadcast(t, scalar("correct")), broadcast(t, scalar("eps"))
	each(t, n, "update", func() {
		d, first, second := t.vector(), load(t, at(m)), load(t, at(v))
		VMULPS(at(grad), scale, d)
		VSUBPS(d, first, first)
		VFMADD213PS(d, beta1, first)
		VMOVUPS(first, at(m))
		VMULPS(d, d, d)
		VSUBPS(d, second, second)
		VFMADD213PS(d, beta2, second)
		VMOVUPS(second, at(v))
		VSQRTPS(second, second)
		VFMADD213PS(eps, correct, second)
		VDIVPS(second, first, first)
		VMULPS(at(p), keep, second)
		VFNMADD231PS(first, rate, second)
		VMOVUPS(second, at(p))
	}, p, grad, m, v)
	done()
}

func add(t isa) {
	define(t, "add", "func(y, x *float32, n int)", "add"+t.name+" adds x to y.")
	y, x, n := pointer("y"), pointer("x"), pointer("n")
	each(t, n, "add", func() {
		v := load(t, at(y))
		VADDPS(at(x), v, v)
		VMOVUPS(v, at(y))
	}, y, x)
	done()
}

func scale(t isa) {
	define(t, "scale", "func(x *float32, n int, factor float32)", "scale"+t.name+" multiplies x by factor.")
	x, n := pointer("x"), pointer("n")
	factor := broadcast(t, scalar("factor"))
	each(t, n, "scale", func() {
		v := t.vector()
		VMULPS(at(x), factor, v)
		VMOVUPS(v, at(x))
	}, x)
	done()
}

func sumSquares(t isa) {
	define(t, "sumSquares", "func(x *float32, n int) (sum float32)", "sumSquares"+t.name+" computes Σ x².")
	x, n := pointer("x"), pointer("n")
	sum := zero(t)
	each(t, n, "sum", func() {
		v := load(t, at(x))
		VFMADD231PS(v, v, sum)
	}, x)
	Store(reduce(t, sum, VADDPS), Return("sum"))
	done()
}
