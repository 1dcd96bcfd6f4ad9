package surrogate

import "math"

// noise is what replicates say of the spread of single runs, in logs of the target. It may differ from mixture to mixture:
// corners are noisier than centres.
type noise struct {
	pooled  float64 // variance; 0: no replicates
	freedom int
	at      []exposure // of the mixtures with replicates
	sums    []float64  // of squares within them
	counts  []float64  // of degrees of freedom within them
}

// Replicates of other mixtures speak for one by their distance in total variation; reach is that at which their weight is
// down to 0.6, and the pooled variance weighs as much as so many degrees of freedom.
const (
	reach    = 0.15
	pooledBy = 4.0
)

// spreads collects the noise of runs in groups of equal mixtures; values are in logs.
func spreads(groups [][]float64, xs []exposure) noise {
	var n noise
	for g, values := range groups {
		if len(values) < 2 {
			continue
		}
		mean, squares := average(values), 0.0
		for _, v := range values {
			squares += (v - mean) * (v - mean)
		}
		n.at, n.sums, n.counts = append(n.at, xs[g]), append(n.sums, squares), append(n.counts, float64(len(values)-1))
		n.pooled += squares
		n.freedom += len(values) - 1
	}
	if n.freedom > 0 {
		n.pooled /= float64(n.freedom)
	}
	return n
}

// variance of a single run's value at an exposure.
func (n noise) variance(x exposure) float64 {
	sum, weight := pooledBy*n.pooled, pooledBy
	for i, at := range n.at {
		d := apart(x, at)
		w := math.Exp(-d * d / (2 * reach * reach))
		sum += w * n.sums[i]
		weight += w * n.counts[i]
	}
	return sum / weight
}

// apart is the total variation between two runs' exposures, phase by phase.
func apart(a, b exposure) float64 {
	sum := 0.0
	for p, phase := range a.phases {
		for j, w := range phase {
			sum += a.tokens[p] * math.Abs(w-b.phases[p][j]) / 2
		}
	}
	return sum
}

func average(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
