package card

// Matrix is cells beside the arms' lines, in their order, drawn where a card has no chart.
type Matrix struct {
	Heads []string // of the columns
	Rows  [][]Cell
}

// Cell is a value on a ground; one of strength 0 has none.
type Cell struct {
	Text     string
	Ink      Ink
	Strength float64
}

// matrix draws cells on the lines that arms have.
func (s *sheet) matrix(m *Matrix) {
	if len(m.Heads) == 0 {
		return
	}
	wide := (right - split) / float64(len(m.Heads))
	for k, head := range m.Heads {
		end := split + float64(k+1)*wide - 8
		s.textEnd(end, bodyTop+26, 19, ink3, s.cut(head, 19, wide-12))
	}
	shown := len(m.Rows)
	if shown > mostLines {
		shown = mostLines - 1 // the last line says how many more there are
	}
	for i, row := range m.Rows[:shown] {
		y := bodyTop + 72 + 44*float64(i)
		for k, c := range row {
			x := split + float64(k)*wide
			if c.Strength > 0 {
				s.fill(tint(c.Ink.colour(), c.Strength), rect(x+1, y-31, x+wide-1, y+11))
			}
			if s.width(c.Text, 21) < wide-10 {
				s.textEnd(x+wide-8, y, 21, ink, c.Text)
			}
		}
	}
}
