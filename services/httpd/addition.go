package httpd

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"golang.org/x/text/unicode/norm"

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
	Typed string            // the share that is held out, as it was typed
	Wrong map[string]string // by field
	Other string            // what else is wrong
	Known bool              // there is a source of that name: this makes a new version of it
}

// Anywhere reports whether text may be read wherever the server can.
func (v additionView) Anywhere() bool { return len(v.Roots) == 1 && v.Roots[0] == "/" }

func (s *Server) additionPage(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("path") {
		s.renderAddition(w, r, http.StatusOK, additionView{})
		return
	}
	v := readAddition(r) // a form that was looked at, in another language
	s.checkAddition(r.Context(), s.words(r), &v)
	s.renderAddition(w, r, http.StatusOK, v)
}

func (s *Server) renderAddition(w http.ResponseWriter, r *http.Request, code int, v additionView) {
	v.Roots = s.options.TextRoots
	page := view{status: code, page: "addition", title: s.words(r).text("add.head"), nav: "sources", path: "/sources/new", data: v}
	if r.Method == http.MethodPost {
		page.query = r.PostForm
	}
	s.render(w, r, page)
}

func readAddition(r *http.Request) additionView {
	return additionView{Addition: asked(r), Typed: r.FormValue("share")}
}

// asked is what a form asks to add.
func asked(r *http.Request) ablation.Addition {
	value := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	a := ablation.Addition{Name: value("name"), Lang: value("language"), Licence: value("licence"), Path: value("path"), Column: value("column"), Split: value("split")}
	a.DropNear = value("drop") != ""
	if text := strings.TrimSuffix(norm.NFKC.String(value("share")), "%"); text != "" {
		percent, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if a.Share = percent / 100; err != nil || a.Share == 0 {
			a.Share = -1 // is refused at its field
		}
	}
	return a
}

// Splits are the ways to cut text that may be asked for.
func (additionView) Splits() []corpus.Split {
	return []corpus.Split{corpus.SplitFile, corpus.SplitParagraphs, corpus.SplitLines}
}

// Percent is the share that is held out as it is written in the form; empty: the usual.
func (v additionView) Percent() string {
	if v.Share <= 0 {
		return v.Typed
	}
	return strconv.FormatFloat(v.Share*100, 'g', 6, 64)
}

// lookAt answers what would be read, without reading it.
func (s *Server) lookAt(w http.ResponseWriter, r *http.Request) {
	v := readAddition(r)
	if s.checkAddition(r.Context(), s.words(r), &v) {
		s.renderAddition(w, r, http.StatusOK, v)
		return
	}
	s.renderAddition(w, r, http.StatusUnprocessableEntity, v)
}

// checkAddition looks at the text and reports whether it may be added; what is wrong stands at its field.
func (s *Server) checkAddition(ctx context.Context, words words, v *additionView) bool {
	var found corpus.Survey
	err := storable(v.Addition)
	if err == nil {
		found, err = s.options.Look(ctx, v.Addition)
	}
	if err == nil {
		v.Found = &found
		_, unknown := s.options.Store.Source(ctx, v.Name, "")
		v.Known = unknown == nil
		return true
	}
	v.refuse(s, words, err)
	return false
}

// storable refuses what no database keeps: bytes of another encoding, as a program may send them, and NUL.
func storable(a ablation.Addition) error {
	var bad []ablation.Problem
	for _, v := range []struct{ field, text string }{{"paths", a.Path}, {"licence", a.Licence}, {"column", a.Column}} {
		if !utf8.ValidString(v.text) || strings.ContainsRune(v.text, 0) {
			bad = append(bad, ablation.Problem{Field: v.field, Message: ablation.Label{EN: "isn't text in UTF-8: write it in UTF-8", JA: "UTF-8 の文字ではありません。UTF-8 で書いてください"}})
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &ablation.Invalid{Problems: bad}
}

func (v *additionView) refuse(s *Server, words words, err error) {
	if v.Wrong = words.wrong(err); v.Wrong != nil {
		if v.Wrong["share"] != "" { // here it is a percentage
			v.Wrong["share"] = words.text("add.share.wrong")
		}
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
	v := readAddition(r)
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
