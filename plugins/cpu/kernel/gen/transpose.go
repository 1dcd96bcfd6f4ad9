package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose packs columns of a transposed matrix, which is the slow half of packing: eight rows of eight are turned in
// registers. It uses 256-bit vectors on both targets, as the panel's width differs only.
func transpose(t isa) {
	define(t, "transpose", "func(to *float32, toRow int, from *float32, fromRow, n int)",
		"transpose"+t.name+" computes to[i·toRow + j] = from[j·fromRow + i] for i < n and j < 8; n is a multiple of 8.")
	transposed(func(from Mem, to reg.VecVirtual) { VMOVUPS(from, to) }, 32)
}

// transposed is the body of a function that transposes blocks of 8 × 8 elements; read gets eight of them from step bytes.
func transposed(read func(from Mem, to reg.VecVirtual), step uint32) {
	to, toRow, from := pointer("to"), pointer("toRow"), pointer("from")
	fromRow, n := pointer("fromRow"), pointer("n")
	SHLQ(Imm(2), toRow)
	SHLQ(Imm(2), fromRow)
	Label("block")
	p := duplicate(from)
	var r [8]reg.VecVirtual
	for i := range r {
		r[i] = YMM()
		read(at(p), r[i])
		if i < 7 {
			ADDQ(fromRow, p)
		}
	}
	turned := turn(r)
	for _, v := range turned {
		VMOVUPS(v, at(to))
		ADDQ(toRow, to)
	}
	ADDQ(U32(step), from)
	SUBQ(U32(8), n)
	JNZ(LabelRef("block"))
	done()
}

// turn transposes an 8 × 8 block: pairs, then fours, then halves.
func turn(r [8]reg.VecVirtual) [8]reg.VecVirtual {
	var pairs, fours, out [8]reg.VecVirtual
	for i := 0; i < 8; i += 2 {
		pairs[i], pairs[i+1] = YMM(), YMM()
		VUNPCKLPS(r[i+1], r[i], pairs[i])
		VUNPCKHPS(r[i+1], r[i], pairs[i+1])
	}
	for h := 0; h < 8; h += 4 {
		for i := range 2 {
			lo, hi := YMM(), YMM()
			VSHUFPS(Imm(0x44), pairs[h+2+i], pairs[h+i], lo)
			VSHUFPS(Imm(0xee), pairs[h+2+i], pairs[h+i], hi)
			fours[h+2*i], fours[h+2*i+1] = lo, hi
		}
	}
	for i := range 4 {
		out[i], out[i+4] = YMM(), YMM()
		VPERM2F128(Imm(0x20), fours[i+4], fours[i], out[i])
		VPERM2F128(Imm(0x31), fours[i+4], fours[i], out[i+4])
	}
	return out
}
