package httpd

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/web"
)

// renderer holds every page in every language, parsed.
type renderer struct {
	assets assets
	words  map[string]words
	pages  map[string]map[string]*template.Template // by language, then by the page's file name without .html
}

// shells are templates that pages are set into, and parts; all other files are pages.
var shells = []string{"layout.html", "parts.html", "figure.html"}

func newRenderer(a assets) (*renderer, error) {
	r := &renderer{assets: a, words: map[string]words{}, pages: map[string]map[string]*template.Template{}}
	for _, lang := range languages {
		w, err := loadWords(lang)
		if err != nil {
			return nil, err
		}
		r.words[lang], r.pages[lang] = w, map[string]*template.Template{}
		if err := r.parse(w); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *renderer) parse(w words) error {
	files := web.Templates()
	base, err := template.New("").Funcs(w.funcs()).ParseFS(files, shells...)
	if err != nil {
		return fmt.Errorf("parse templates: %w", err)
	}
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return err
	}
	for _, file := range names {
		page, err := base.Clone()
		if err == nil {
			_, err = page.ParseFS(files, file)
		}
		if err != nil {
			return fmt.Errorf("parse template %s: %w", file, err)
		}
		r.pages[w.lang][strings.TrimSuffix(file, ".html")] = page
	}
	return nil
}

// funcs are what templates may call, in one language.
func (w words) funcs() template.FuncMap {
	return template.FuncMap{
		"t": w.text, "known": w.known, "lang": func() string { return w.lang },
		"fixed": fixed, "signed": signed, "int": integer, "pct": percent, "size": size, "sci": scientific,
		"big": w.big, "lasting": w.lasting, "when": w.when, "day": w.day, "ago": w.ago, "clock": clock, "minute": minute, "moment": w.moment,
		"float": func(n int64) float64 { return float64(n) }, "yen": func(v float64) string { return w.text("yen", "n", integer(int64(v))) },
		"icon": icon, "state": func(of any, fraction float64) template.HTML { return stateMark(fmt.Sprint(of), fraction) }, "bar": bar, "cells": cells, "spark": spark, "langClass": langClass,
		"langName": w.language, "pair": pair, "term": term,
	}
}

// language is the name of a language label, or the label itself where it has no name here.
func (w words) language(tag string) string { return w.known(tag, tag) }

// textIn is what pages call the text of a language among sources: where that isn't told, by the one source that it is of.
func (w words) textIn(tag string, sources []ablation.Source) string {
	own := slices.DeleteFunc(slices.Clone(sources), func(s ablation.Source) bool { return s.Lang != tag })
	if tag == corpus.Undetermined && len(own) == 1 {
		return own[0].Name
	}
	return w.language(tag)
}

// pair hands a part of a page its value together with a second one, as .A and .B.
func pair(a, b any) struct{ A, B any } { return struct{ A, B any }{a, b} }

// frame is what the shell around a page needs.
type frame struct {
	Lang    string
	Title   string
	Nav     string     // which entry of the navigation is current; empty: none
	Shell   string     // what is around the page: app, public or bare
	Live    string     // address of the events that change this page; empty: none do
	Self    string     // where these are to be seen, where that isn't the page's address
	Beat    int64      // milliseconds between two signs of life of these
	Poll    int        // seconds after which the page is to look whether it has changed; 0: never
	Link    *unfurling // what chat tools show of it; nil: nothing
	Assets  assets
	LogsIn  bool // whether people log in here
	Version string
	Main    template.HTML // the page itself, rendered
	Charts  bool          // whether it has any

	path  string // empty: that of the request
	query url.Values
}

// Other is this page's address in another language.
func (f frame) Other(lang string) string {
	query := url.Values{}
	for k, v := range f.query {
		query[k] = v
	}
	query.Set("lang", lang)
	return f.path + "?" + query.Encode()
}

// view is a page to be rendered.
type view struct {
	status int    // default 200
	page   string // the template
	title  string // in the page's language
	nav    string
	shell  string // default app
	live   string
	self   string // where what changes is to be seen, where the page answers a form
	poll   time.Duration
	link   *unfurling
	path   string     // the page's own address, where the request was to another
	query  url.Values // and its query
	loud   bool       // a browser is to see the code of a refusal, too
	data   any
}

// code is what a page is answered with. Browsers write the code of every refusal to their console as if the page were
// broken; the page of a form that can't be taken is not, and says itself what to do. Programs get the code.
func (v view) code(r *http.Request) int {
	code := max(v.status, http.StatusOK)
	form := r.Method == http.MethodPost && strings.Contains(r.Header.Get("Accept"), "text/html")
	if form && !v.loud && code < http.StatusInternalServerError {
		return http.StatusOK
	}
	return code
}

// render writes a whole page, or an error page where its template breaks.
func (s *Server) render(w http.ResponseWriter, r *http.Request, v view) {
	lang := requestLanguage(r)
	f := frame{
		Lang: lang, Title: v.title, Nav: v.nav, Shell: cmp.Or(v.shell, "app"), Live: v.live, Self: v.self, Beat: s.options.beat.Milliseconds(), Poll: int(v.poll.Seconds()), Link: v.link, Assets: s.assets, LogsIn: s.guard.token != "",
		Version: s.options.Version, path: v.path, query: v.query,
	}
	if f.query == nil {
		f.query = r.URL.Query()
	}
	page, ok := s.renderer.pages[lang][v.page]
	if !ok {
		s.options.Log.Error("there is no such template", "page", v.page)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	out, err := execute(page, f, v.data)
	if err != nil {
		s.options.Log.Error("a page can't be rendered", "page", v.page, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language, Cookie")
	w.WriteHeader(v.code(r))
	_, _ = out.WriteTo(w) // the browser has left: nobody to tell
}

// execute renders a page and then the shell around it, which depends on what the page holds.
func execute(page *template.Template, f frame, data any) (*bytes.Buffer, error) {
	var main, out bytes.Buffer
	if err := page.ExecuteTemplate(&main, "main", data); err != nil {
		return nil, err
	}
	f.Main = template.HTML(main.Bytes()) // escaped as it was rendered
	f.Charts = bytes.Contains(main.Bytes(), []byte("<figure data-figure="))
	return &out, page.ExecuteTemplate(&out, "layout", f)
}

// words are the request's language's.
func (s *Server) words(r *http.Request) words { return s.renderer.words[requestLanguage(r)] }

// now is the one place where pages read the clock: for "3 min ago" only. What counts is compared in the database.
func now() time.Time { return time.Now() }
