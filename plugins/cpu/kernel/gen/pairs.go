package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pairs are the kernels that round fp32 to bf16, two values to an element: what the inner product of bf16 reads.
func pairs(t isa) {
	pairColumns(t)
	pairRows(t)
	pairTransposed(t)
}

func pairColumns(t isa) {
	define(t, "pairColumns", "func(to *float32, toRow int, from *float32, fromRow, rows, n int)",
		"pairColumns"+t.name+" computes to[i·toRow + p] = (from[i·fromRow + 2p], from[i·fromRow + 2p + 1]) for i < rows and p < n,",
		"n a multiple of 16.")
	to, toRow, from := pointer("to"), pointer("toRow"), pointer("from")
	fromRow, rows, n := pointer("fromRow"), pointer("rows"), pointer("n")
	SHLQ(Imm(2), toRow)
	SHLQ(Imm(2), fromRow)
	Label("row")
	x, y, left := duplicate(from), duplicate(to), duplicate(n)
	Label("pairs")
	v := load(t, at(x))
	vcvtne2ps2bf16(v, load(t, Mem{Base: x, Disp: 64}), v)
	VMOVUPS(v, at(y))
	ADDQ(U32(128), x)
	ADDQ(U32(64), y)
	SUBQ(U32(16), left)
	JNZ(LabelRef("pairs"))
	ADDQ(fromRow, from)
	ADDQ(toRow, to)
	DECQ(rows)
	JNZ(LabelRef("row"))
	done()
}

func pairRows(t isa) {
	define(t, "pairRows", "func(to *float32, toRow int, from *float32, fromRow, pairs, n int)",
		"pairRows"+t.name+" computes to[p·toRow + j] = (from[2p·fromRow + j], from[(2p+1)·fromRow + j]) for p < pairs and j < n,",
		"n a multiple of 16.")
	to, toRow, from := pointer("to"), pointer("toRow"), pointer("from")
	fromRow, pairs, n := pointer("fromRow"), pointer("pairs"), pointer("n")
	SHLQ(Imm(2), toRow)
	SHLQ(Imm(2), fromRow)
	order := load(t, interleaved())
	Label("pair")
	x, y, left := duplicate(from), duplicate(to), duplicate(n)
	ADDQ(fromRow, from)
	z := duplicate(from)
	ADDQ(fromRow, from)
	each(t, left, "columns", func() {
		v := load(t, at(x))
		vcvtne2ps2bf16(v, load(t, at(z)), v)
		VPERMW(v, order, v)
		VMOVUPS(v, at(y))
	}, x, y, z)
	ADDQ(toRow, to)
	DECQ(pairs)
	JNZ(LabelRef("pair"))
	done()
}

// interleaved is the order that lays word i of the upper half beside word i of the lower one.
func interleaved() Mem {
	m := GLOBL("interleaved", 16|8) // NOPTR|RODATA
	for i := range 16 {
		DATA(4*i, U32(i|(16+i)<<16))
	}
	return m
}

func pairTransposed(t isa) {
	define(t, "pairTransposed", "func(to *float32, toRow int, from *float32, fromRow, n int)",
		"pairTransposed"+t.name+" computes to[p·toRow + j] = (from[j·fromRow + 2p], from[j·fromRow + 2p + 1]) for p < n and j < 8,",
		"n a multiple of 8.")
	transposed(func(from Mem, to reg.VecVirtual) { vcvtneps2bf16(load(t, from), to) }, 64)
}
