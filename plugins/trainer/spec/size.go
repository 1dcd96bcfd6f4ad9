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

// FLOPsPerToken is the arithmetic of training on one token: 6 for each parameter that is trained (two forward, four backward), 4 for
// each that LoRA leaves still, whose gradient nobody asks for, and for causal attention over T = row_tokens, whose queries see
// (T+1)/2 keys on average, 6·layers·width·(T+1).
func FLOPsPerToken(s *Spec) float64 {
	still := 0.0
	if s.Tune != nil && s.Tune.LoRA != nil {
		still = 4 * float64(Parameters(s.Model))
	}
	return 6*float64(Trainable(s)) + still + 6*float64(s.Model.Layers)*float64(s.Model.Width)*float64(s.RowTokens+1)
}
