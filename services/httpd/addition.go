package httpd

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

const (
	additionsRead  = 50
	additionsShown = 5 // that have ended
)

// additionRow is text on its way to becoming a source.
type additionRow struct{ ablation.Addition }

// Fraction is how much of it was read.
func (a additionRow) Fraction() float64 {
	return clamp(float64(a.Progress.Bytes) / float64(max(a.Progress.BytesAll, 1)))
}

// Measuring reports whether all was read, and is being looked at.
func (a additionRow) Measuring() bool {
	return a.State == ablation.AdditionReading && a.Progress.FilesAll > 0 && a.Progress.Files == a.Progress.FilesAll
}

// Mark is the shape of its state.
func (a additionRow) Mark() string {
	return map[ablation.AdditionState]string{
		ablation.AdditionWaiting: "queued", ablation.AdditionReading: "running", ablation.AdditionAdded: "completed",
		ablation.AdditionFailed: "failed", ablation.AdditionCancelled: "stopped",
	}[a.State]
}

// additions are those that haven't ended, and the last few that have.
func (s *Server) additions(ctx context.Context) ([]additionRow, error) {
	all, err := s.options.Store.Additions(ctx, additionsRead)
	var rows []additionRow
	ended := 0
	for _, a := range all {
		if a.State.Ended() {
			if ended++; ended > additionsShown {
				continue
			}
		}
		rows = append(rows, additionRow{a})
	}
	return rows, err
}

// additionView is the form that adds a source.
type additionView struct {
	ablation.Addition
	Roots []string // below which text may be read; none: nowhere
	Found *corpus.Survey
	Wrong map[string]string // by field
	Other string            // what else is wrong
	Known bool              // there is a source of that name: this makes a new version of it
}

// Anywhere reports whether text may be read wherever the server can.
func (v additionView) Anywhere() bool { return len(v.Roots) == 1 && v.Roots[0] == "/" }

func (s *Server) additionPage(w http.ResponseWriter, r *http.Request) {
	s.renderAddition(w, r, http.StatusOK, additionView{})
}

func (s *Server) renderAddition(w http.ResponseWriter, r *http.Request, code int, v additionView) {
	v.Roots = s.options.TextRoots
	s.render(w, r, view{status: code, page: "addition", title: s.words(r).text("add.head"), nav: "sources", path: "/sources/new", data: v})
}

// asked is what a form asks to add.
func asked(r *http.Request) ablation.Addition {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return ablation.Addition{Name: value("name"), Lang: value("lang"), Licence: value("licence"), Path: value("path"), Column: value("column")}
}

// lookAt answers what would be read, without reading it.
func (s *Server) lookAt(w http.ResponseWriter, r *http.Request) {
	v := additionView{Addition: asked(r)}
	if s.checkAddition(r.Context(), s.words(r), &v) {
		s.renderAddition(w, r, http.StatusOK, v)
		return
	}
	s.renderAddition(w, r, http.StatusUnprocessableEntity, v)
}

// checkAddition looks at the text and reports whether it may be added; what is wrong stands at its field.
func (s *Server) checkAddition(ctx context.Context, words words, v *additionView) bool {
	found, err := s.options.Look(ctx, v.Addition)
	if err == nil {
		v.Found = &found
		_, unknown := s.options.Store.Source(ctx, v.Name, "")
		v.Known = unknown == nil
		return true
	}
	v.refuse(s, words, err)
	return false
}

func (v *additionView) refuse(s *Server, words words, err error) {
	if v.Wrong = words.wrong(err); v.Wrong != nil {
		return
	}
	code := status(err)
	if code == http.StatusInternalServerError {
		s.options.Log.Error("text can't be looked at", "err", err)
	}
	v.Other = strings.Join(words.message(err, code).Lines, " ")
}

// add puts text in line to be read; it is looked at first, so that what can't be is said at its field.
func (s *Server) add(w http.ResponseWriter, r *http.Request) {
	v := additionView{Addition: asked(r)}
	words := s.words(r)
	if !s.checkAddition(r.Context(), words, &v) {
		s.renderAddition(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	if _, err := s.options.Store.PutAddition(r.Context(), v.Addition); err != nil {
		v.refuse(s, words, err)
		s.renderAddition(w, r, status(err), v)
		return
	}
	s.options.Log.Info("a source is being added", "source", v.Name)
	http.Redirect(w, r, "/sources", http.StatusSeeOther)
}

// cancelAddition ends one that hasn't ended.
func (s *Server) cancelAddition(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(chi.URLParam(r, "addition"), 10, 64)
	if err != nil {
		err = errors.Join(ablation.ErrNotFound, err)
	} else {
		err = s.options.Store.CancelAddition(r.Context(), id)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/sources", http.StatusSeeOther)
}
