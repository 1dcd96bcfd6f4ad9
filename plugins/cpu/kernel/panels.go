package kernel

import "fmt"

// Panels is a matrix that was packed once to be the right-hand side of several products: weights once a step, keys once
// a head. The zero value is ready to be packed.
type Panels struct {
	data        []float32
	depth, cols int
	source      Matrix // what the portable path multiplies by
}

// Pack fills p from b, a matrix of k × n; room that p has is used again. The caller must not change b while p is in use,
// and nobody may use p meanwhile.
func (s *Set) Pack(p *Panels, k, n int, b Matrix) {
	b.mustHold("B", k, n)
	p.depth, p.cols, p.source = k, n, b
	if s.lanes == 0 {
		return
	}
	if room := s.elements(k) * s.wide(n); len(p.data) < room {
		p.data = make([]float32, room)
	}
	for d := 0; d < k; d += s.depthBlock() {
		s.pack(p.data[s.elements(d)*s.wide(n):], b.from(d, 0), min(s.depthBlock(), k-d), n)
	}
}

// MatMulPacked is [Set.MatMul] with the first n columns of a packed B of k rows, to the same bits.
func (s *Set) MatMulPacked(m, n int, a Matrix, b *Panels, c []float32, cRow int, accumulate bool) {
	if b.source.Data == nil || n > b.cols {
		panic(fmt.Sprintf("kernel: B has %d × %d elements packed, %d columns are asked for", b.depth, b.cols, n))
	}
	if !checked(m, n, b.depth, a, c, cRow, accumulate) {
		return
	}
	w := s.scratch.Get().(*scratch)
	defer s.scratch.Put(w)
	if s.lanes == 0 {
		w.matMul(m, n, b.depth, a, b.source, c, cRow, accumulate)
		return
	}
	for d := 0; d < b.depth; d += s.depthBlock() {
		depth := min(s.depthBlock(), b.depth-d)
		part := s.packed(b.data[s.elements(d)*s.wide(b.cols):], depth)
		s.block(m, n, depth, a.from(0, d), part, c, cRow, accumulate || d > 0, w)
	}
}

// wide is n rounded up to whole panels.
func (s *Set) wide(n int) int { return (n + s.tileCols - 1) / s.tileCols * s.tileCols }
