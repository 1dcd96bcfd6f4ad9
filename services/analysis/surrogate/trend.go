package surrogate

// trend is a model with parameters, on scales where a normal prior makes sense. A guided process corrects it.
type trend interface {
	size() int
	// at is the value at an exposure; it writes the gradient.
	at(theta []float64, x exposure, grad []float64) float64
}

// flat is a constant.
type flat struct{}

func (flat) size() int { return 1 }

func (flat) at(theta []float64, _ exposure, grad []float64) float64 {
	grad[0] = 1
	return theta[0]
}
