package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
)

// newView is the page on which a sweep file is written, in a form or as text, checked and started.
type newView struct {
	Document  string
	Templates []templateCard
	Recurs    string           // the recurrence that is edited; empty: none
	Chosen    string           // what it began with: a template's name, blank, from or nothing
	Earlier   []ablation.Sweep // to start from
	Blank     string           // a document to start from where there is nothing
	As        string           // name to start it under instead of the document's
	AsWrong   string           // why that can't be
	AskAs     bool             // a sweep of the document's name has other content: offer another name
	Lost      *lostRecurrence  // that it was not confirmed to lose
	Problems  []ablation.Problem
	Failure   string // what else kept it from starting
	Form      *formView
	Plan      *planView
	NoSources bool // nothing is there to read
	Missing   bool // there is text, and the document reads some that isn't there
	Fits      bool // it could read what is there instead
	State     editorState
	Words     string // of the editor's script, as JSON
}

// Startable reports whether nothing keeps the plan from starting.
func (v newView) Startable() bool {
	return v.Plan != nil && len(v.Problems) == 0
}

// question is what the page asks of a document.
type question struct {
	document string
	arm      string  // the schedule that is edited; empty: the first
	look     string  // the arm that is looked at; empty: that schedule's
	other    string  // the arm that the schedule is compared with; empty: the baseline
	use      float64 // of the speed that is told, as a fraction; 0: all
	rate     float64 // yen an hour; 0: not said
}

func (s *Server) newPage(w http.ResponseWriter, r *http.Request) {
	document, err := s.begin(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderNew(w, r, http.StatusOK, s.planned(r.Context(), s.words(r), question{document: document}))
}

// check answers what a document would run, after the edits that come with it. It always answers with the page: the
// browser takes the parts it shows.
func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	q := question{document: r.PostFormValue("document"), arm: r.PostFormValue("arm"), look: r.PostFormValue("look"), other: r.PostFormValue("other"), use: number(r, "use") / 100, rate: number(r, "rate")}
	edited, err := edited(q.document, r.PostFormValue("edits"))
	if err == nil {
		q.document = edited
	}
	if r.PostFormValue("fit") != "" {
		q.document = s.fitted(r.Context(), q.document)
	}
	v := s.planned(r.Context(), s.words(r), q)
	if err != nil {
		v.refuse(s, s.words(r), err)
	}
	s.renderNew(w, r, http.StatusOK, v)
}

// number is a positive number of a form, 0 where there is none.
func number(r *http.Request, name string) float64 {
	v, err := strconv.ParseFloat(r.PostFormValue(name), 64)
	if err != nil || !(v > 0 && v < 1e9) {
		return 0
	}
	return v
}

// edited is the document with the form's edits, a JSON list, made in it.
func edited(document, edits string) (string, error) {
	if edits == "" {
		return document, nil
	}
	var list []ablation.Edit
	if err := json.Unmarshal([]byte(edits), &list); err != nil {
		return document, invalid("edits", "the form's change arrived broken; make it again", "フォームの変更が途中で壊れました。もう一度変更してください")
	}
	text, err := ablation.EditDocument([]byte(document), list...)
	return string(text), err
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

// written is the document of a form: as the page's script kept it, or what is in the text area, which sends every line's
// end as two characters.
func written(r *http.Request) string {
	var exact string
	if err := json.Unmarshal([]byte(r.PostFormValue("exact")), &exact); err == nil {
		return exact
	}
	return strings.ReplaceAll(r.PostFormValue("document"), "\r\n", "\n")
}

// file answers with the document as a file, as `haigo sweep apply` takes it.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	document := written(r)
	name := "sweep"
	if sweep, err := ablation.ParseSweep([]byte(document)); err == nil {
		name = sweep.Name
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+".yaml"))
	_, _ = w.Write([]byte(document)) // the browser has left: nobody to tell
}

// start starts the document's sweep and goes to its page; pressing twice leads to the same page.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	document, as := written(r), strings.TrimSpace(r.PostFormValue("as"))
	answer, err := s.apply(r.Context(), []byte(document), as, r.PostFormValue("confirm"))
	if err == nil {
		http.Redirect(w, r, startedURL(answer.Body.Sweep), http.StatusSeeOther)
		return
	}
	words := s.words(r)
	v := s.planned(r.Context(), words, question{document: document})
	v.As, v.AskAs = as, v.AskAs || as != ""
	v.Lost = newLostRecurrence(err)
	v.refuse(s, words, err)
	for i, p := range v.Problems {
		if p.Field == "as" {
			v.AsWrong, v.Problems = p.Message.In(words.lang), slices.Delete(v.Problems, i, i+1)
			break
		}
	}
	s.renderNew(w, r, status(err), v)
}

// lostRecurrence is a recurrence that starting would replace or end.
type lostRecurrence struct {
	Name string
	Ends bool
}

// newLostRecurrence is nil where an error is about something else.
func newLostRecurrence(err error) *lostRecurrence {
	var lost *ablation.Superseding
	if !errors.As(err, &lost) {
		return nil
	}
	return &lostRecurrence{lost.Recurrence.Name, lost.Ends}
}

// startedURL is where a sweep is watched, or where its firings are, if it recurs.
func startedURL(sweep ablation.Sweep) string {
	if sweep.State == "" {
		return recurrenceURL(sweep.Name)
	}
	return sweepURL(sweep.Name)
}

// planned is the page with what the document would run, or what must change first.
func (s *Server) planned(ctx context.Context, words words, q question) newView {
	v := newView{Document: q.document, State: editorState{Document: q.document}}
	if strings.TrimSpace(q.document) == "" {
		return v
	}
	draft, readable := ablation.ReadDraft([]byte(q.document))
	plan, err := s.options.Sweeper.Plan(ctx, []byte(q.document))
	if err != nil {
		v.refuse(s, words, err)
		v.AskAs = s.started(ctx, q.document)
	} else {
		v.Plan, v.Problems = s.newPlanView(ctx, words, plan, draft, q), words.said(plan.Problems, q.document)
	}
	if readable {
		v.Form = s.newForm(ctx, words, draft, v)
		v.State = newEditorState(words, draft, v, q)
	}
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
		v.Problems = words.said(bad.Problems, v.Document)
		return
	}
	code := status(err)
	if code == http.StatusInternalServerError {
		s.options.Log.Error("a sweep file can't be handled", "err", err)
	}
	v.Failure = strings.Join(words.message(err, code).Lines, " ")
}

func (s *Server) renderNew(w http.ResponseWriter, r *http.Request, code int, v newView) {
	v.Words = string(quoted(s.words(r).beginning("ed.")))
	v.NoSources = v.Plan == nil && !s.anySource(r.Context())
	v.Missing = !v.NoSources && v.Form != nil && slices.ContainsFunc(v.Form.Sources, func(t tick) bool { return t.Missing })
	v.Fits = v.Missing && s.couldFit(r.Context(), v.Document)
	v.Recurs = r.URL.Query().Get("recurrence")
	if r.Method == http.MethodGet || code != http.StatusOK {
		v.Templates, v.Chosen, v.Blank = templateCards(), chosenCard(r), s.blank(r.Context())
		v.Earlier, _ = s.options.Store.Sweeps(r.Context(), earlierShown, 0) // nothing to start from is no reason to fail
	}
	s.render(w, r, view{status: code, page: "new", title: s.words(r).text("new.title"), nav: map[bool]string{true: "recurrences", false: "sweeps"}[v.Recurs != ""], path: "/new", data: v})
}
