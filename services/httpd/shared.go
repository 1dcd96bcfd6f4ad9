package httpd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// sharedView is the page behind a link. It names nothing of the app but what was shared.
type sharedView struct {
	ablation.Share
	frozen
	Says       [][]chart.Span
	Tokens     float64 // of a run
	Model      string
	Trainer    string
	Source     string // address of the figure
	CSVAddress string
	Table      figureTable
	Digest     string // of the figure's bytes
}

// figureTable is a figure's table in one language, ready to be shown.
type figureTable struct {
	Columns []tableColumn
	Rows    [][]tableCell
}

type tableColumn struct {
	Name   string
	Number bool
}

// tableCell is a text, or an arm.
type tableCell struct {
	Text   string
	Arm    *armView
	Number bool
}

// lookup finds a share by its secret's digest.
type lookup func(ctx context.Context, hash [32]byte) (ablation.Share, error)

// openShare is the share that the address's secret opens; where there is none it has answered, whatever the reason, with
// the same page.
func (s *Server) openShare(w http.ResponseWriter, r *http.Request, look lookup) (share ablation.Share, kept frozen, ok bool) {
	// Nobody's cache and no search engine keeps what lies behind a link, and no site hears of it.
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	hash, err := secretHash(chi.URLParam(r, "secret"))
	if err == nil {
		share, err = look(r.Context(), hash)
	}
	if err == nil {
		err = json.Unmarshal(share.Chart, &kept)
	}
	if err == nil {
		return share, kept, true
	}
	if status(err) != http.StatusNotFound {
		s.options.Log.Error("a share can't be read", "share_id", share.ID, "err", err)
	}
	words := s.words(r)
	m := messageView{Head: words.text("gone.head"), Body: words.text("gone.body")}
	s.render(w, r, view{status: http.StatusNotFound, page: "gone", title: m.Head, shell: "public", data: m})
	return share, kept, false
}

func (s *Server) sharedPage(w http.ResponseWriter, r *http.Request) {
	share, kept, ok := s.openShare(w, r, s.options.Store.OpenShare)
	if !ok {
		return
	}
	v, err := s.sharedView(s.words(r), share, kept)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	base := "/s/" + chi.URLParam(r, "secret")
	v.Source, v.CSVAddress = base+"/chart.json", base+"/points.csv"
	s.render(w, r, view{page: "shared", title: share.Question, shell: "public", data: v})
}

func (s *Server) sharedView(w words, share ablation.Share, kept frozen) (sharedView, error) {
	var f chart.Figure
	if err := json.Unmarshal(kept.Figure, &f); err != nil {
		return sharedView{}, fmt.Errorf("read a shared figure: %w", err)
	}
	sum := sha256.Sum256(kept.Figure)
	v := sharedView{
		Share: share, frozen: kept, Tokens: float64(kept.Recipe.Steps() * kept.Recipe.TokensPerStep()), Model: modelName(kept.Recipe.Shape),
		Trainer: kept.Recipe.Trainer, Table: w.table(f), Digest: hex.EncodeToString(sum[:]),
	}
	for _, sentence := range kept.Says {
		v.Says = append(v.Says, sentence.In(w.lang))
	}
	return v, nil
}

// sharedChart is the figure as it was frozen, byte for byte.
func (s *Server) sharedChart(w http.ResponseWriter, r *http.Request) {
	_, kept, ok := s.openShare(w, r, s.options.Store.Share)
	if !ok {
		return
	}
	t := newTagged(kept.Figure)
	// A browser may keep the bytes but must ask each time: a link can be revoked.
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", t.ETag)
	if t.matches(r.Header.Get("If-None-Match")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(kept.Figure) // the browser has left: nobody to tell
}

// sharedPoints are exactly the points of the figure.
func (s *Server) sharedPoints(w http.ResponseWriter, r *http.Request) {
	if share, _, ok := s.openShare(w, r, s.options.Store.Share); ok {
		serveCSV(w, "haigo-"+share.Kind, share.CSV)
	}
}
