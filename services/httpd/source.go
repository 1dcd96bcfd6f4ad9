package httpd

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
)

const (
	samples      = 10 // documents of a source that are shown
	problemsEach = 3  // examples of each reason for leaving documents out
)

// sourcesView is the list of sources, one of them chosen and shown whole, and the tasks.
type sourcesView struct {
	Sources   []sourceRow // the newest version of each
	Bytes     int64
	Documents int64
	Chosen    *sourceRow
	Versions  []ablation.Source // of the chosen one, newest first
	Report    *reportView       // of the chosen one; nil where it wasn't measured
	Samples   []spec.Document
	Problems  []corpus.Problem
	Tasks     []ablation.Task

	References []referenceRow // other models' results
	Additions  []additionRow
	Now        time.Time
}

// sourceRow is a source with what follows from it.
type sourceRow struct{ ablation.Source }

// Licence is every licence of the source's origins, once.
func (s sourceRow) Licence() string {
	var licences []string
	for _, o := range s.Origin {
		if o.Licence != "" && !slices.Contains(licences, o.Licence) {
			licences = append(licences, o.Licence)
		}
	}
	return strings.Join(licences, ", ")
}

// AgainURL is the form with what the source was added by.
func (s sourceRow) AgainURL() string {
	form := url.Values{"name": {s.Name}, "language": {s.Lang}, "licence": {s.Licence()}}
	for _, o := range s.Origin[:min(len(s.Origin), 1)] {
		form.Set("path", o.Path)
	}
	return "/sources/new?" + form.Encode()
}

// RejectedCount is how many documents were left out.
func (s sourceRow) RejectedCount() (n int64) {
	for _, count := range s.Rejected {
		n += count
	}
	return n
}

// RejectedShare is the fraction of all documents read that was left out.
func (s sourceRow) RejectedShare() float64 {
	n := s.RejectedCount()
	return float64(n) / float64(max(n+s.Documents+s.HeldoutDocuments, 1))
}

// rejection is a reason for leaving documents out; Percent is of the most frequent one.
type rejection struct {
	Reason  string
	Count   int64
	Percent float64
}

// Tokens are those of the training text as trainers of bytes count them: one a byte, and a separator a document.
func (s sourceRow) Tokens() int64 { return s.Bytes + s.Documents }

// Reasons are the reasons for leaving documents out, the most frequent first.
func (s sourceRow) Reasons() []rejection {
	names := slices.SortedFunc(maps.Keys(s.Rejected), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Rejected[b], s.Rejected[a]), cmp.Compare(a, b))
	})
	rejections := make([]rejection, len(names))
	for i, name := range names {
		most := max(s.Rejected[names[0]], 1)
		rejections[i] = rejection{name, s.Rejected[name], 100 * float64(s.Rejected[name]) / float64(most)}
	}
	return rejections
}

// reportView is what was measured of a source's text.
type reportView struct{ corpus.Report }

// languageShare is how much of a source looks like a language.
type languageShare struct {
	Lang      string
	Documents int64
	Share     float64 // of the bytes
}

// Percent is the share for a bar.
func (l languageShare) Percent() float64 { return 100 * l.Share }

// Found are the languages as found; the rest beyond the first five is left out.
func (r reportView) Found() []languageShare {
	var found []languageShare
	for _, l := range r.Languages[:min(len(r.Languages), 5)] {
		found = append(found, languageShare{l.Lang, l.Documents, float64(l.Bytes) / float64(max(r.Bytes, 1))})
	}
	return found
}

// quantile is a length that a share of the documents doesn't exceed.
type quantile struct {
	Name       string
	Characters int64
}

// Quantiles are those of the documents' lengths.
func (r reportView) Quantiles() []quantile {
	l := r.Lengths
	return []quantile{{"0%", l.Min}, {"10%", l.P10}, {"25%", l.P25}, {"50%", l.P50}, {"75%", l.P75}, {"90%", l.P90}, {"99%", l.P99}, {"100%", l.Max}}
}

// referenceRow is another model's result.
type referenceRow struct{ ablation.Reference }

// Shown is the value, in the other program's own unit.
func (r referenceRow) Shown() string { return fixed(float64(r.Value), 4) }

// Deviation is the standard error; empty where not known.
func (r referenceRow) Deviation() string {
	if r.StandardError == nil {
		return ""
	}
	return fixed(float64(*r.StandardError), 4)
}

func (s *Server) sourcesPage(w http.ResponseWriter, r *http.Request) {
	all, err := s.options.Store.Sources(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := newSourcesView(all)
	if v.Tasks, err = s.options.Store.Tasks(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	references, err := s.options.Store.References(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, reference := range references {
		v.References = append(v.References, referenceRow{reference})
	}
	if !v.choose(chi.URLParam(r, "source"), all) {
		s.fail(w, r, ablation.ErrNotFound)
		return
	}
	if v.Chosen != nil {
		s.readFolder(&v)
	}
	words := s.words(r)
	if v.Additions, err = s.additions(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, view{page: "sources", title: words.text("nav.sources"), nav: "sources", live: "/api/v1/events?sources", data: v})
}

// readFolder fills in what only the chosen source's folder holds; it may be on another machine.
func (s *Server) readFolder(v *sourcesView) {
	log := s.options.Log.With("source", v.Chosen.Name, "version", v.Chosen.Version)
	found, err := s.options.Samples(v.Chosen.Dir, samples)
	if err != nil {
		log.Warn("samples can't be read", "err", err)
	}
	for _, d := range found {
		d.Text = dense(d.Text)
		v.Samples = append(v.Samples, d)
	}
	report, err := s.options.Report(v.Chosen.Dir)
	switch {
	case err == nil:
		v.Report = &reportView{report}
	case !errors.Is(err, ablation.ErrNotFound):
		log.Warn("report can't be read", "err", err)
	}
	all, err := s.options.Problems(v.Chosen.Dir)
	if err != nil {
		log.Warn("problems can't be read", "err", err)
	}
	seen := map[string]int{}
	for _, p := range all {
		if seen[p.Reason]++; seen[p.Reason] <= problemsEach {
			v.Problems = append(v.Problems, p)
		}
	}
}

// dense is a text without its empty lines, so that the few lines that are shown say something.
func dense(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	return strings.Join(lines, "\n")
}

// newSourcesView takes the newest version of each source, Japanese and English first, then in order of names.
func newSourcesView(all []ablation.Source) sourcesView {
	v := sourcesView{Now: now()}
	seen := map[string]bool{}
	for _, source := range all { // newest first
		if !seen[source.Name] {
			seen[source.Name] = true
			v.Sources = append(v.Sources, sourceRow{source})
			v.Bytes, v.Documents = v.Bytes+source.Bytes, v.Documents+source.Documents
		}
	}
	rank := func(s sourceRow) int { return slices.Index(langOrder, langClass(s.Lang)) }
	slices.SortFunc(v.Sources, func(a, b sourceRow) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Name, b.Name)) })
	return v
}

// choose shows the named source whole, or the first one where there is no name; it reports whether there is such a one.
func (v *sourcesView) choose(name string, all []ablation.Source) bool {
	for _, source := range v.Sources {
		if name == "" || source.Name == name {
			v.Chosen = &source
			break
		}
	}
	if v.Chosen == nil {
		return name == ""
	}
	for _, source := range all {
		if source.Name == v.Chosen.Name {
			v.Versions = append(v.Versions, source)
		}
	}
	return true
}
