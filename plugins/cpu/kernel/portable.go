package kernel

import "math"

// exp is e^x with the assembly's polynomial: clamped to [-87, 88], NaN stays NaN.
func exp(x float32) float32 {
	if x != x {
		return x
	}
	x = min(max(x, -87), 88)
	n := float32(math.RoundToEven(float64(x * math.Log2E)))
	x = x - n*0.693359375 + n*2.12194440e-4
	p := float32(1.9875691500e-4)
	p = p*x + 1.3981999507e-3
	p = p*x + 8.3334519073e-3
	p = p*x + 4.1665795894e-2
	p = p*x + 1.6666665459e-1
	p = p*x + 5.0000001201e-1
	p = p*x*x + x + 1
	return math.Float32frombits(math.Float32bits(p) + uint32(int32(n))<<23)
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func softmax(x []float32, scale float32) (most, sum float32) {
	if len(x) == 0 {
		return float32(math.Inf(-1)), 0
	}
	most = x[0]
	for _, v := range x {
		most = max(most, v)
	}
	for i, v := range x {
		x[i] = max(0, exp((v-most)*scale)-1e-34)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
	return most, sum
}

func softmaxGrad(p, dp []float32, scale float32) {
	var sum float32
	for i, v := range p {
		sum += v * dp[i]
	}
	for i, v := range p {
		dp[i] = v * scale * (dp[i] - sum)
	}
}

func rmsNorm(y, x, gain []float32, eps float32) float32 {
	inverse := 1 / sqrt(sumSquares(x)/float32(len(x))+eps)
	for i, v := range x {
		y[i] = v * inverse * gain[i]
	}
	return inverse
}

func rmsNormGrad(dx, dy, x, gain, dgain []float32, inverse float32) {
	var sum float32
	for i := range x {
		sum += dy[i] * gain[i] * x[i]
	}
	pull := sum / float32(len(x)) * inverse * inverse
	for i := range x {
		dgain[i] += dy[i] * x[i] * inverse
		dx[i] += inverse*gain[i]*dy[i] - pull*x[i]*inverse
	}
}

func rope(x, cos, sin []float32, sign float32) {
	half := len(cos)
	for i := range half {
		a, b, s := x[i], x[i+half], sin[i]*sign
		x[i], x[i+half] = a*cos[i]-b*s, b*cos[i]+a*s
	}
}

func sumSquares(x []float32) (sum float32) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}

func swiGLU(h, gate, up []float32) {
	for i, v := range gate {
		h[i] = v / (1 + exp(-v)) * up[i]
	}
}

func swiGLUGrad(dh, gate, up []float32) {
	for i, v := range gate {
		s := 1 / (1 + exp(-v))
		gate[i] = dh[i] * up[i] * s * (1 + v*(1-s))
		up[i] = dh[i] * v * s
	}
}

func add(y, x []float32) {
	for i, v := range x {
		y[i] += v
	}
}

func scale(x []float32, factor float32) {
	for i := range x {
		x[i] *= factor
	}
}

func adamW(p, grad, m, v []float32, a Adam) {
	for i := range p {
		d := grad[i] * a.Scale
		m[i] = a.Beta1*(m[i]-d) + d
		v[i] = a.Beta2*(v[i]-d*d) + d*d
		p[i] = p[i]*a.Keep - a.Rate*m[i]/(sqrt(v[i])*a.Correct+a.Eps)
	}
}
