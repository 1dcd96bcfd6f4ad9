package lm

// Gradients is what the last call of Gradient left.
func (t *Trainer) Gradients() []Tensor { return t.grads[0].tensors(t.Config) }

// Objective is what training minimises on a batch: mean nats plus z-loss.
func (t *Trainer) Objective(rows [][]uint16) (sum float64) {
	wk := t.workers[0]
	for _, row := range rows {
		wk.load([][]uint16{row}, len(row)-1)
		wk.forward()
		wk.nats(func(_ int, nats, logSum float64) { sum += nats + t.ZLoss*logSum*logSum })
	}
	return sum / float64(len(rows)*t.Context)
}
