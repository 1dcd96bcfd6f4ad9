package decision

import (
	"math"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

// Price is what a point of one metric costs in points of another, from the recommended mixture: what the second gets worse by,
// at least, for each unit that the first gets better by, where what the objective makes of its other metrics gets no worse.
type Price struct {
	Of, In string
	Gain   float64   // the step that it is taken over, in units of Of; 0: nothing within reach is better in Of at that, or see Held
	Held   bool      // what is better in Of makes the objective's other metrics worse: there is no price in In alone
	Cost   Interval  // NaN where Gain is 0
	Run    table.Run // the mixture at the end of that step
}

// Why says why there is no price; empty where there is one.
func (p Price) Why() ablation.Label {
	switch {
	case p.Gain > 0:
		return ablation.Label{}
	case p.Held:
		return ablation.Said("what is better in %s makes other metrics of the objective worse: it has no price in %s alone",
			"%[1]s がよくなる配合では、目的のほかの指標が悪くなり、%[2]s だけで払う値段はありません", p.Of, p.In)
	}
	return ablation.Said("no mixture within reach is better in %s, whatever that may cost of %s", "%s がよりよい配合は手の届く範囲にありません（%s をいくら犠牲にしても）", p.Of, p.In)
}

// mostPriced is of how many metrics of an objective all prices are made.
const mostPriced = 4

// prices are those of each two metrics of the objective, where these are few, and of Japanese in English and back wherever
// both were measured. Where there are none, it is said why.
func (e *engine) prices(d *Decision) {
	var own []string
	for k, w := range e.weights {
		if w != 0 {
			own = append(own, e.fit.Table.Metrics[k])
		}
	}
	var pairs [][2]string
	for _, names := range [][]string{own, e.spoken()} {
		for _, of := range names {
			for _, in := range names {
				if pair := [2]string{of, in}; of != in && len(names) <= mostPriced && !slices.Contains(pairs, pair) {
					pairs = append(pairs, pair)
				}
			}
		}
	}
	if d.NoPrices = e.unpriced(own, pairs, d.flat()); d.NoPrices != (ablation.Label{}) {
		return
	}
	for _, p := range pairs {
		d.Prices = append(d.Prices, e.price(d, p[0], p[1]))
	}
}

// unpriced says why nothing has a price; empty where something may.
func (e *engine) unpriced(own []string, pairs [][2]string, flat bool) ablation.Label {
	switch {
	case flat:
		return ablation.Said("nothing has a price: the objective is the same in every mixture", "目的の値がどの配合でも同じなので、値段はありません")
	case len(pairs) > 0:
		return ablation.Label{}
	case len(own) > mostPriced:
		return ablation.Said("nothing has a price: the objective is of %d metrics, prices are told of %d metrics at most", "目的の指標が %d 個あります。値段を示すのは %d 個までです", len(own), mostPriced)
	}
	return ablation.Said("nothing has a price: only %s is decided by, and there is nothing to pay in", "値段はありません。%s だけで判断していて、引き換えにする指標がありません", strings.Join(own, ", "))
}

// spoken are one metric of Japanese text and one of English, by their names: of the objective rather than others, of what falls
// rather than what rises. Nil where there aren't both.
func (e *engine) spoken() []string {
	var out []string
	for _, lang := range []string{"ja", "en"} {
		best, rank := "", 4
		for k, name := range e.fit.Table.Metrics {
			if table.Lang(name) != lang {
				continue
			}
			at := 0
			if e.weights[k] == 0 {
				at += 2
			}
			if e.fit.Rising(name) {
				at++
			}
			if at < rank {
				best, rank = name, at
			}
		}
		if best != "" {
			out = append(out, best)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// A price is taken over priceStep of what lies between the best of both metrics. Whoever gets no farther than half of it has no
// price; what the objective's other metrics may lose beside that, in its spread, is priceSlack. Falling short costs priceForce by its square, for climbs
// end at edges that are sharp.
const (
	priceStep  = 0.1
	priceSlack = 0.02
	priceForce = 200.0
)

// bargain is a step from the recommended mixture that makes one metric better for another.
type bargain struct {
	plane
	e    *engine
	here []float64
	step float64 // of the first metric
	size point   // of both metrics, between the best of each
	rest float64 // spread of what the objective makes of the others
}

func (e *engine) price(d *Decision, of, in string) Price {
	out := Price{Of: of, In: in, Cost: Interval{math.NaN(), math.NaN(), math.NaN()}}
	b := bargain{plane: e.plane(of, in), e: e, here: e.fit.Means([]table.Run{d.Run})[0]}
	pool, means := e.pool()
	at := undominated(means, b.kx, b.ky, b.sx, b.sy)
	first, last := b.of(means[at[0]]), b.of(means[at[len(at)-1]])
	b.size = point{last.x - first.x, first.y - last.y}
	if b.size.x <= 0 || b.size.y <= 0 {
		out.Held = b.betters(means)
		return out
	}
	b.step = priceStep * b.size.x
	b.spread(means)
	end := b.end(d.Run, pool, means)
	gain, lost := b.gain(e.fit.Means([]table.Run{end})[0])
	if gain < b.step/2 || lost > priceSlack*b.rest {
		out.Held = b.betters(means)
		return out
	}
	drawn := e.fit.Draw([]table.Run{d.Run, end}, draws, e.options.Seed)
	costs := make([]float64, draws)
	for s := range costs {
		here, there := b.drawn(drawn, s, 0), b.drawn(drawn, s, 1)
		costs[s] = (there.y - here.y) / max(gain/10, here.x-there.x) // what is gained is no surer than what it costs
	}
	out.Gain, out.Cost, out.Run = gain, interval(costs), end
	mean := (b.of(e.fit.Means([]table.Run{end})[0]).y - b.of(b.here).y) / gain
	out.Cost = Interval{mean, min(out.Cost.Low, mean), max(out.Cost.Top, mean)}
	return out
}

// betters reports whether some mixture is clearly better in the first metric, whatever it costs of any other.
func (b *bargain) betters(means [][]float64) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for _, m := range means {
		low, high = min(low, b.of(m).x), max(high, b.of(m).x)
	}
	return b.of(b.here).x-low > priceStep/2*(high-low)
}

// end is the mixture at the end of the step: climbs begin at the recommended one and at that of the pool which comes nearest.
func (b *bargain) end(from table.Run, pool []table.Run, means [][]float64) table.Run {
	near, least := from, b.worth(b.here)
	for i, m := range means {
		if v := b.worth(m); v < least {
			near, least = pool[i], v
		}
	}
	value := func(runs []table.Run) []float64 {
		values := make([]float64, len(runs))
		for i, m := range b.e.fit.Means(runs) {
			values[i] = b.worth(m)
		}
		return values
	}
	one, other := b.e.walk().climb(from, value), b.e.walk().climb(near, value)
	if v := value([]table.Run{one, other}); v[0] < v[1] {
		return one
	}
	return other
}

// spread sets how far the objective's other metrics go over the pool.
func (b *bargain) spread(means [][]float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, m := range means {
		v := b.others(m)
		low, high = min(low, v), max(high, v)
	}
	b.rest = high - low
}

// others is what the objective makes of the other metrics.
func (b *bargain) others(values []float64) float64 {
	sum := 0.0
	for k, w := range b.e.weights {
		if k != b.kx && k != b.ky && w != 0 {
			sum += w * values[k]
		}
	}
	return sum
}

// gain is what the first metric gets better by, and what the others lose.
func (b *bargain) gain(values []float64) (gain, lost float64) {
	return b.of(b.here).x - b.of(values).x, b.others(values) - b.others(b.here)
}

// worth is the loss of the second metric, in its size, with what it takes from the bargain to fall short of the step or to cost
// the others anything.
func (b *bargain) worth(values []float64) float64 {
	gain, lost := b.gain(values)
	short := max(0, b.step-gain) / b.size.x
	v := (b.of(values).y-b.of(b.here).y)/b.size.y + priceForce*short*short
	if b.rest > 0 {
		short = max(0, lost) / b.rest
		v += priceForce * short * short
	}
	return v
}
