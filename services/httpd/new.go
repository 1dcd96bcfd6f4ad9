package httpd

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/schedules"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// newView is the page on which a sweep file is written, checked and started.
type newView struct {
	Document string
	Examples []example
	As       string // name to start it under instead of the document's
	AskAs    bool   // a sweep of the document's name has other content: offer another name
	Problems []ablation.Problem
	Failure  string // what else kept it from starting
	Plan     *planView
}

// example is a sweep file to begin with.
type example struct{ Name, Title string }

// planView is what the document would run.
type planView struct {
	ablation.Plan
	Arms   []planArm
	Seeds  int
	Time   time.Duration
	Yen    float64
	Max    float64 // epochs above which a run is refused
	Exists bool
}

// planArm is an arm of a plan with what it reads of each source, in the sweep's order.
type planArm struct {
	Arm   armView
	Cells []cell // its runs
	Reads []read
	Tokens,
	Parameters int64 // of a run
}

type read struct {
	Source ablation.Source
	Tokens int64
	Share  float64
	Epochs float64
}

// Startable reports whether nothing keeps the plan from starting.
func (v newView) Startable() bool {
	return v.Plan != nil && len(v.Problems) == 0
}

func (s *Server) newPage(w http.ResponseWriter, r *http.Request) {
	document, err := s.begin(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderNew(w, r, http.StatusOK, s.planned(r.Context(), s.words(r), document))
}

// begin is the document that the page begins with: an example, another sweep's, or none.
func (s *Server) begin(r *http.Request) (string, error) {
	q := r.URL.Query()
	switch {
	case q.Get("from") != "":
		sweep, err := s.options.Store.Sweep(r.Context(), q.Get("from"))
		return sweep.Document, err
	case q.Get("example") != "":
		text, err := fs.ReadFile(schedules.FS, q.Get("example")+".yaml")
		if err != nil {
			return "", errors.Join(ablation.ErrNotFound, err)
		}
		return string(text), nil
	}
	return "", nil
}

// check answers what a document would run. It always answers with the page: the browser takes the parts it shows.
func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderNew(w, r, http.StatusOK, s.planned(r.Context(), s.words(r), r.PostFormValue("document")))
}

// readForm reads what a form sent; PostFormValue alone would take a form that is too large for an empty one.
func readForm(r *http.Request) error {
	err := r.ParseForm()
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	return invalid("document", "the form arrived broken; send it again", "フォームの内容が途中で壊れました。もう一度送信してください")
}

// start starts the document's sweep and goes to its page; pressing twice leads to the same page.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	document, as := r.PostFormValue("document"), strings.TrimSpace(r.PostFormValue("as"))
	answer, err := s.apply(r.Context(), []byte(document), as)
	if err == nil {
		http.Redirect(w, r, sweepURL(answer.Body.Sweep.Name), http.StatusSeeOther)
		return
	}
	words := s.words(r)
	v := s.planned(r.Context(), words, document)
	v.As, v.AskAs = as, v.AskAs || as != ""
	v.refuse(s, words, err)
	s.renderNew(w, r, status(err), v)
}

// planned is the page with what the document would run, or what must change first.
func (s *Server) planned(ctx context.Context, words words, document string) newView {
	v := newView{Document: document}
	if strings.TrimSpace(document) == "" {
		return v
	}
	plan, err := s.options.Sweeper.Plan(ctx, []byte(document))
	if err != nil {
		v.refuse(s, words, err)
		v.AskAs = s.started(ctx, document)
		return v
	}
	v.Plan, v.Problems = newPlanView(words, plan, document), plan.Problems
	return v
}

// started reports whether there is a sweep of the document's name, whatever it holds.
func (s *Server) started(ctx context.Context, document string) bool {
	sweep, err := ablation.ParseSweep([]byte(document))
	if err == nil {
		_, err = s.options.Store.Sweep(ctx, sweep.Name)
	}
	return err == nil
}

// refuse says why the document can't be taken.
func (v *newView) refuse(s *Server, words words, err error) {
	var bad *ablation.Invalid
	if errors.As(err, &bad) {
		v.Problems = bad.Problems
		return
	}
	code := status(err)
	if code == http.StatusInternalServerError {
		s.options.Log.Error("a sweep file can't be handled", "err", err)
	}
	v.Failure = strings.Join(words.message(err, code).Lines, " ")
}

func newPlanView(words words, p ablation.Plan, document string) *planView {
	v := &planView{Plan: p, Time: time.Duration(p.Seconds * float64(time.Second)), Exists: p.Existing != ""}
	sweep, err := ablation.ParseSweep([]byte(document))
	if err != nil {
		return v // a plan without a document is none of ours
	}
	v.Seeds, v.Yen, v.Max = len(sweep.Seeds), sweep.Budget.Yen, sweep.Recipe.MaxEpochs
	d := chart.Data{Sweep: sweep, Sources: p.Sources}
	for _, a := range p.Arms {
		d.Arms = append(d.Arms, a.Arm)
	}
	views := armViews(words.lang, d)
	for i, a := range p.Arms {
		arm := planArm{Arm: views[i], Tokens: a.RunTokens, Parameters: a.Parameters}
		for _, r := range p.Runs {
			if r.Arm == a.Name {
				arm.Cells = append(arm.Cells, cell{state: ablation.RunQueued})
			}
		}
		for _, source := range p.Sources {
			tokens := a.Tokens[source.Name]
			arm.Reads = append(arm.Reads, read{source, tokens, float64(tokens) / float64(max(a.RunTokens, 1)), a.Epochs[source.Name]})
		}
		v.Arms = append(v.Arms, arm)
	}
	return v
}

func (s *Server) renderNew(w http.ResponseWriter, r *http.Request, code int, v newView) {
	v.Examples = examples()
	s.render(w, r, view{status: code, page: "new", title: s.words(r).text("new.title"), nav: "sweeps", path: "/new", data: v})
}

// examples are the files of package schedules by name, titled by their first comment.
func examples() []example {
	names, err := fs.Glob(schedules.FS, "*.yaml")
	if err != nil {
		return nil
	}
	list := make([]example, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(schedules.FS, name)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(text), "\n")
		list = append(list, example{strings.TrimSuffix(name, ".yaml"), strings.TrimSpace(strings.TrimLeft(first, "# "))})
	}
	return list
}
