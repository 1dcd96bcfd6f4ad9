package kernel

// The portable product holds a tile of 2 × 4 in scalars; the compiler keeps no more than that in registers.
const (
	portableRows = 2
	portableCols = 4
)

// matMul is MatMul without assembly.
func (w *scratch) matMul(m, n, k int, a, b Matrix, c []float32, cRow int, accumulate bool) {
	left, right := w.portable((m+1)*k, portableCols*k)
	packLeft(left, a, m, k)
	for j := 0; j < n; j += portableCols {
		cols := min(portableCols, n-j)
		packRagged(right, b.from(0, j), k, cols, portableCols)
		for i := 0; i < m; i += portableRows {
			sums := portableTile(left[i*k:(i+portableRows)*k], right)
			for r := range min(portableRows, m-i) {
				put(c[(i+r)*cRow+j:][:cols], sums[r*portableCols:], accumulate)
			}
		}
	}
}

// packLeft lays pairs of rows side by side, column by column; an odd last row is paired with zeros.
func packLeft(to []float32, a Matrix, m, k int) {
	for i := 0; i < m; i += portableRows {
		pair := to[i*k : (i+portableRows)*k]
		for r := range portableRows {
			for p := range k {
				pair[p*portableRows+r] = 0
				if i+r < m {
					pair[p*portableRows+r] = a.Data[(i+r)*a.Row+p*a.Col]
				}
			}
		}
	}
}

func portableTile(a, b []float32) [portableRows * portableCols]float32 {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	for len(a) >= 2 && len(b) >= 4 {
		x, y := a[0], a[1]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		s00 += x * b0
		s01 += x * b1
		s02 += x * b2
		s03 += x * b3
		s10 += y * b0
		s11 += y * b1
		s12 += y * b2
		s13 += y * b3
		a, b = a[2:], b[4:]
	}
	return [...]float32{s00, s01, s02, s03, s10, s11, s12, s13}
}

// portable is room for both packed operands, kept from call to call.
func (w *scratch) portable(left, right int) (a, b []float32) {
	if len(w.a) < left {
		w.a = make([]float32, left)
	}
	if len(w.b) < right {
		w.b = make([]float32, right)
	}
	return w.a, w.b[:right]
}
