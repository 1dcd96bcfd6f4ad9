package surrogate

import "math"

// law is the effective-data power law of one metric, with its parameters on scales where a normal prior makes sense:
//
//	log L = log(exp(e) + exp(k) S^-b),   S = d0 + Σ_j a_j x_j^g
//
// x_j is the exposure to source j; with several phases it is Σ_p τ_p w_pj, where τ_p ∝ share_p exp(ρ p) weighs late
// phases. Where runs differ in parameters or tokens, the law is multiplicative over them,
//
//	log L = log(exp(e) + (ω N^-α + (1 − ω) D^-β) (exp(c) + exp(k) S^-b))
//
// with N and D beside the reference's, and ω 1 or 0 where only one of them varies. The parameters are log a_j, log g,
// log b, log d0, e, k, then ρ, then c, log α, log β and the logit of ω, those that there are.
type law struct {
	sources          int
	recency          bool
	variesN, variesD bool
}

// Places of the parameters that follow the sources' own.
const (
	atG = iota
	atB
	atD
	atE
	atK
	atRest
)

func newLaw(s space) law {
	return law{sources: s.sources, recency: s.phases > 1, variesN: s.variesN, variesD: s.variesD}
}

func (l law) size() int {
	n := l.sources + atRest
	if l.recency {
		n++
	}
	return n + len(l.scales())
}

// scales names the parameters of size, in order.
func (l law) scales() []byte {
	switch {
	case l.variesN && l.variesD:
		return []byte("cabo")
	case l.variesN:
		return []byte("ca")
	case l.variesD:
		return []byte("cb")
	}
	return nil
}

// at implements trend.
func (l law) at(theta []float64, x exposure, grad []float64) float64 {
	m := l.sources
	g, b, d0 := math.Exp(theta[m+atG]), math.Exp(theta[m+atB]), math.Exp(theta[m+atD])
	clear(grad)
	s, logs, moved := l.effective(theta, x, g, grad)
	s += d0
	ls := math.Log(s)
	power, floor := math.Exp(theta[m+atK]-b*ls), math.Exp(theta[m+atE])
	scale, base := l.scale(theta, x, grad, power)
	value := floor + scale*(base+power)
	c := -b * scale * power / value / s
	for j := range m {
		grad[j] *= c
	}
	for k := m + atRest; k < len(grad); k++ {
		grad[k] /= value
	}
	grad[m+atG] = c * g * logs
	grad[m+atB] = -b * ls * scale * power / value
	grad[m+atD] = c * d0
	grad[m+atE] = floor / value
	grad[m+atK] = scale * power / value
	if l.recency {
		grad[m+atRest] = c * g * moved
	}
	return math.Log(value)
}

// effective is Σ a_j x_j^g; its terms are written to grad. logs is the sum of the terms times log x_j, moved of the terms
// times the slope of log x_j by ρ.
func (l law) effective(theta []float64, x exposure, g float64, grad []float64) (sum, logs, moved float64) {
	tau, mean := l.weights(theta, x)
	for j := range l.sources {
		w, dw := 0.0, 0.0
		for p, phase := range x.phases {
			w += tau[p] * phase[j]
			dw += tau[p] * (float64(p) - mean) * phase[j]
		}
		if w <= 0 {
			continue
		}
		lw := math.Log(w)
		t := math.Exp(theta[j] + g*lw)
		grad[j] = t
		sum += t
		logs += t * lw
		moved += t * dw / w
	}
	return sum, logs, moved
}

// weights are the phases' weights and their mean place.
func (l law) weights(theta []float64, x exposure) (tau []float64, mean float64) {
	if !l.recency {
		return x.tokens, 0
	}
	tau = make([]float64, len(x.tokens))
	sum := 0.0
	for p, share := range x.tokens {
		tau[p] = share * math.Exp(theta[l.sources+atRest]*float64(p))
		sum += tau[p]
	}
	for p := range tau {
		tau[p] /= sum
		mean += tau[p] * float64(p)
	}
	return tau, mean
}

// scale is what size makes of the loss above its floor, and the part of that which no mixture moves. It writes the slopes
// of the value by the parameters of size, to be divided by the value.
func (l law) scale(theta []float64, x exposure, grad []float64, power float64) (scale, base float64) {
	names := l.scales()
	if names == nil {
		return 1, 0
	}
	at := len(theta) - len(names)
	base = math.Exp(theta[at])
	above := base + power
	n, d, omega := 0.0, 0.0, 1.0
	if l.variesN {
		alpha := math.Exp(theta[at+1])
		n = math.Exp(-alpha * x.n)
		grad[at+1] = -alpha * x.n * n * above
	}
	if l.variesD {
		place := at + len(names) - 1
		if l.variesN {
			place--
		} else {
			omega = 0
		}
		beta := math.Exp(theta[place])
		d = math.Exp(-beta * x.d)
		grad[place] = -beta * x.d * d * above
	}
	if l.variesN && l.variesD {
		omega = 1 / (1 + math.Exp(-theta[at+3]))
		grad[at+1] *= omega
		grad[at+2] *= 1 - omega
		grad[at+3] = omega * (1 - omega) * (n - d) * above
	}
	scale = omega*n + (1-omega)*d
	grad[at] = scale * base
	return scale, base
}
