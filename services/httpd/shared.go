package httpd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/chart"
)

// sharedView is the page behind a link. It names nothing of the app but what was shared.
type sharedView struct {
	ablation.Share
	frozen
	Caption string
	Heading string // the chart's name
	Hint    string // what its values are
	Zoom    bool   // whether parts of it can be asked for
	Size    string // class for the chart's room
	Says    [][]chart.Span
	Rows    []sharedRow
	Tokens  string // of a run
	Model   string
	Trainer string
	URL     string // of the page; figure and points are below it
	Digest  string // of the figure's bytes
}

// sharedRow is an arm's line in the table below the chart.
type sharedRow struct {
	Arm    armView
	N      int
	JA, EN resultCell
	Runs   []frozenRun
}

// unlisted is for all addresses that may be a link: nobody's cache and no search engine keeps what lies behind one, and
// no site hears of it.
func unlisted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}

// lookup finds a share by its secret's digest.
type lookup func(ctx context.Context, hash [32]byte) (ablation.Share, error)

// openShare is the share that the address's secret opens; where there is none it has answered, whatever the reason, with
// the same page. Where nobody can tell, since the store doesn't answer, it has said that and nothing of the link.
func (s *Server) openShare(w http.ResponseWriter, r *http.Request, look lookup) (share ablation.Share, kept frozen, ok bool) {
	hash, err := secretHash(chi.URLParam(r, "secret"))
	if err == nil {
		share, err = look(r.Context(), hash)
	}
	if err == nil && share.Live {
		share, err = s.live.now(r.Context(), share)
	}
	if err == nil {
		err = json.Unmarshal(share.Chart, &kept)
	}
	if err == nil {
		share.Question = kept.heading(share.Question, requestLanguage(r))
		return share, kept, true
	}
	if status(err) == http.StatusNotFound {
		s.gone(w, r)
	} else {
		s.away(w, r, share.ID, err)
	}
	return share, kept, false
}

// gone is the page of every link that opens nothing.
func (s *Server) gone(w http.ResponseWriter, r *http.Request) {
	s.sayOfLink(w, r, http.StatusNotFound, "gone")
}

// away is the page of every link while shares can't be read.
func (s *Server) away(w http.ResponseWriter, r *http.Request, share int64, err error) {
	if !left(r.Context()) {
		s.options.Log.Error("a share can't be read", "share_id", share, "err", err)
	}
	w.Header().Set("Retry-After", "60")
	s.sayOfLink(w, r, http.StatusServiceUnavailable, "away")
}

func (s *Server) sayOfLink(w http.ResponseWriter, r *http.Request, status int, key string) {
	words := s.words(r)
	m := messageView{Head: words.text(key + ".head"), Lines: []string{words.text(key + ".body")}}
	s.render(w, r, view{status: status, page: "gone", title: m.Head, shell: "public", data: m})
}

func (s *Server) sharedPage(w http.ResponseWriter, r *http.Request) {
	share, kept, ok := s.openShare(w, r, s.opening(r))
	if ok {
		s.renderShared(w, r, share, kept, view{page: "shared", shell: "public"})
	}
}

// embeddedPage is the chart alone, to be shown in the pages of sites that the share's owner has named.
func (s *Server) embeddedPage(w http.ResponseWriter, r *http.Request) {
	embeddable := func(ctx context.Context, hash [32]byte) (ablation.Share, error) {
		share, err := s.options.Store.Share(ctx, hash)
		if err == nil && len(share.EmbedIn) == 0 {
			err = ablation.ErrNotFound
		}
		if err != nil {
			return share, err
		}
		return s.opening(r)(ctx, hash)
	}
	share, kept, ok := s.openShare(w, r, embeddable)
	if !ok {
		return
	}
	w.Header().Set("Content-Security-Policy", policy(share.EmbedIn))
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	s.renderShared(w, r, share, kept, view{page: "embedded", shell: "embedded"})
}

