package kernel

// SwiGLU computes h = gate·σ(gate)·up, σ(x) = 1/(1+e^−x).
func (s *Set) SwiGLU(h, gate, up []float32) {
	gate, up = gate[:len(h)], up[:len(h)]
	n := s.whole(len(h))
	if n > 0 {
		s.swiGLU(&h[0], &gate[0], &up[0], n)
	}
	swiGLU(h[n:], gate[n:], up[n:])
}

// SwiGLUGrad replaces gate and up by the gradients of [Set.SwiGLU]: dh·up·s·(1+gate·(1−s)) and dh·gate·s, s = σ(gate).
func (s *Set) SwiGLUGrad(dh, gate, up []float32) {
	gate, up = gate[:len(dh)], up[:len(dh)]
	n := s.whole(len(dh))
	if n > 0 {
		s.swiGLUGrad(&dh[0], &gate[0], &up[0], n)
	}
	swiGLUGrad(dh[n:], gate[n:], up[n:])
}

// Add adds x to y.
func (s *Set) Add(y, x []float32) {
	x = x[:len(y)]
	n := s.whole(len(y))
	if n > 0 {
		s.add(&y[0], &x[0], n)
	}
	add(y[n:], x[n:])
}

// Scale multiplies x by factor.
func (s *Set) Scale(x []float32, factor float32) {
	n := s.whole(len(x))
	if n > 0 {
		s.scale(&x[0], n, factor)
	}
	scale(x[n:], factor)
}

// Adam is one update of AdamW (Loshchilov and Hutter, 2019).
type Adam struct {
	Scale        float32 // of the gradient: what clipping leaves of it
	Beta1, Beta2 float32
	Keep         float32 // 1 − learning rate × weight decay
	Rate         float32 // learning rate ÷ (1 − β1^t)
	Correct      float32 // 1 ÷ √(1 − β2^t)
	Eps          float32
}

// AdamW updates the parameters p and the moments m and v in place: with d = Scale·grad, m = β1·(m−d)+d,
// v = β2·(v−d²)+d² and p = Keep·p − Rate·m/(√v·Correct + Eps).
func (s *Set) AdamW(p, grad, m, v []float32, a Adam) {
	grad, m, v = grad[:len(p)], m[:len(p)], v[:len(p)]
	n := s.whole(len(p))
	if n > 0 {
		s.adamW(&p[0], &grad[0], &m[0], &v[0], n, a.Scale, a.Beta1, a.Beta2, a.Keep, a.Rate, a.Correct, a.Eps)
	}
	adamW(p[n:], grad[n:], m[n:], v[n:], a)
}
