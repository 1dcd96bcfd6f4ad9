package httpd

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/chart"
	"github.com/haigo-lab/haigo/services/stack"
)

// decisionView is the page that says which mixture to take to the big run, how sure that is, and what to run next.
type decisionView struct {
	sweepHead
	Aim       aimForm
	Few       string // why nothing can be recommended yet; empty: something is
	Waiting   bool   // it is being worked out
	Stale     bool   // what is shown is of fewer runs than have completed
	Reco      *recommendation
	Stability figure
	Matrix    matrix
	Next      nextView
	Share     string // address of the form that shares a chart; empty: there is none
	Stacks    []stack.Stack
}

// aimForm is the aim as it was written, and what is wrong with it.
type aimForm struct {
	Objective, Tokens, Params string
	Usual                     string // the objective where none is written
	Wrong                     map[string]string
}

func (s *Server) decisionPage(w http.ResponseWriter, r *http.Request) {
	d, ok := s.sweepPageData(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	v := decisionView{Stacks: stack.All(), sweepHead: d.head("dec"), Stability: d.stabilityFigure(), Aim: aimForm{Objective: q.Get("objective"), Tokens: q.Get("tokens"), Params: q.Get("params")}}
	a, err := readAim(q)
	var m decisionMaterial
	if err == nil {
		m, err = s.material(r.Context(), d.Data, a)
	}
	if v.Aim.Wrong = s.words(r).wrong(err); v.Aim.Wrong != nil {
		m, err = s.material(r.Context(), d.Data, aim{}) // the rest of the page stands
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	usual := m
	usual.Objective = ""
	if usual.aimAt() == nil && len(usual.objective.Terms) > 0 {
		v.Aim.Usual = usual.objective.String()
	}
	p := decisionPage{decisionMaterial: m, words: d.words, views: d.views}
	s.decideOn(r, &v, &p)
	v.Matrix = p.matrix()
	v.Next = p.next(s.options.YenPerHour)
	s.renderSweep(w, r, d, "decision", v)
}

// decideOn takes the decision where it is ready or soon will be, else the newest one of fewer runs.
func (s *Server) decideOn(r *http.Request, v *decisionView, p *decisionPage) {
	found := s.decider.ask(p.decisionMaterial)
	if !found.within(r.Context(), pagePatience) {
		v.Waiting = true
		if found = s.decider.earlier(p.about()); found == nil {
			return
		}
		v.Stale = true
	}
	if found.err != nil {
		v.Few = p.words.refusal(found.err)
		return
	}
	p.outlook = &found.outlook
	v.Reco = p.recommend()
	v.Share = decisionURL(p.Sweep.Name, "/share", p.aim)
}

// refusal is why something can't be decided, in words for a reader.
func (w words) refusal(err error) string {
	var bad *ablation.Invalid
	if !errors.As(err, &bad) {
		return w.text("dec.broken")
	}
	var lines []string
	for _, p := range bad.Problems {
		lines = append(lines, p.Message.In(w.lang))
	}
	return strings.Join(lines, " ")
}

// decisionPage is what the page is made from.
type decisionPage struct {
	decisionMaterial
	words   words
	views   []armView         // in order of arms
	outlook *decision.Outlook // nil before there is one
}

// recommendation is what to take, and everything beside it.
type recommendation struct {
	Goal       string // the objective in words
	Phases     []recoPhase
	Says       []string
	Verdict    string // whether it beats the best that was run
	Better     bool
	Caveats    []caveat
	Metrics    []metricHead
	Candidates []candidate
	Epochs     bool // whether any are known
	Front      *figure
	Responses  []figure
	Ternary    *figure
	Prices     []string
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

type caveat struct {
	Warn bool
	Text string
}

type metricHead struct{ Name, Lang string }

// candidate is the recommended mixture, or one that needs no model.
type candidate struct {
	Name, Words string
	Glyph       template.HTML
	On          bool
	Values      []resultCell
	Worse       string // than the recommended one, in the objective
	Verdict     string
	PBest       string
	Epochs      string
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
			r.Better, r.Verdict = b.Better, p.verdict(b)
		}
	}
	if len(o.Fit.Table.Sources)*len(o.AsGood) <= 2*wordsMost {
		r.Says = append(r.Says, p.alike())
	}
	r.Says = append(r.Says, p.near())
	r.Prices = p.prices()
	r.Powers = p.powers()
	p.draw(r)
	return r
}

// prices are those of Japanese in English and back, or of all metrics where the objective hasn't both.
func (p decisionPage) prices() []string {
	priced := slices.DeleteFunc(slices.Clone(p.outlook.Prices), func(v decision.Price) bool { return !spoken(v.Of) || !spoken(v.In) })
	if len(priced) == 0 {
		priced = p.outlook.Prices
	}
	var out []string
	for _, v := range priced {
		key := "dec.price.say"
		if v.Cost.Mean <= 0 {
			key = "dec.price.free" // the front of two metrics says nothing of a third
		}
		out = append(out, p.words.text(key, "of", p.head(v.Of).Name, "in", p.head(v.In).Name, "c", fixed(v.Cost.Mean, 2), "lo", fixed(v.Cost.Low, 2), "hi", fixed(v.Cost.Top, 2)))
	}
	return out
}

// spoken reports whether a metric is of Japanese or English text.
func spoken(metric string) bool { return metric == ablation.BPB("ja") || metric == ablation.BPB("en") }

// goal is the objective in words: by which metrics, weighted how.
func (p decisionPage) goal() string {
	var parts []string
	even := true
	for _, t := range p.outlook.Objective.Terms {
		even = even && t.Weight == p.outlook.Objective.Terms[0].Weight
	}
	for _, t := range p.outlook.Objective.Terms {
		name := p.head(t.Metric).Name
		if !even {
			name += " " + fixed(t.Weight, 2)
		}
		parts = append(parts, name)
	}
	key := map[bool]string{true: "dec.goal.even", false: "dec.goal.weighted"}[even]
	if n := len(parts); n > wordsMost {
		parts = []string{p.words.text("dec.goal.many", "n", n)}
	}
	return p.words.text(key, "m", strings.Join(parts, p.words.text("dec.comma")))
}

// head is a metric as the page names it.
func (p decisionPage) head(metric string) metricHead {
	if lang := chart.LangOf(metric); lang != "" {
		return metricHead{p.words.language(lang), lang}
	}
	h := metricHead{Name: metric}
	for _, t := range p.Tasks {
		if strings.HasPrefix(metric, "task/"+t.Name+"/") {
			h = metricHead{strings.TrimPrefix(metric, "task/"), t.Lang}
		}
	}
	for _, source := range p.Sources {
		if metric == ablation.BPB(source.Name) {
			h = metricHead{source.Name, source.Lang}
		}
	}
	return h
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
	ends, sum := make([]float64, len(m.shares)), 0.0
	for i, s := range m.shares {
		sum += s
		ends[i] = sum
	}
	return ends
}

// langOf is the language of the table's j-th source.
func (m *decisionMaterial) langOf(j int) string {
	for _, s := range m.Sources {
		if s.Name == m.table.Sources[j] {
			return langClass(s.Lang)
		}
	}
	return "other"
}

// mixtureWords are a run's shares in a row, those that are there, phase by phase.
func (m *decisionMaterial) mixtureWords(run table.Run) string {
	phases := make([]string, len(run.Shares))
	for i, shares := range run.Shares {
		order := largest(shares)
		var parts []string
		for k, j := range order {
			w := shares[j]
			if len(order) > wordsMost && k == wordsMost-1 {
				parts = append(parts, fmt.Sprintf("… +%d", len(order)-k))
				break
			}
			parts = append(parts, m.table.Sources[j]+" "+percent(w, map[bool]int{true: 0, false: 1}[math.Abs(w*100-math.Round(w*100)) < .05]))
		}
		phases[i] = strings.Join(parts, " / ")
	}
	return strings.Join(phases, " → ")
}

// wordsMost is how many of more sources, metrics or ranges a line of words names; the CSVs have all.
const wordsMost = 5

// largest are the sources that have a share, in their order, or by share where they are many.
func largest(shares []float64) []int {
	var order []int
	for j, w := range shares {
		if w >= .0005 {
			order = append(order, j)
		}
	}
	if len(order) > wordsMost {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	}
	return order
}

// runGlyph is a run's mixture in the size of a word.
func (m *decisionMaterial) runGlyph(run table.Run) template.HTML {
	const steps = 1000
	langs := make([]string, len(m.table.Sources))
	for j := range langs {
		langs[j] = m.langOf(j)
	}
	var weights []ablation.Weights
	from := 0.0
	for i, shares := range run.Shares {
		w := ablation.Weights{FromStep: int64(math.Round(from * steps)), W: make([]int64, len(shares))}
		for j, v := range shares {
			w.W[j] = int64(math.Round(v * ablation.WeightTotal))
		}
		weights, from = append(weights, w), from+m.shares[i]
	}
	return newGlyph(weights, steps, langs).svg(40, 13)
}

func (p decisionPage) expected() string {
	var parts []string
	for _, t := range p.outlook.Objective.Terms {
		k := slices.Index(p.outlook.Fit.Table.Metrics, t.Metric)
		parts = append(parts, p.head(t.Metric).Name+" "+fixed(p.outlook.Metrics[k].Mean, 3))
	}
	return p.words.text("dec.say.expected", "m", strings.Join(parts, p.words.text("dec.comma")))
}

// verdict says whether the recommended mixture beats the best that was run.
func (p decisionPage) verdict(b decision.Baseline) string {
	key := "dec.say.same"
	if b.Better {
		key = "dec.say.better"
	}
	if p.outlook.Distance < 1e-6 {
		key = "dec.say.itself"
	}
	v, digits := b.Improvement, 3
	if max(math.Abs(v.Low), math.Abs(v.Top)) < .005 {
		digits = 5
	}
	return p.words.text(key, "s", p.mixtureWords(b.Run), "g", signed(v.Mean, digits), "lo", signed(v.Low, digits), "hi", signed(v.Top, digits))
}

// alike says where mixtures lie that can't be told from the recommended one.
func (p decisionPage) alike() string {
	var parts []string
	for i, phase := range p.outlook.AsGood {
		for j, r := range phase {
			name := p.outlook.Fit.Table.Sources[j]
			if len(p.outlook.AsGood) > 1 {
				name = p.words.text("dec.in.phase", "s", name, "n", i+1)
			}
			parts = append(parts, name+" "+percent(r.Low, 0)+"–"+percent(r.Top, 0))
		}
	}
	return p.words.text("dec.say.alike", "r", strings.Join(parts, p.words.text("dec.comma")))
}

func (p decisionPage) near() string {
	names := strings.Join(p.outlook.Nearest, p.words.text("dec.comma"))
	if p.outlook.Distance < 1e-6 {
		return p.words.text("dec.say.run", "n", names)
	}
	return p.words.text("dec.say.near", "n", names, "d", fixed(100*p.outlook.Distance, 0))
}

// caveats are what to know before it is used: on what it stands, what was taken for granted, what is far away.
func (p decisionPage) caveats() []caveat {
	t := p.outlook.Fit.Table
	out := []caveat{{Text: p.words.text("dec.cav.from", "m", len(t.Groups()), "n", len(t.Runs))}}
	for _, l := range p.outlook.Warnings {
		out = append(out, caveat{true, l.In(p.words.lang)})
	}
	if t.Phases == 1 {
		out = append(out, caveat{Text: p.words.text("dec.cav.order")})
	}
	for _, l := range p.outlook.Fit.Notes {
		out = append(out, caveat{Text: l.In(p.words.lang)})
	}
	return out
}

// powers are the smallest effects that so many seeds show.
func (p decisionPage) powers() []string {
	const most = 99
	var out []string
	for _, v := range p.outlook.Detectable {
		if math.IsNaN(v.Effect) || strings.HasSuffix(v.Metric, "/margin") {
			continue
		}
		name := p.head(v.Metric).Name
		if n := decision.Seeds(v.SD, v.Freedom, v.Effect/2, most); n > 0 {
			out = append(out, p.words.text("dec.power.seeds", "m", name, "e", fixed(v.Effect, 3), "n", v.Seeds, "h", fixed(v.Effect/2, 3), "k", n))
		} else {
			out = append(out, p.words.text("dec.power", "m", name, "e", fixed(v.Effect, 3), "n", v.Seeds))
		}
	}
	if len(out) == 0 {
		return []string{p.words.text("dec.power.none")}
	}
	return out
}

// candidates are the recommended mixture and those that need no model, side by side.
func (p decisionPage) candidates() []candidate {
	o := p.outlook
	runs, named := []table.Run{o.Run}, []candidate{{Name: p.words.text("dec.c.reco"), On: true, Worse: "—"}}
	for _, b := range o.Baselines {
		c := candidate{Name: p.words.text("dec.c." + b.Name), Worse: signed(b.Improvement.Mean, 3), Verdict: p.words.text("dec.tie")}
		switch {
		case b.Better:
			c.Verdict = p.words.text("dec.worse")
		case b.Improvement.Top < 0:
			c.Verdict = p.words.text("dec.better")
		}
		if b.Outside {
			c.Verdict += p.words.text("dec.outside")
		}
		runs, named = append(runs, b.Run), append(named, c)
	}
	predicted := o.Fit.Predict(runs)
	for i := range named {
		named[i].Words, named[i].Glyph, named[i].PBest, named[i].Epochs = p.mixtureWords(runs[i]), p.runGlyph(runs[i]), p.pBest(runs[i]), p.epochWords(runs[i])
		for _, t := range p.shownMetrics() {
			v := predicted[i][slices.Index(o.Fit.Table.Metrics, t.Metric)]
			named[i].Values = append(named[i].Values, resultCell{Mean: fixed(v.Mean, 3), Spread: fixed((v.Top-v.Low)/2, 3)})
		}
	}
	return named
}

// shownMetrics are the objective's where they are few enough for columns.
func (p decisionPage) shownMetrics() []decision.Term {
	if len(p.outlook.Objective.Terms) > wordsMost {
		return nil
	}
	return p.outlook.Objective.Terms
}

// pBest is how likely a mixture is the best of those that were run; a dash where it wasn't.
func (p decisionPage) pBest(run table.Run) string {
	for _, a := range p.outlook.Arms {
		if decision.Apart(a.Run, run) < 1e-6 {
			return fixed(a.PBest, 2)
		}
	}
	return "—"
}

func (p decisionPage) epochWords(run table.Run) string {
	var parts []string
	for _, n := range p.outlook.Fit.Epochs(run) {
		parts = append(parts, fixed(n, map[bool]int{true: 1, false: 2}[n >= 1]))
	}
	return strings.Join(parts, " / ")
}

// draw places the figures that the decision has points for.
func (p decisionPage) draw(r *recommendation) {
	place := func(id, kind string, q url.Values) figure {
		for name, values := range p.values() {
			q[name] = values
		}
		f := newFigure(id, sweepURL(p.Sweep.Name), kind, q)
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
		f := place(fmt.Sprintf("response-%d", v.Source), "response", url.Values{"source": {name}})
		f.Title, f.Sub, f.Lead = p.words.text("dec.resp", "s", name), p.words.text("dec.resp.sub"), true
		r.Responses = append(r.Responses, f)
	}
	if p.outlook.Ternary != nil {
		f := place("ternary", "ternary", url.Values{})
		f.Title, f.Sub, f.Lead, f.Size = p.words.text("dec.tern"), p.words.text("dec.tern.sub"), true, "tall"
		r.Ternary = &f
	}
}

func (d sweepData) stabilityFigure() figure {
	f := newFigure("stability", d.url(), "stability", url.Values{})
	f.Title, f.Sub, f.Caption, f.Lead, f.Size = d.words.text("dec.tau"), d.words.text("dec.tau.sub"), true, true, "half"
	return f
}
