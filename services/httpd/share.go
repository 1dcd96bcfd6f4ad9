package httpd

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
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
	Now     time.Time
}

// madeShare is a share whose whole link is shown, once.
type madeShare struct {
	URL      string
	Question string
	Expires  time.Time
}

type shareRow struct {
	ablation.Share
	SweepURL string
	Live     bool
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
	for _, share := range shares {
		row := newShareRow(share, v.Now)
		kind := map[bool]string{true: "live", false: "gone"}[row.Live]
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
	s.render(w, r, view{page: "shares", title: s.words(r).text("nav.shares"), nav: "shares", path: "/shares", data: v})
}

func newShareRow(v ablation.Share, now time.Time) shareRow {
	left := v.ExpiresAt.Sub(now)
	return shareRow{Share: v, SweepURL: sweepURL(v.Sweep), Live: v.RevokedAt == nil && left > 0, DaysLeft: int((left + 24*time.Hour - 1) / (24 * time.Hour))}
}

// shareView is the form that makes a share.
type shareView struct {
	Sweep, URL, Question string
	Days                 []int
	Chosen               int
}

func shareForm(sweep ablation.Sweep) shareView {
	return shareView{Sweep: sweep.Name, URL: sweepURL(sweep.Name), Question: sweep.Question, Days: shareChoices, Chosen: shareDays}
}

func (s *Server) sharePage(w http.ResponseWriter, r *http.Request) {
	sweep, err := s.options.Store.Sweep(r.Context(), chi.URLParam(r, "sweep"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	words := s.words(r)
	s.render(w, r, view{page: "share", title: words.text("shares.new"), nav: "sweeps", data: shareForm(sweep)})
}

func (s *Server) share(w http.ResponseWriter, r *http.Request) {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > shareDaysMax {
		days = shareDays
	}
	share, secret, err := s.sharer.Create(r.Context(), ShareRequest{
		Sweep: chi.URLParam(r, "sweep"), Question: r.PostFormValue("question"), Lifetime: time.Duration(days) * 24 * time.Hour,
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a share was made", "share_id", share.ID, "sweep", share.Sweep)
	s.renderShares(w, r, &madeShare{s.shareURL(secret), share.Question, share.ExpiresAt})
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
	s.renderShares(w, r, &madeShare{s.shareURL(secret), share.Question, share.ExpiresAt})
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
}

func (q ShareRequest) check() error {
	if q.Lifetime < 0 || q.Lifetime > shareDaysMax*24*time.Hour {
		return invalid("days", "a link lasts from 1 to 365 days; choose within", "リンクの有効期限は 1 日から 365 日までです")
	}
	if len([]rune(q.Question)) > 300 {
		return invalid("question", "the question is longer than 300 characters; shorten it", "問いは 300 文字以内にしてください")
	}
	if strings.ContainsRune(q.Question, 0) {
		return invalid("question", "the question holds a NUL character, which no text may; take it out", "問いに NUL 文字が含まれています。取り除いてください")
	}
	return nil
}

func invalid(field, en, ja string) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: field, Message: ablation.Label{EN: en, JA: ja}}}}
}
