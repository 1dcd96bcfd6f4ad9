package kernel

// Softmax replaces x by e^(scale·(x−most)) / sum, most being the largest x and sum the sum of the exponentials; so
// ln Σ e^(scale·x) = scale·most + ln sum. Exponentials below 1e-34 are an exact 0. NaN anywhere makes sum NaN.
func (s *Set) Softmax(x []float32, scale float32) (most, sum float32) {
	if !s.vectors(len(x)) {
		return softmax(x, scale)
	}
	return s.softmax(&x[0], len(x), scale)
}

// SoftmaxGrad replaces dp, the gradient by the shares p, by scale·p·(dp − Σ p·dp), the gradient by what went in.
func (s *Set) SoftmaxGrad(p, dp []float32, scale float32) {
	dp = dp[:len(p)]
	if !s.vectors(len(p)) {
		softmaxGrad(p, dp, scale)
		return
	}
	s.softmaxGrad(&p[0], &dp[0], len(p), scale)
}

// RMSNorm computes y = x·r·gain with r = 1/√(mean x² + eps), and returns r.
func (s *Set) RMSNorm(y, x, gain []float32, eps float32) (inverse float32) {
	n := len(gain)
	y, x = y[:n], x[:n]
	if !s.vectors(n) {
		return rmsNorm(y, x, gain, eps)
	}
	return s.rmsNorm(&y[0], &x[0], &gain[0], n, 1/float32(n), eps)
}

// RMSNormGrad adds the gradients of [Set.RMSNorm] to dx and dgain: dy·x·r to dgain and
// r·gain·dy − x·r³/n·Σ gain·dy·x to dx.
func (s *Set) RMSNormGrad(dx, dy, x, gain, dgain []float32, inverse float32) {
	n := len(gain)
	dx, dy, x, dgain = dx[:n], dy[:n], x[:n], dgain[:n]
	if !s.vectors(n) {
		rmsNormGrad(dx, dy, x, gain, dgain, inverse)
		return
	}
	s.rmsNormGrad(&dx[0], &dy[0], &x[0], &gain[0], &dgain[0], n, inverse, 1/float32(n))
}

// Rope turns the pairs (x[i], x[i+half]), half = len(cos), by the angles whose cosines and sines are given; sign −1
// turns back, which is also the gradient.
func (s *Set) Rope(x, cos, sin []float32, sign float32) {
	half := len(cos)
	x, sin = x[:2*half], sin[:half]
	if !s.vectors(half) {
		rope(x, cos, sin, sign)
		return
	}
	s.rope(&x[0], &cos[0], &sin[0], half, sign)
}

// SumSquares is Σ x².
func (s *Set) SumSquares(x []float32) float32 {
	if !s.vectors(len(x)) {
		return sumSquares(x)
	}
	return s.sumSquares(&x[0], len(x))
}
