package main

import (
	"encoding/binary"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Instructions of AVX512_BF16, which neither avo nor Go's assembler knows, in the operand order of Go: sources first.

// vdpbf16ps adds to each lane of sum the two products of bf16 pairs of a and b.
func vdpbf16ps(a, b, sum reg.VecVirtual) { evex("VDPBF16PS", 2, 0x52, a, b, sum, sum) }

// vcvtne2ps2bf16 rounds 32 values: those of low to the lower half of to, those of high to the upper one.
func vcvtne2ps2bf16(low, high, to reg.VecVirtual) { evex("VCVTNE2PS2BF16", 3, 0x72, low, high, to) }

// vcvtneps2bf16 rounds the 16 values of from.
func vcvtneps2bf16(from, to reg.VecVirtual) { evex("VCVTNEPS2BF16", 2, 0x72, from, nil, to) }

// evex emits an instruction of map 0F38 with 512-bit operands and the given mandatory prefix (2 is F3, 3 is F2). Its
// registers are known to the allocator; the bytes are put together when all of them are chosen.
func evex(name string, prefix, opcode byte, a, b, to reg.VecVirtual, alsoRead ...operand.Op) {
	i := &ir.Instruction{Opcode: "LONG", ISA: []string{"AVX512_BF16"}, Inputs: append([]operand.Op{a}, alsoRead...), Outputs: []operand.Op{to}}
	if b != nil {
		i.Inputs = append(i.Inputs, b)
	}
	i.Operands = []operand.Op{encoded{Constant: operand.U32(0), name: name, prefix: prefix, opcode: opcode, i: i, second: b != nil}}
	Instruction(i)
}

// encoded prints the bytes of an instruction whose registers are bound.
type encoded struct {
	operand.Constant
	name           string
	prefix, opcode byte
	i              *ir.Instruction
	second         bool
}

// Asm is what follows LONG.
func (e encoded) Asm() string {
	a, to, b, middle := index(e.i.Inputs[0]), index(e.i.Outputs[0]), byte(0), ""
	if e.second {
		last := e.i.Inputs[len(e.i.Inputs)-1]
		b, middle = index(last), ", "+last.Asm()
	}
	code := []byte{
		0x62,
		high(to, 3)<<7 | high(a, 4)<<6 | high(a, 3)<<5 | high(to, 4)<<4 | 2,
		^b&15<<3 | 4 | e.prefix,
		2<<5 | high(b, 4)<<3,
		e.opcode,
		0xc0 | to&7<<3 | a&7,
	}
	return fmt.Sprintf("$0x%08x; WORD $0x%04x // %s %s%s, %s", binary.LittleEndian.Uint32(code), binary.LittleEndian.Uint16(code[4:]),
		e.name, e.i.Inputs[0].Asm(), middle, e.i.Outputs[0].Asm())
}

// high is a bit of a register's number as EVEX wants it, inverted.
func high(register, bit byte) byte { return ^register >> bit & 1 }

func index(op operand.Op) byte { return byte(reg.ToPhysical(op.(reg.Register)).PhysicalIndex()) }
