package kernel

// Sizes of the blocks of a matrix product, in elements: a panel of B stays in the first cache, a block of A in the second.
const (
	depthBlock  = 256
	columnBlock = 512
	rowBlock    = 96 // a multiple of every tile's rows
	maxTile     = 12 * 32
)

// scratch is the working memory of one matrix product.
type scratch struct{ a, b, c []float32 }

func newScratch() *scratch {
	return &scratch{
		a: make([]float32, rowBlock*(depthBlock+16)),
		b: make([]float32, depthBlock*columnBlock),
		c: make([]float32, maxTile),
	}
}

// MatMul computes C[i,j] = (accumulate ? C[i,j] : 0) + Σ_p A[i,p] B[p,j] for C of m × n, A of m × k and B of k × n.
// C is row-major with cRow elements from row to row and must not overlap A or B. The sum runs over p in order, so an
// element of C has the same bits whatever other rows and columns are computed with it.
func (s *Set) MatMul(m, n, k int, a, b Matrix, c []float32, cRow int, accumulate bool) {
	if !checked(m, n, k, a, c, cRow, accumulate) {
		return
	}
	b.mustHold("B", k, n)
	w := s.scratch.Get().(*scratch)
	defer s.scratch.Put(w)
	if s.lanes == 0 {
		w.matMul(m, n, k, a, b, c, cRow, accumulate)
		return
	}
	for j := 0; j < n; j += columnBlock {
		cols := min(columnBlock, n-j)
		for p := 0; p < k; p += s.depthBlock() {
			depth := min(s.depthBlock(), k-p)
			part := s.columns(w.b, b.from(p, j), m, depth, cols)
			s.block(m, cols, depth, a.from(0, p), part, c[j:], cRow, accumulate || p > 0, w)
		}
	}
}

// checked panics on operands that are too short and settles products without a term; it says whether work is left.
func checked(m, n, k int, a Matrix, c []float32, cRow int, accumulate bool) bool {
	if m <= 0 || n <= 0 {
		return false
	}
	Rows(c, cRow).mustHold("C", m, n)
	if k > 0 {
		a.mustHold("A", m, k)
		return true
	}
	for i := 0; i < m && !accumulate; i++ {
		clear(c[i*cRow : i*cRow+n])
	}
	return false
}

// block multiplies m × depth of A by a block of B.
func (s *Set) block(m, n, depth int, a Matrix, b columns, c []float32, cRow int, accumulate bool, w *scratch) {
	for i := 0; i < m; i += rowBlock {
		rows := min(rowBlock, m-i)
		part := s.rows(w.a, a.from(i, 0), rows, n, depth)
		for j := 0; j < n; j += s.tileCols {
			s.strip(rows, min(s.tileCols, n-j), s.elements(depth), part, b.from(j), c[i*cRow+j:], cRow, accumulate, w)
		}
	}
}

// strip multiplies rows of A by one panel of B, its first.
func (s *Set) strip(rows, cols, depth int, a Matrix, b columns, c []float32, cRow int, accumulate bool, w *scratch) {
	if cols < s.tileCols {
		s.narrow(rows, cols, depth, a, b, c, cRow, accumulate, w)
		return
	}
	whole := rows - rows%s.tileRows
	if whole > 0 {
		s.tiles[s.tileRows](&a.Data[0], a.Row, a.Col, &b.data[0], b.row, &c[0], cRow, depth, flag(accumulate), whole/s.tileRows)
	}
	if whole < rows {
		s.tiles[rows-whole](&a.Data[whole*a.Row], a.Row, a.Col, &b.data[0], b.row, &c[whole*cRow], cRow, depth, flag(accumulate), 1)
	}
}

// narrow is strip for the last panel, whose tiles are wider than what is left of C.
func (s *Set) narrow(rows, cols, depth int, a Matrix, b columns, c []float32, cRow int, accumulate bool, w *scratch) {
	for i := 0; i < rows; i += s.tileRows {
		h := min(s.tileRows, rows-i)
		s.tiles[h](&a.Data[i*a.Row], a.Row, a.Col, &b.data[0], b.row, &w.c[0], s.tileCols, depth, 0, 1)
		for r := range h {
			put(c[(i+r)*cRow:][:cols], w.c[r*s.tileCols:], accumulate)
		}
	}
}

// depthBlock is how many values of a sum are taken at a time.
func (s *Set) depthBlock() int { return depthBlock * s.unit }

// elements is how many elements a packed operand has for so many values of a sum.
func (s *Set) elements(depth int) int { return (depth + s.unit - 1) / s.unit }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func put(to, from []float32, accumulate bool) {
	if !accumulate {
		copy(to, from)
		return
	}
	for i := range to {
		to[i] += from[i]
	}
}
