package httpd

import (
	"fmt"
	"maps"
	"net/url"

	"github.com/haigo-lab/haigo/services/analysis/decision"
)

// recommendation is what to take, and everything beside it.
type recommendation struct {
	Goal       string // the objective in words
	Phases     []recoPhase
	Says       []string
	Verdict    []string // whether it beats the best that was run
	Caveats    []caveat
	Metrics    []metricHead
	Candidates []candidate
	Epochs     bool // whether any are known
	Front      *figure
	Responses  []figure
	Ternary    *figure
	Prices     []string
	NoPrices   string // why there are none
	Powers     []string
}

type recoPhase struct {
	Name  string // empty: there is one
	Parts []recoPart
}

// recoPart is a source's share, and from where to where mixtures can't be told from the recommended one.
type recoPart struct {
	Name, Lang string
	Share      float64
	Low, Top   float64
	From       float64 // where its part of the bar begins
}

func (p decisionPage) recommend() *recommendation {
	o := p.outlook
	r := &recommendation{Goal: p.goal(), Phases: p.phases(), Caveats: p.caveats(), Epochs: o.Epochs != nil}
	for _, t := range p.shownMetrics() {
		r.Metrics = append(r.Metrics, p.head(t.Metric))
	}
	if len(r.Metrics) > 0 {
		r.Says = append(r.Says, p.expected())
	}
	r.Candidates = p.candidates()
	for _, b := range o.Baselines {
		if b.Name == decision.BaselineBestSeen {
			r.Verdict = p.verdict(b)
		}
	}
	if len(o.Fit.Table.Sources)*len(o.AsGood) <= 2*wordsMost {
		r.Says = append(r.Says, p.optimum(), p.alike())
	}
	r.Says = append(r.Says, p.near())
	r.Prices, r.NoPrices = p.prices(), o.NoPrices.In(p.words.lang)
	r.Powers = p.powers()
	p.draw(r)
	return r
}

func (p decisionPage) phases() []recoPhase {
	var out []recoPhase
	ends := p.phaseEnds()
	for i, shares := range p.outlook.Run.Shares {
		phase, from := recoPhase{}, 0.0
		if len(ends) > 1 {
			start := 0.0
			if i > 0 {
				start = ends[i-1]
			}
			phase.Name = p.words.text("dec.phase", "a", percent(start, 0), "b", percent(ends[i], 0))
		}
		order := largest(shares)
		if len(shares) <= wordsMost {
			order = make([]int, len(shares))
			for j := range order {
				order[j] = j
			}
		}
		for _, j := range order {
			w, r := shares[j], p.outlook.AsGood[i][j]
			phase.Parts = append(phase.Parts, recoPart{Name: p.outlook.Fit.Table.Sources[j], Lang: p.langOf(j), Share: w, Low: r.Low, Top: r.Top, From: from})
			from += w
		}
		out = append(out, phase)
	}
	return out
}

// phaseEnds are where phases end, as fractions of the run.
func (m *decisionMaterial) phaseEnds() []float64 {
	ends, sum := make([]float64, len(m.Shares)), 0.0
	for i, s := range m.Shares {
		sum += s
		ends[i] = sum
	}
	return ends
}

// aimed is a query with the aim that the page is about.
func (p decisionPage) aimed(q url.Values) url.Values {
	maps.Copy(q, aim{p.Aim}.values())
	return q
}

// draw places the figures that the decision has points for.
func (p decisionPage) draw(r *recommendation) {
	place := func(id, kind string, q url.Values) figure {
		f := newFigure(id, sweepURL(p.Sweep.Name), kind, p.aimed(q))
		f.Caption, f.Size = true, "mid"
		return f
	}
	if p.outlook.Front != nil {
		f := place("front", "front", url.Values{})
		f.Title, f.Sub, f.Lead = p.words.text("dec.front"), p.words.text("dec.front.sub"), true
		r.Front = &f
	}
	for _, v := range p.outlook.Responses {
		name := p.outlook.Fit.Table.Sources[v.Source]
		metric := p.outlook.Fit.Table.Metrics[v.Metrics[0]]
		f := place(fmt.Sprintf("response-%d", v.Source), "response", url.Values{"source": {name}})
		f.Title, f.Sub, f.Lead = p.words.text("dec.resp", "s", name), p.words.text("dec.resp.sub"), true
		if p.outlook.Fit.Rising(metric) {
			f = place(fmt.Sprintf("response-%d-rising", v.Source), "response", url.Values{"source": {name}, "metric": {metric}})
			f.Title, f.Sub, f.Lead = p.words.text("dec.resp.rising", "s", name), p.words.text("dec.resp.sub"), true
		}
		r.Responses = append(r.Responses, f)
	}
	if p.outlook.Ternary != nil {
		f := place("ternary", "ternary", url.Values{})
		f.Title, f.Sub, f.Lead, f.Size = p.words.text("dec.tern"), p.words.text("dec.tern.sub"), true, "tall"
		r.Ternary = &f
	}
}
