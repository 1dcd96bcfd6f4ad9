package httpd

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/decision"
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
	Match     *matchView // nil: the proxies repeat text as the big run would
	Share     string     // address of the form that shares a chart; empty: there is none
	Stacks    []stack.Stack
}

// aimForm is the aim as it was written, and what is wrong with it.
type aimForm struct {
	Objective, Tokens, Params string
	Effect                    string // of which it is asked how many seeds show it
	Usual                     string // the objective where none is written
	Wrong                     map[string]string
}

// decisionData is a sweep's data with the answers to its tasks' items.
func (s *Server) decisionData(w http.ResponseWriter, r *http.Request) (sweepData, bool) {
	d, ok := s.sweepPageData(w, r)
	if !ok || len(d.Tasks) == 0 {
		return d, ok
	}
	var err error
	if d.Items, err = s.options.Store.ItemScores(r.Context(), d.Sweep.Name); err != nil {
		s.fail(w, r, err)
		return d, false
	}
	return d, true
}

func (s *Server) decisionPage(w http.ResponseWriter, r *http.Request) {
	d, ok := s.decisionData(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	v := decisionView{Stacks: stack.All(), sweepHead: d.head("dec"), Stability: d.stabilityFigure(), Aim: aimForm{Objective: q.Get("objective"), Tokens: q.Get("tokens"), Params: q.Get("params"), Effect: q.Get("effect")}}
	a, err := readAim(q)
	effect, wrong := readEffect(v.Aim.Effect)
	err = joined(err, wrong)
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
	if usual := m.Usual(); len(usual.Terms) > 0 {
		v.Aim.Usual = usual.String()
	}
	p := decisionPage{decisionMaterial: m, words: d.words, views: d.views, effect: effect}
	s.decideOn(r, &v, &p)
	v.Matrix = p.matrix()
	if !v.Waiting || v.Stale { // what fills the gaps is for runs that allow nothing else
		spent, err := s.options.Store.SweepSpending(r.Context(), d.Sweep.Name)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v.Next = p.next(spent.Price(s.options.Devices))
	}
	if v.Match, err = s.match(r.Context(), p); err != nil {
		s.fail(w, r, err)
		return
	}
	shown := d.view("decision", v)
	if v.Match != nil && v.Match.Reading {
		shown.poll = matchPoll
	}
	s.render(w, r, shown)
}

// decideOn takes the decision where it is ready or soon will be, else the newest one of fewer runs.
func (s *Server) decideOn(r *http.Request, v *decisionView, p *decisionPage) {
	found := s.decider.ask(p.decisionMaterial)
	if !found.within(r.Context(), pagePatience) {
		v.Waiting = true
		if found = s.decider.earlier(p.About()); found == nil {
			return
		}
		v.Stale = true
	}
	if found.err != nil {
		v.Few, v.Share = p.words.refusal(found.err), decisionURL(p.Sweep.Name, "/share", aim{p.Aim})
		return
	}
	p.outlook = &found.outlook
	v.Reco = p.recommend()
	v.Share = decisionURL(p.Sweep.Name, "/share", aim{p.Aim})
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
	effect  float64           // of which it is asked how many seeds show it; 0: none
}

// langOf is the language of the table's j-th source.
func (m *decisionMaterial) langOf(j int) string {
	for _, s := range m.Sources {
		if s.Name == m.Table.Sources[j] {
			return langClass(s.Lang)
		}
	}
	return "other"
}

func (d sweepData) stabilityFigure() figure {
	f := newFigure("stability", d.url(), "stability", url.Values{})
	f.Title, f.Sub, f.Caption, f.Lead, f.Size = d.words.text("dec.tau"), d.words.text("dec.tau.sub"), true, true, "half"
	return f
}