// unfurler is a program that asks for a page to show a link to it, which nobody has opened yet.
var unfurler = regexp.MustCompile(`(?i)bot\b|bot/|crawl|spider|facebookexternalhit|embedly|preview|slurp|whatsapp|unfurl`)

// opening finds a share, and counts a view where a person opens the page, as far as a request tells.
func (s *Server) opening(r *http.Request) lookup {
	to := r.Header.Get("Sec-Fetch-Dest")
	asked := to == "" || to == "document" || to == "iframe"
	if r.Method == http.MethodHead || !asked || r.Header.Get("Sec-Purpose") != "" || unfurler.MatchString(r.UserAgent()) {
		return s.options.Store.Share
	}
	return s.options.Store.OpenShare
}

func (s *Server) renderShared(w http.ResponseWriter, r *http.Request, share ablation.Share, kept frozen, v view) {
	named, err := kept.says()
	if err != nil {
		s.away(w, r, share.ID, err)
		return
	}
	shown := s.words(r).sharedView(share, kept)
	lang := requestLanguage(r)
	shown.Caption, shown.Heading, shown.Hint = named.Caption.In(lang), named.Title.In(lang), named.Subtitle.In(lang)
	shown.Zoom = named.Kind == chart.KindCurve
	shown.Size = named.size()
	shown.URL = "/s/" + chi.URLParam(r, "secret")
	if share.Live {
		v.poll = livePoll
	}
	v.title, v.data, v.link = share.Question, shown, s.unfurling(s.words(r), shown)
	s.render(w, r, v)
}

func (w words) sharedView(share ablation.Share, kept frozen) sharedView {
	sum := sha256.Sum256(kept.Figure)
	v := sharedView{
		Share: share, frozen: kept, Tokens: w.lengths(kept.lengths()), Model: modelNames(kept.models()),
		Trainer: kept.Recipe.Trainer, Digest: hex.EncodeToString(sum[:]),
	}
	for _, sentence := range kept.Says {
		v.Says = append(v.Says, sentence.In(w.lang))
	}
	for _, a := range kept.Arms {
		v.Rows = append(v.Rows, sharedRow{
			Arm: armView{Label: a.Label.In(w.lang), Hue: a.Mark.Hue, Hollow: a.Mark.Hollow, Baseline: a.Baseline, shape: a.Mark.Shape, glyph: a.Glyph},
			N:   a.N, JA: a.JA.cell(), EN: a.EN.cell(), Runs: a.Runs,
		})
	}
	return v
}

func (m moments) cell() (c resultCell) {
	if m.Mean != nil {
		c.Mean = fixed(*m.Mean, 3)
	}
	if m.SD != nil {
		c.Spread = fixed(*m.SD, 3)
	}
	return c
}

// Pair is a run's scores, Japanese / English; empty where it has none.
func (r frozenRun) Pair() string {
	if r.JA == nil || r.EN == nil {
		return ""
	}
	return fixed(*r.JA, 3) + " / " + fixed(*r.EN, 3)
}

// sharedChart is the figure as it was frozen, byte for byte, or the part of it that the address asks for.
func (s *Server) sharedChart(w http.ResponseWriter, r *http.Request) {
	share, kept, ok := s.openShare(w, r, s.options.Store.Share)
	if !ok {
		return
	}
	data, _, err := s.asked(r, share, kept)
	if err != nil {
		s.cannot(w, r, share.ID, err)
		return
	}
	t := newTagged(data)
	// A browser may keep the bytes but must ask each time: a link can be revoked.
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", t.ETag)
	if t.matches(r.Header.Get("If-None-Match")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data) // the browser has left: nobody to tell
}

// sharedPoints are exactly the points of the figure, or of the part of it that the address asks for.
func (s *Server) sharedPoints(w http.ResponseWriter, r *http.Request) {
	share, kept, ok := s.openShare(w, r, s.options.Store.Share)
	if !ok {
		return
	}
	_, points, err := s.asked(r, share, kept)
	if err != nil {
		s.cannot(w, r, share.ID, err)
		return
	}
	serveCSV(w, "haigo-"+share.Kind, points)
}
