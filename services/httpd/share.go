package httpd

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

const (
	shareDays    = 30  // unless asked otherwise
	shareDaysMax = 365 // a link without an end is none that we give
	hintLength   = 4
)

// choices of how long a link lasts, in days.
var shareChoices = []int{7, shareDays, 90, shareDaysMax}

type sharesView struct {
	Filters []filter
	Show    string
	Shares  []shareRow
	Made    *madeShare
	Sweeps  []ablation.Sweep // that could be shared, where nothing is
	Now     time.Time
}

// madeShare is a share whose whole link is shown, once.
type madeShare struct {
	URL      string
	Question string
	Expires  time.Time
	Frame    string // markup that shows it in another page; empty: no page may
}

type shareRow struct {
	ablation.Share
	Name     string   // of the chart, or what its kind is called
	Sweeps   []string // that it is of
	Opens    bool     // neither ended nor revoked
	DaysLeft int
}

func (s *Server) sharesPage(w http.ResponseWriter, r *http.Request) { s.renderShares(w, r, nil) }

func (s *Server) renderShares(w http.ResponseWriter, r *http.Request, made *madeShare) {
	shares, err := s.options.Store.Shares(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := sharesView{Show: r.URL.Query().Get("show"), Made: made, Now: now(), Filters: []filter{{Key: "all"}, {Key: "live"}, {Key: "gone"}}}
	if v.Show != "live" && v.Show != "gone" {
		v.Show = "all"
	}
	words := s.words(r)
	for _, share := range shares {
		row := newShareRow(words, share, v.Now)
		kind := map[bool]string{true: "live", false: "gone"}[row.Opens]
		for i, f := range v.Filters {
			if f.Key == "all" || f.Key == kind {
				v.Filters[i].Count++
			}
		}
		if v.Show == "all" || v.Show == kind {
			v.Shares = append(v.Shares, row)
		}
	}
	for i := range v.Filters {
		v.Filters[i].On = v.Filters[i].Key == v.Show
	}
	if len(shares) == 0 {
		v.Sweeps, err = s.options.Store.Sweeps(r.Context(), earlierShown, 0)
		if err != nil {
			s.options.Log.Warn("sweeps can't be offered to be shared", "err", err)
		}
		v.Sweeps = slices.DeleteFunc(v.Sweeps, func(w ablation.Sweep) bool { return w.Counts.Completed == 0 })
		v.Sweeps = v.Sweeps[:min(len(v.Sweeps), earlierOffered)]
	}
	page := view{page: "shares", title: s.words(r).text("nav.shares"), nav: "shares", live: "/api/v1/events?shares", path: "/shares", data: v}
	if r.Method == http.MethodPost {
		page.self = page.path
	}
	s.render(w, r, page)
}

func newShareRow(words words, v ablation.Share, now time.Time) shareRow {
	left := v.ExpiresAt.Sub(now)
	v, kept := headed(v, words.lang)
	chart, _ := kept.says() // what can't be read has its kind's name
	sweeps := kept.Sweeps
	if len(sweeps) == 0 {
		sweeps = []string{v.Sweep}
	}
	name := words.text("chart." + v.Kind)
	if title := chart.Title.In(words.lang); title != "" && v.Kind != "tradeoff" {
		name += ": " + title
	}
	return shareRow{Share: v, Name: name, Sweeps: sweeps, Opens: v.RevokedAt == nil && left > 0, DaysLeft: int((left + 24*time.Hour - 1) / (24 * time.Hour))}
}

// shareView is the form that makes a share.
type shareView struct {
	Sweep, URL, Question string
	Days                 []int
	Chosen               int
	Live                 bool
	Embed                string            // sites, one a line
	Wrong                map[string]string // by field
}

func shareForm(words words, sweep ablation.Sweep) shareView {
	return shareView{Sweep: sweep.Name, URL: sweepURL(sweep.Name), Question: sweep.Asks(words.lang), Days: shareChoices, Chosen: shareDays}
}

func (s *Server) sharePage(w http.ResponseWriter, r *http.Request) {
	sweep, err := s.options.Store.Sweep(r.Context(), chi.URLParam(r, "sweep"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderShareForm(w, r, http.StatusOK, shareForm(s.words(r), sweep))
}

func (s *Server) renderShareForm(w http.ResponseWriter, r *http.Request, code int, v shareView) {
	s.render(w, r, view{status: code, page: "share", title: s.words(r).text("shares.new"), nav: "sweeps", path: v.URL + "/share", data: v})
}

// share makes a share; what is wrong with it stands at its field, beside what was written.
func (s *Server) share(w http.ResponseWriter, r *http.Request) {
	if err := readForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	v := shareView{Sweep: chi.URLParam(r, "sweep"), Question: r.PostFormValue("question"), Days: shareChoices, Chosen: shareDays}
	v.URL, v.Live, v.Embed = sweepURL(v.Sweep), r.PostFormValue("kind") == "live", r.PostFormValue("embed_in")
	if days, err := strconv.Atoi(r.PostFormValue("days")); err == nil && days >= 1 && days <= shareDaysMax {
		v.Chosen = days
	}
	question := v.Question
	if question == "" {
		if sweep, err := s.options.Store.Sweep(r.Context(), v.Sweep); err == nil { // what is wrong with it, Create says
			question = sweep.Asks(s.words(r).lang)
		}
	}
	share, secret, err := s.sharer.Create(r.Context(), ShareRequest{
		Sweep: v.Sweep, Question: question, Lifetime: time.Duration(v.Chosen) * 24 * time.Hour, Live: v.Live, EmbedIn: strings.Fields(v.Embed),
	})
	if v.Wrong = s.words(r).wrong(err); v.Wrong != nil {
		s.renderShareForm(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a share was made", "share_id", share.ID, "sweep", share.Sweep, "live", share.Live)
	s.renderShares(w, r, s.made(share, secret))
}

// wrong is what is wrong with each field; nil where that isn't why something failed.
func (w words) wrong(err error) map[string]string {
	var bad *ablation.Invalid
	if !errors.As(err, &bad) {
		return nil
	}
	wrong := map[string]string{}
	for _, p := range bad.Problems {
		wrong[p.Field] = strings.TrimSpace(wrong[p.Field] + " " + p.Message.In(w.lang))
	}
	return wrong
}

func (s *Server) made(share ablation.Share, secret string) *madeShare {
	m := &madeShare{URL: s.shareURL(secret), Question: share.Question, Expires: share.ExpiresAt}
	if len(share.EmbedIn) > 0 {
		m.Frame = fmt.Sprintf(`<iframe src="%s/embed" title="%s" width="800" height="560" loading="lazy"></iframe>`, m.URL, html.EscapeString(share.Question))
	}
	return m
}

func (s *Server) shareURL(secret string) string { return s.options.URL + "/s/" + secret }

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	id, err := shareNumber(r)
	if err == nil {
		err = s.options.Store.RevokeShare(r.Context(), id)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a share was revoked", "share_id", id)
	http.Redirect(w, r, "/shares", http.StatusSeeOther)
}

// renew gives a share a new secret, shown once; the old link ends.
func (s *Server) renew(w http.ResponseWriter, r *http.Request) {
	id, err := shareNumber(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	share, secret, err := s.sharer.Renew(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a share got a new link", "share_id", share.ID)
	share, _ = headed(share, requestLanguage(r))
	s.renderShares(w, r, s.made(share, secret))
}

// embedView is the form that says which sites may show a share in a frame.
type embedView struct {
	ablation.Share
	Embed string // as it is written, one a line
	Wrong string
}

func (s *Server) embedPage(w http.ResponseWriter, r *http.Request) {
	id, err := shareNumber(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	share, err := s.options.Store.ShareNumbered(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	share, _ = headed(share, requestLanguage(r))
	s.renderEmbed(w, r, http.StatusOK, embedView{Share: share, Embed: strings.Join(share.EmbedIn, "\n")})
}

func (s *Server) renderEmbed(w http.ResponseWriter, r *http.Request, code int, v embedView) {
	path := fmt.Sprintf("/shares/%d/embed", v.ID)
	s.render(w, r, view{status: code, page: "share-embed", title: s.words(r).text("shares.embed"), nav: "shares", path: path, data: v})
}

// embed takes the form; a site that can't be read stands there again with what is wrong with it.
func (s *Server) embed(w http.ResponseWriter, r *http.Request) {
	id, err := shareNumber(r)
	if err == nil {
		err = readForm(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	text := r.PostFormValue("embed_in")
	_, err = s.sharer.Embed(r.Context(), id, strings.Fields(text))
	if wrong := s.words(r).wrong(err); wrong != nil {
		if share, err := s.options.Store.ShareNumbered(r.Context(), id); err == nil {
			s.renderEmbed(w, r, http.StatusUnprocessableEntity, embedView{share, text, wrong["embed_in"]})
			return
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("the sites that may embed a share were changed", "share_id", id)
	http.Redirect(w, r, "/shares", http.StatusSeeOther)
}

func shareNumber(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "share"), 10, 64)
	if err != nil {
		return 0, errors.Join(ablation.ErrNotFound, err)
	}
	return id, nil
}

// newSecret is 32 random bytes as text, and the digest under which they are stored.
func newSecret() (secret string, hash [32]byte) {
	var random [32]byte
	rand.Read(random[:]) // never fails
	secret = base64.RawURLEncoding.EncodeToString(random[:])
	return secret, sha256.Sum256([]byte(secret))
}

// secretHash is the digest of a secret from an address; what can't be one of ours is ErrNotFound.
func secretHash(secret string) ([32]byte, error) {
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err != nil || len(raw) != 32 {
		return [32]byte{}, ablation.ErrNotFound
	}
	return sha256.Sum256([]byte(secret)), nil
}

// ShareRequest is what a share is to hold.
type ShareRequest struct {
	Sweep    string
	Question string        // heading of the page; empty: the sweep's question, or its name
	Lifetime time.Duration // 0: 30 days
	Live     bool          // it is to show the sweep as it stands whenever somebody looks
	EmbedIn  []string      // origins whose pages may show it in a frame
}

// check is the request's origins in their usual form, where it can be granted.
func (q ShareRequest) check() ([]string, error) {
	if q.Lifetime < 0 || q.Lifetime > shareDaysMax*24*time.Hour {
		return nil, invalid("days", "a link lasts from 1 to 365 days; choose within", "リンクの有効期限は 1 日から 365 日までです")
	}
	if len([]rune(q.Question)) > 300 {
		return nil, invalid("question", "the question is longer than 300 characters; shorten it", "問いは 300 文字以内にしてください")
	}
	if strings.ContainsRune(q.Question, 0) {
		return nil, invalid("question", "the question holds a NUL character, which no text may; take it out", "問いに NUL 文字が含まれています。取り除いてください")
	}
	return readOrigins(q.EmbedIn)
}

func invalid(field, en, ja string) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: field, Message: ablation.Label{EN: en, JA: ja}}}}
}
