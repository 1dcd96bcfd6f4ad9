package kernel

import "math"

// BF16 is s with matrix products that round both operands to bf16 and add the products up in fp32, two at a time; all
// else is s's. It is nil where the processor has no instruction for that (AVX512_BF16).
func (s *Set) BF16() *Set {
	if s.isa != AVX512 || !hasBF16() {
		return nil
	}
	rounding := newSet(s.isa)
	rounding.unit = 2
	rounding.fillBF16()
	return rounding
}

// pairLeft rounds m × k of a and lays neighbours along k side by side, in a's orientation.
func (s *Set) pairLeft(to []float32, a Matrix, m, k int) Matrix {
	if a.Row == 1 && a.Col != 1 {
		pairs := Matrix{Data: to, Row: 1, Col: rowBlock}
		s.pairUp(pairs.T(), a.T(), k, m)
		return pairs
	}
	pairs := Rows(to, s.elements(k)+16)
	whole := 0
	if a.Col == 1 {
		whole = k - k%32
	}
	if whole > 0 {
		s.pairColumns(&to[0], pairs.Row, &a.Data[0], a.Row, m, whole/2)
	}
	if whole < k {
		pairUp(pairs.from(0, whole/2).T(), a.from(0, whole).T(), k-whole, m)
	}
	return pairs
}

// pairPanel rounds depth × cols of b, a panel, and lays neighbours of a column side by side.
func (s *Set) pairPanel(to []float32, b Matrix, depth, cols int) {
	panel := Rows(to, s.tileCols)
	switch {
	case cols < s.tileCols:
		clear(to)
		pairUp(panel, b, depth, cols)
	case b.Row == 1 && b.Col != 1:
		s.pairTurned(panel, b, depth)
	default:
		s.pairUp(panel, b, depth, cols)
	}
}

// pairTurned is pairPanel of a transposed matrix, 8 × 8 elements at a time.
func (s *Set) pairTurned(to, b Matrix, depth int) {
	whole := depth - depth%16
	for j := 0; j < s.tileCols && whole > 0; j += 8 {
		s.pairTransposed(&to.Data[j], to.Row, &b.Data[j*b.Col], b.Col, whole/2)
	}
	if whole < depth {
		pairUp(to.from(whole/2, 0), b.from(whole, 0), depth-whole, s.tileCols)
	}
}

// pairUp is the function of that name, by assembly where rows are contiguous.
func (s *Set) pairUp(to, from Matrix, k, n int) {
	whole := 0
	if from.Col == 1 && k > 1 {
		whole = s.whole(n)
	}
	if whole > 0 {
		s.pairRows(&to.Data[0], to.Row, &from.Data[0], from.Row, k/2, whole)
	}
	if whole < n {
		pairUp(to.from(0, whole), from.from(0, whole), k, n-whole)
	}
	if whole > 0 && k%2 == 1 {
		pairUp(to.from(k/2, 0), from.from(k-1, 0), 1, whole)
	}
}

// pairUp rounds k × n values and lays neighbours of a column side by side; an odd last one has a zero beside it.
func pairUp(to, from Matrix, k, n int) {
	for p := 0; p < k; p += 2 {
		for j := range n {
			second := float32(0)
			if p+1 < k {
				second = from.Data[(p+1)*from.Row+j*from.Col]
			}
			to.Data[p/2*to.Row+j*to.Col] = pair(from.Data[p*from.Row+j*from.Col], second)
		}
	}
}

// pair has two bf16 values in its bits, the first in the lower half.
func pair(first, second float32) float32 {
	return math.Float32frombits(round(first) | round(second)<<16)
}

// round is the nearest bf16, of two the even one; like the processor it takes a denormal for 0 and makes NaN quiet.
func round(x float32) uint32 {
	bits := math.Float32bits(x)
	switch {
	case x != x:
		return bits>>16 | 0x40
	case bits<<1 < 0x01000000:
		return bits >> 16 & 0x8000
	}
	return (bits + 0x7fff + bits>>16&1) >> 16
}
