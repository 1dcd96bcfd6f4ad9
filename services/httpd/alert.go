package httpd

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// alertsShown is how many alerts the page lists.
const alertsShown = 50

// Alerts seals and sends what goes through channels.
type Alerts interface {
	// Seal checks a channel's address, encrypts it and fills in what may be shown of it. secret signs a webhook.
	Seal(c ablation.Channel, address string) (sealed ablation.Channel, secret string, err error)
	// Send sends an alert through its channel, with the end of its run's log. An error is *ablation.Trouble.
	Send(ctx context.Context, d ablation.Delivery, log []string) error
}

// alertsView is the page of alerts and of where they go.
type alertsView struct {
	Alerts   []alertRow
	Channels []ablation.Channel
	Form     channelForm
	Made     *madeChannel
	Tested   *testedChannel
	Now      time.Time
}

type alertRow struct {
	ablation.Alert
	URL, What, Why string
	Bad            bool
}

// channelForm is what was filled in, with what is wrong beside it.
type channelForm struct {
	Channel  ablation.Channel
	Address  string
	Kinds    []ablation.ChannelKind
	Events   []ablation.AlertKind
	Problems map[string]string
}

// Takes reports whether the form's channel takes alerts of a kind.
func (f channelForm) Takes(kind ablation.AlertKind) bool {
	return slices.Contains(f.Channel.Kinds, kind)
}

// madeChannel is a webhook whose secret is shown once.
type madeChannel struct{ Name, Secret string }

type testedChannel struct{ Name, Trouble string }

func newChannelForm(words words) channelForm {
	return channelForm{
		Channel: ablation.Channel{Kind: ablation.ChannelSlack, Lang: words.lang, Kinds: ablation.AlertKinds()},
		Kinds:   ablation.ChannelKinds(), Events: ablation.AlertKinds(),
	}
}

func (s *Server) alertsPage(w http.ResponseWriter, r *http.Request) {
	s.renderAlerts(w, r, http.StatusOK, alertsView{Form: newChannelForm(s.words(r))})
}

func (s *Server) renderAlerts(w http.ResponseWriter, r *http.Request, status int, v alertsView) {
	alerts, err := s.options.Store.Alerts(r.Context(), alertsShown)
	if err == nil {
		v.Channels, err = s.options.Store.Channels(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	words := s.words(r)
	v.Now = now()
	for _, a := range alerts {
		v.Alerts = append(v.Alerts, words.alert(a))
	}
	s.render(w, r, view{status: status, page: "alerts", title: words.text("nav.alerts"), nav: "alerts", path: "/alerts", data: v})
}

func (w words) alert(a ablation.Alert) alertRow {
	row := alertRow{Alert: a, What: w.text("alerts." + string(a.Kind)), Why: a.Detail.Message.In(w.lang)}
	row.Bad = slices.Contains([]ablation.AlertKind{ablation.AlertRunFailed, ablation.AlertRunDiverged, ablation.AlertSweepPaused}, a.Kind)
	switch {
	case a.RunID != "":
		row.URL = runURL(a.RunID)
	case a.Sweep != "":
		row.URL = sweepURL(a.Sweep)
	default:
		row.URL = recurrenceURL(a.Recurrence)
	}
	return row
}

// addChannel takes the form; what is wrong with it is shown beside its fields, and nothing that was filled in is lost.
func (s *Server) addChannel(w http.ResponseWriter, r *http.Request) {
	form := newChannelForm(s.words(r))
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, ablation.ErrNotFound)
		return
	}
	c := &form.Channel
	c.Name, c.Kind, c.Lang, c.Of = r.PostForm.Get("name"), ablation.ChannelKind(r.PostForm.Get("kind")), r.PostForm.Get("lang"), r.PostForm.Get("of")
	c.Kinds, form.Address = nil, r.PostForm.Get("address")
	for _, k := range r.PostForm["kinds"] {
		c.Kinds = append(c.Kinds, ablation.AlertKind(k))
	}
	if from, to := r.PostForm.Get("quiet_from"), r.PostForm.Get("quiet_to"); from != "" || to != "" {
		c.Quiet = &ablation.Quiet{From: from, To: to, Zone: "Asia/Tokyo"}
	}
	secret, err := s.keepChannel(r.Context(), *c, form.Address)
	var bad *ablation.Invalid
	if errors.As(err, &bad) {
		form.Problems = map[string]string{}
		for _, p := range bad.Problems {
			form.Problems[p.Field] = p.Message.In(s.words(r).lang)
		}
		s.renderAlerts(w, r, http.StatusUnprocessableEntity, alertsView{Form: form})
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if secret != "" {
		s.renderAlerts(w, r, http.StatusOK, alertsView{Form: newChannelForm(s.words(r)), Made: &madeChannel{c.Name, secret}})
		return
	}
	http.Redirect(w, r, "/alerts", http.StatusSeeOther)
}

// keepChannel keeps a channel, or says all that is wrong with it and its address.
func (s *Server) keepChannel(ctx context.Context, c ablation.Channel, address string) (secret string, err error) {
	wrong := c.Check()
	c, secret, err = s.options.Alerts.Seal(c, address)
	var bad, also *ablation.Invalid
	if errors.As(wrong, &bad) && errors.As(err, &also) {
		bad.Problems = append(bad.Problems, also.Problems...)
	}
	if err := cmp.Or(wrong, err); err != nil {
		return "", err
	}
	id, err := s.options.Store.PutChannel(ctx, c)
	if err == nil {
		s.options.Log.Info("a channel for alerts was added", "channel_id", id, "kind", c.Kind)
	}
	return secret, err
}

// testChannel sends a test at once; whether it arrived is all that is said of the answer.
func (s *Server) testChannel(w http.ResponseWriter, r *http.Request) {
	c, err := s.channel(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := alertsView{Form: newChannelForm(s.words(r)), Tested: &testedChannel{Name: c.Name}}
	if err := s.test(r.Context(), c); err != nil {
		v.Tested.Trouble = ablation.TroubleOf(err).In(s.words(r).lang)
	}
	s.renderAlerts(w, r, http.StatusOK, v)
}

func (s *Server) test(ctx context.Context, c ablation.Channel) error {
	return s.options.Alerts.Send(ctx, ablation.Delivery{Alert: ablation.Alert{Kind: ablation.AlertTest, At: now()}, Channel: c}, nil)
}

func (s *Server) removeChannel(w http.ResponseWriter, r *http.Request) {
	c, err := s.channel(r)
	if err == nil {
		err = s.options.Store.RemoveChannel(r.Context(), c.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.options.Log.Info("a channel for alerts was removed", "channel_id", c.ID)
	http.Redirect(w, r, "/alerts", http.StatusSeeOther)
}

func (s *Server) channel(r *http.Request) (ablation.Channel, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "channel"), 10, 64)
	if err != nil {
		return ablation.Channel{}, ablation.ErrNotFound
	}
	return s.options.Store.Channel(r.Context(), id)
}
