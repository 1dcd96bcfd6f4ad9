package kernel

import "fmt"

// Matrix is a strided view: element (i, j) is Data[i·Row + j·Col].
type Matrix struct {
	Data     []float32
	Row, Col int
}

// Rows is the view of row-major data whose rows are stride elements apart.
func Rows(data []float32, stride int) Matrix { return Matrix{Data: data, Row: stride, Col: 1} }

// T is the transposed view of the same data.
func (m Matrix) T() Matrix { return Matrix{Data: m.Data, Row: m.Col, Col: m.Row} }

func (m Matrix) from(i, j int) Matrix {
	return Matrix{Data: m.Data[i*m.Row+j*m.Col:], Row: m.Row, Col: m.Col}
}

// mustHold panics unless rows × cols elements are there: assembly that reads past its end kills the process.
func (m Matrix) mustHold(name string, rows, cols int) {
	if last := (rows-1)*m.Row + (cols-1)*m.Col; m.Row < 0 || m.Col < 0 || last >= len(m.Data) {
		panic(fmt.Sprintf("kernel: %s of %d × %d elements needs %d values, has %d", name, rows, cols, last+1, len(m.Data)))
	}
}
