package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func softmax(t isa) {
	define(t, "softmax", "func(x *float32, n int, scale float32) (most, sum float32)",
		"softmax"+t.name+" replaces x by e^(scale·(x−most))/sum with most = max x and sum the sum of the exponentials.",
		"Exponentials below 1e-34 become an exact 0: denormals would cost more than all the rest.")
	x, n := pointer("x"), pointer("n")
	factor := broadcast(t, scalar("scale"))
	most, p := load(t, at(x)), duplicate(x)
	each(t, n, "most", func() { VMAXPS(at(p), most, most) }, p)
	top := reduce(t, most, VMAXPS)
	VBROADCASTSS(top, most)
	sum, q := zero(t), duplicate(x)
	each(t, n, "exp", func() {
		v, none := load(t, at(q)), zero(t)
		VSUBPS(most, v, v)
		VMULPS(factor, v, v)
		exp(t, v)
		VSUBPS(broadcast(t, constant(1e-34)), v, v)
		VMAXPS(v, none, v)
		VADDPS(v, sum, sum)
		VMOVUPS(v, at(q))
	}, q)
	total, inverse := reduce(t, sum, VADDPS), XMM()
	VMOVSS(constant(1), inverse)
	VDIVSS(total, inverse, inverse)
	share := broadcast(t, inverse)
	each(t, n, "divide", func() {
		v := t.vector()
		VMULPS(at(x), share, v)
		VMOVUPS(v, at(x))
	}, x)
	Store(top, Return("most"))
	Store(total, Return("sum"))
	done()
}

func softmaxGrad(t isa) {
	define(t, "softmaxGrad", "func(p, dp *float32, n int, scale float32)",
		"softmaxGrad"+t.name+" replaces dp by scale·p·(dp − Σ p·dp).")
	p, dp, n := pointer("p"), pointer("dp"), pointer("n")
	factor := broadcast(t, scalar("scale"))
	sum, a, b := zero(t), duplicate(p), duplicate(dp)
	each(t, n, "dot", func() { VFMADD231PS(at(b), load(t, at(a)), sum) }, a, b)
	VBROADCASTSS(reduce(t, sum, VADDPS), sum)
	each(t, n, "out", func() {
		v, w := load(t, at(dp)), t.vector()
		VSUBPS(sum, v, v)
		VMULPS(at(p), factor, w)
		VMULPS(w, v, v)
		VMOVUPS(v, at(dp))
	}, p, dp)
	done()
}

func swiGLU(t isa) {
	define(t, "swiGLU", "func(h, gate, up *float32, n int)",
		"swiGLU"+t.name+" computes h = gate·σ(gate)·up.")
	h, gate, up, n := pointer("h"), pointer("gate"), pointer("up"), pointer("n")
	each(t, n, "out", func() {
		v := load(t, at(gate))
		VMULPS(sigmoid(t, v), v, v)
		VMULPS(at(up), v, v)
		VMOVUPS(v, at(h))
	}, h, gate, up)
	done()
}

func swiGLUGrad(t isa) {
	define(t, "swiGLUGrad", "func(dh, gate, up *float32, n int)",
		"swiGLUGrad"+t.name+" replaces gate by dh·up·s·(1+gate·(1−s)) and up by dh·gate·s, s = σ(gate).")
	dh, gate, up, n := pointer("dh"), pointer("gate"), pointer("up"), pointer("n")
	each(t, n, "out", func() {
		v, d := load(t, at(gate)), load(t, at(dh))
		s, one, w, u := sigmoid(t, v), broadcast(t, constant(1)), t.vector(), t.vector()
		VSUBPS(s, one, w)
		VFMADD213PS(one, v, w)
		VMULPS(s, w, w)
		VMULPS(at(up), w, w)
		VMULPS(d, w, w)
		VMOVUPS(w, at(gate))
		VMULPS(s, v, u)
		VMULPS(d, u, u)
		VMOVUPS(u, at(up))
	}, dh, gate, up)
	done()
}

func rope(t isa) {
	define(t, "rope", "func(x, cos, sin *float32, half int, sign float32)",
		"rope"+t.name+" turns the pairs (x[i], x[i+half]) by the angles of cos and sin: (a·c − b·s, b·c + a·s), s = sign·sin.")
	x, cos, sin, half := pointer("x"), pointer("cos"), pointer("sin"), pointer("half")
	sign := broadcast(t, scalar("sign"))
	y := GP64()
	LEAQ(Mem{Base: x, Index: half, Scale: 4}, y)
	each(t, half, "turn", func() {
		a, b, c := load(t, at(x)), load(t, at(y)), load(t, at(cos))
		s, v := t.vector(), t.vector()
		VMULPS(at(sin), sign, s)
		VMULPS(a, c, v)
		VFNMADD231PS(b, s, v)
		VMOVUPS(v, at(x))
		VMULPS(b, c, v)
		VFMADD231PS(a, s, v)
		VMOVUPS(v, at(y))
	}, x, y, cos, sin)
	done()
}
