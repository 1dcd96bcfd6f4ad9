package kernel

import "fmt"

// Panels is a matrix that was packed once to be the right-hand side of many products: weights, once a step.
type Panels struct {
	data        []float32
	depth, cols int
	source      Matrix // what the portable path multiplies by
}

// NewPanels makes room for a matrix of k × n.
func (s *Set) NewPanels(k, n int) *Panels {
	p := &Panels{depth: k, cols: n}
	if s.lanes > 0 {
		p.data = make([]float32, k*s.wide(n))
	}
	return p
}

// Pack fills p from b. The caller must not change b while p is in use, and nobody may use p meanwhile.
func (s *Set) Pack(p *Panels, b Matrix) {
	b.mustHold("B", p.depth, p.cols)
	p.source = b
	if s.lanes == 0 {
		return
	}
	for d := 0; d < p.depth; d += depthBlock {
		s.pack(p.data[d*s.wide(p.cols):], b.from(d, 0), min(depthBlock, p.depth-d), p.cols)
	}
}

// MatMulPacked is [Set.MatMul] with a packed B, to the same bits.
func (s *Set) MatMulPacked(m int, a Matrix, b *Panels, c []float32, cRow int, accumulate bool) {
	if b.source.Data == nil {
		panic(fmt.Sprintf("kernel: panels of %d × %d were never packed", b.depth, b.cols))
	}
	if !checked(m, b.cols, b.depth, a, c, cRow, accumulate) {
		return
	}
	w := s.scratch.Get().(*scratch)
	defer s.scratch.Put(w)
	if s.lanes == 0 {
		w.matMul(m, b.cols, b.depth, a, b.source, c, cRow, accumulate)
		return
	}
	for d := 0; d < b.depth; d += depthBlock {
		depth := min(depthBlock, b.depth-d)
		s.block(m, b.cols, depth, a.from(0, d), s.packed(b.data[d*s.wide(b.cols):], depth), c, cRow, accumulate || d > 0, w)
	}
}

// wide is n rounded up to whole panels.
func (s *Set) wide(n int) int { return (n + s.tileCols - 1) / s.tileCols * s.tileCols }
