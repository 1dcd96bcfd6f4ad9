package kernel

// columns is a block of B as the tiles read it, panel by panel of tileCols columns.
type columns struct {
	data   []float32
	row    int // elements from row to row
	across int // elements from column to column where a panel begins
}

func (c columns) from(j int) columns {
	return columns{data: c.data[j*c.across:], row: c.row, across: c.across}
}

// packed is a block that was packed.
func (s *Set) packed(panels []float32, depth int) columns {
	return columns{data: panels, row: s.tileCols, across: s.elements(depth)}
}

// columns packs depth × cols of b into to, unless tiles can read it where it is about as fast.
func (s *Set) columns(to []float32, b Matrix, m, depth, cols int) columns {
	if s.unit == 1 && b.Col == 1 && cols%s.tileCols == 0 && (m <= fewRows || !crowded(b.Row)) {
		return columns{data: b.Data, row: b.Row, across: 1}
	}
	s.pack(to, b, depth, cols)
	return s.packed(to, depth)
}

// fewRows of A never pay for packing B.
const fewRows = 64

// crowded says that rows so many elements apart begin in few sets of the first cache, where they drive each other out.
func crowded(row int) bool { return row%512 == 0 }

// pack copies depth × cols of b into panels of tileCols columns, each contiguous, of as many rows as depth has elements;
// the last panel is filled up with zeros.
func (s *Set) pack(to []float32, b Matrix, depth, cols int) {
	for j := 0; j < cols; j += s.tileCols {
		s.packPanel(to[j*s.elements(depth):][:s.elements(depth)*s.tileCols], b.from(0, j), depth, min(s.tileCols, cols-j))
	}
}

func (s *Set) packPanel(to []float32, b Matrix, depth, cols int) {
	switch {
	case s.unit == 2:
		s.pairPanel(to, b, depth, cols)
	case cols < s.tileCols:
		packRagged(to, b, depth, cols, s.tileCols)
	case b.Col == 1 && cols == 32:
		for p := range depth {
			*(*[32]float32)(to[p*32:]) = *(*[32]float32)(b.Data[p*b.Row:])
		}
	case b.Col == 1 && cols == 16:
		for p := range depth {
			*(*[16]float32)(to[p*16:]) = *(*[16]float32)(b.Data[p*b.Row:])
		}
	case b.Row == 1 && depth >= 8:
		s.packTransposed(to, b, depth)
	default:
		packRagged(to, b, depth, cols, s.tileCols)
	}
}

// packTransposed packs a full panel of a transposed matrix, 8 × 8 at a time.
func (s *Set) packTransposed(to []float32, b Matrix, depth int) {
	whole := depth - depth%8
	for j := 0; j < s.tileCols; j += 8 {
		s.transpose(&to[j], s.tileCols, &b.Data[j*b.Col], b.Col, whole)
	}
	if whole < depth {
		packRagged(to[whole*s.tileCols:], b.from(whole, 0), depth-whole, s.tileCols, s.tileCols)
	}
}

func packRagged(to []float32, b Matrix, depth, cols, width int) {
	for p := range depth {
		row := to[p*width:][:width]
		for j := range cols {
			row[j] = b.Data[p*b.Row+j*b.Col]
		}
		clear(row[cols:])
	}
}

// rows are m × k of a as the tiles read them beside n columns of B.
func (s *Set) rows(to []float32, a Matrix, m, n, k int) Matrix {
	switch {
	case s.unit == 2:
		return s.pairLeft(to, a, m, k)
	case n > 2*s.tileCols && (a.Col != 1 || crowded(a.Row)):
		return compact(to, a, m, k)
	}
	return a
}

// compact copies m × k of a into to, keeping its orientation, with rows that don't share cache sets.
func compact(to []float32, a Matrix, m, k int) Matrix {
	switch {
	case a.Col == 1:
		stride := k + 16
		for i := range m {
			copy(to[i*stride:i*stride+k], a.Data[i*a.Row:])
		}
		return Rows(to, stride)
	case a.Row == 1:
		for p := range k {
			copy(to[p*rowBlock:p*rowBlock+m], a.Data[p*a.Col:])
		}
		return Matrix{Data: to, Row: 1, Col: rowBlock}
	}
	return a
}
