package kernel

// TileProduct is the inner product alone, on operands that stay in the first cache: as fast as this processor multiplies
// and adds, within a few percent. It returns the floating point operations of one call; the portable set has no such
// call, nil.
func (s *Set) TileProduct() (call func(), operations float64) {
	if s.lanes == 0 {
		return nil, 0
	}
	const depth = 128
	a, b, c := make([]float32, s.tileRows*depth), make([]float32, depth*s.tileCols), make([]float32, s.tileRows*s.tileCols)
	return func() {
		s.tiles[s.tileRows](&a[0], 1, s.tileRows, &b[0], s.tileCols, &c[0], s.tileCols, depth, 0, 1)
	}, 2 * float64(s.tileRows*s.tileCols*depth*s.unit)
}
