package spec

// Parameters is the size of the dense transformer that a model's shape describes.
func Parameters(m Model) int64 {
	v, d, f, l := int64(m.Vocab), int64(m.Width), int64(m.FFN), int64(m.Layers)
	head := d / int64(max(1, m.Heads))
	n := v*d + l*(2*d*d+2*d*head*int64(m.KVHeads)+3*d*f+2*d) + d
	if !m.Tied {
		n += v * d
	}
	if m.QKNorm {
		n += 2 * l * head
	}
	return n
}

// FLOPsPerToken is the arithmetic of training on one token: 6 for each parameter (two forward, four backward), and for
// causal attention over T = row_tokens, whose queries see (T+1)/2 keys on average, 6·layers·width·(T+1).
func FLOPsPerToken(s *Spec) float64 {
	return 6*float64(Parameters(s.Model)) + 6*float64(s.Model.Layers)*float64(s.Model.Width)*float64(s.RowTokens+1)
}
