package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile is the inner product of the matrix product: rows × 2 vectors of C stay in registers over the whole depth. Tiles
// below one another share B and are done in one call. multiply adds the product of its first two to its third.
func tile(t isa, rows int, multiply func(a, b, sum reg.VecVirtual)) {
	TEXT(fmt.Sprintf("tile%s_%d", t.name, rows), 4,
		"func(a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow, depth, accumulate, count int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("tile%s_%d computes C[i,j] = (accumulate ? C[i,j] : 0) + Σ_p A[i,p] B[p,j] for i < %d·count, j < %d, p < depth.",
		t.name, rows, rows, 2*t.lanes()), "Strides are in elements; depth and count are at least 1.")
	Label("tile")
	a, aRow, aCol := pointer("a"), pointer("aRow"), pointer("aCol")
	b, bRow, depth := pointer("b"), pointer("bRow"), pointer("depth")
	for _, stride := range []reg.Register{aRow, aCol, bRow} {
		SHLQ(Imm(2), stride)
	}
	bases := rowBases(a, aRow, rows)
	prefetch(t, rows)
	sums := make([][2]reg.VecVirtual, rows)
	for i := range sums {
		sums[i] = [2]reg.VecVirtual{zero(t), zero(t)}
	}
	b0, b1 := t.vector(), t.vector()
	Label("depth")
	VMOVUPS(at(b), b0)
	VMOVUPS(Mem{Base: b, Disp: t.bytes}, b1)
	for i := range rows {
		v := broadcast(t, rowOf(bases, aRow, i))
		multiply(v, b0, sums[i][0])
		multiply(v, b1, sums[i][1])
	}
	for _, p := range bases {
		ADDQ(aCol, p)
	}
	ADDQ(bRow, b)
	DECQ(depth)
	JNZ(LabelRef("depth"))
	store(t, sums)
	next(aRow, rows)
	done()
}

// rowBases holds every third row of A: the two between are reached by index and by index × 2.
func rowBases(a, aRow reg.Register, rows int) []reg.Register {
	bases := []reg.Register{duplicate(a)}
	for len(bases)*3 < rows {
		p := GP64()
		LEAQ(Mem{Base: bases[len(bases)-1], Index: aRow, Scale: 2}, p)
		ADDQ(aRow, p)
		bases = append(bases, p)
	}
	return bases
}

func rowOf(bases []reg.Register, aRow reg.Register, i int) Mem {
	if i%3 == 0 {
		return at(bases[i/3])
	}
	return Mem{Base: bases[i/3], Index: aRow, Scale: uint8(i % 3)}
}

// prefetch asks for C, which the inner product leaves plenty of time to arrive.
func prefetch(t isa, rows int) {
	c, cRow := pointer("c"), pointer("cRow")
	for i := range rows {
		for at := 0; at < 2*t.bytes; at += 64 {
			PREFETCHT0(Mem{Base: c, Disp: at})
		}
		if i < rows-1 {
			LEAQ(Mem{Base: c, Index: cRow, Scale: 4}, c)
		}
	}
}

func store(t isa, sums [][2]reg.VecVirtual) {
	c, cRow, accumulate := pointer("c"), pointer("cRow"), pointer("accumulate")
	SHLQ(Imm(2), cRow)
	CMPQ(accumulate, Imm(0))
	JE(LabelRef("store"))
	from := duplicate(c)
	for _, row := range sums {
		for j, v := range row {
			VADDPS(Mem{Base: from, Disp: j * t.bytes}, v, v)
		}
		ADDQ(cRow, from)
	}
	Label("store")
	for _, row := range sums {
		for j, v := range row {
			VMOVUPS(v, Mem{Base: c, Disp: j * t.bytes})
		}
		ADDQ(cRow, c)
	}
	MOVQ(c, argument("c"))
}

// next begins the tile below; C was moved on when it was stored.
func next(aRow reg.Register, rows int) {
	IMUL3Q(Imm(uint64(rows)), aRow, aRow)
	ADDQ(aRow, argument("a"))
	DECQ(argument("count"))
	JNZ(LabelRef("tile"))
}

// argument is where a parameter lies, which is the function's own to change.
func argument(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}
