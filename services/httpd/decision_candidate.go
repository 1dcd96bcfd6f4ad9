package httpd

import (
	"html/template"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
	"github.com/haigo-lab/haigo/services/analysis/table"
	"github.com/haigo-lab/haigo/services/chart"
)

type metricHead struct{ Name, Lang string }

// candidate is the recommended mixture, or one that needs no model.
type candidate struct {
	Name, Words string
	Glyph       template.HTML
	On          bool
	Values      []resultCell
	Worse       string // than the recommended one, in the objective
	Range       string // 90% interval of that
	Verdict     string
	PBest       string
	Epochs      string
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
		switch metric {
		case ablation.BPB(source.Name):
			return metricHead{source.Name, source.Lang}
		case ablation.BPB(source.Lang):
			h = metricHead{p.words.textIn(source.Lang, p.Sources), source.Lang}
		}
	}
	return h
}

// candidates are the recommended mixture and those that need no model, side by side.
func (p decisionPage) candidates() []candidate {
	o := p.outlook
	runs, named := []table.Run{o.Run}, []candidate{{Name: p.words.text("dec.c.reco"), On: true, Worse: "—"}}
	for _, b := range o.Baselines {
		c := candidate{Name: p.words.text("dec.c." + b.Name), Worse: "—", Verdict: p.told(b)}
		if v := b.Improvement; !b.Same {
			c.Worse, c.Range = minus(v, v.Mean), minus(v, v.Low)+" … "+minus(v, v.Top)
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

// told says whether a baseline is worse or better than the recommended mixture, and what to know of it.
func (p decisionPage) told(b decision.Baseline) string {
	said := p.words.text(map[string]string{
		decision.VerdictBetter: "dec.worse", decision.VerdictTie: "dec.tie", decision.VerdictAhead: "dec.better", decision.VerdictSame: "dec.same",
	}[b.Verdict()])
	if b.Barred {
		said += p.words.text("dec.barred")
	}
	if b.Outside {
		said += p.words.text("dec.outside")
	}
	return said
}

// shownMetrics are the objective's where they are few enough for columns.
func (p decisionPage) shownMetrics() []decision.Term {
	if len(p.outlook.Objective.Terms) > wordsMost {
		return nil
	}
	return p.outlook.Objective.Terms
}
