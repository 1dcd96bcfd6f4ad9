package orchestrator_test

import (
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/alert/alerttest"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// office is an outbox with the real sender behind it.
type office struct {
	*testing.T
	url     string
	store   *postgres.Store
	sender  *alert.Sender
	alerter *orchestrator.Alerter
}

func newOffice(t *testing.T, settings alert.Settings) *office {
	t.Helper()
	box, err := alert.OpenBox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	url := pgtest.URL(t)
	o := &office{T: t, url: url, store: open(t, url), sender: alert.NewSender(box, settings, "http://haigo.example")}
	o.alerter = &orchestrator.Alerter{Store: o.store, Send: o.sender.Send, Log: slog.New(slog.DiscardHandler)}
	addText(t, o.store)
	return o
}

func (o *office) channel(name string, kind ablation.ChannelKind, address string) {
	o.Helper()
	c, _, err := o.sender.Seal(ablation.Channel{Name: name, Kind: kind, Lang: "ja", Kinds: ablation.AlertKinds()}, address)
	if err == nil {
		_, err = o.store.PutChannel(o.Context(), c)
	}
	if err != nil {
		o.Fatal(err)
	}
}

// ended raises one alert: a sweep whose only run a person stopped has finished.
func (o *office) ended() {
	o.Helper()
	sweep, _, err := sweeper(o.store).Apply(o.Context(), sweepFile("s", ""), "")
	if err != nil {
		o.Fatal(err)
	}
	runs, err := o.store.Runs(o.Context(), sweep.Name)
	if err == nil {
		err = o.store.StopRun(o.Context(), runs[0].ID, ablation.StopPerson)
	}
	if err != nil {
		o.Fatal(err)
	}
}

// round sends what is due, and what waits for its next try.
func (o *office) round() {
	o.Helper()
	sql(o.T, o.url, `UPDATE deliveries SET next_at = now()`)
	if err := o.alerter.AlertOnce(o.Context()); err != nil {
		o.Fatal(err)
	}
}

func (o *office) troubles() map[string]string {
	o.Helper()
	channels, err := o.store.Channels(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	said := map[string]string{}
	for _, c := range channels {
		said[c.Name] = c.Trouble
	}
	return said
}

func (o *office) shownOnce() {
	o.Helper()
	if all, err := o.store.Alerts(o.Context(), 10); err != nil || len(all) != 1 {
		o.Errorf("%d alerts are shown, %v; want one", len(all), err)
	}
}

// The mail server's port is closed, then open again. Whoever sends first then dies before it can say so, so that the mail
// arrives a second time, as the same.
func TestFault_MailServerAway(t *testing.T) {
	t.Parallel()
	server := alerttest.NewMailServer(t)
	o := newOffice(t, alert.Settings{Mail: alert.MailServer{Server: server.Address, From: "haigo@example.jp", TLS: "none"}})
	o.channel("mail", ablation.ChannelMail, "someone@example.jp")
	server.Leave()
	o.ended()
	for range 2 {
		o.round()
	}
	if o.troubles()["mail"] == "" || len(server.Mails) != 0 {
		t.Fatalf("a server that is away took %d mails; trouble %q", len(server.Mails), o.troubles()["mail"])
	}
	server.Return()
	sql(t, o.url, `UPDATE deliveries SET next_at = now()`)
	channels, err := o.store.DueChannels(t.Context())
	if err != nil || len(channels) != 1 {
		t.Fatalf("deliveries are due through %v, %v", channels, err)
	}
	held, err := o.store.TakeDelivery(t.Context(), channels[0], time.Hour)
	if err != nil || held == nil {
		t.Fatalf("nothing is due: %v", err)
	}
	if err := o.sender.Send(t.Context(), *held, nil); err != nil {
		t.Fatal(err)
	}
	o.round()
	o.round()
	if len(server.Mails) != 2 {
		t.Fatalf("%d mails came, want the one of the sender that died and one more", len(server.Mails))
	}
	first, second := <-server.Mails, <-server.Mails
	if a, b := alerttest.Header(first, "Message-ID"), alerttest.Header(second, "Message-ID"); a == "" || a != b {
		t.Errorf("ids %q and %q of one alert", a, b)
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(alerttest.Header(second, "Subject")); err != nil || subject != "[Haigo] スイープ終了: s" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if o.troubles()["mail"] != "" {
		t.Errorf("trouble %q after it arrived", o.troubles()["mail"])
	}
	o.shownOnce()
	t.Log("figure: 2 tries while it was away, then 2 mails of one id (one sender died), shown once")
}

// A webhook's target hangs until another got the alert, one redirects to it, and one is loopback: it gets it once.
func TestFault_WebhooksThatHangAndRedirect(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	got := make(chan struct{})
	fine := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if arrived.Add(1) == 1 {
			close(got)
		}
	}))
	t.Cleanup(fine.Close)
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-got:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(hangs.Close)
	redirects := httptest.NewServer(http.RedirectHandler(fine.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirects.Close)
	o := newOffice(t, alert.Settings{Allow: []string{"127.0.0.1/32"}})
	o.channel("hangs", ablation.ChannelWebhook, hangs.URL)
	o.channel("redirects", ablation.ChannelWebhook, redirects.URL)
	o.channel("loopback", ablation.ChannelWebhook, "http://127.0.0.2:9/")
	o.channel("fine", ablation.ChannelWebhook, fine.URL)
	o.ended()
	for range 2 {
		o.round()
	}
	said := o.troubles()
	for name, want := range map[string]string{"hangs": "it answers 503", "redirects": "it answers 307", "loopback": alert.ErrPrivate.Error(), "fine": ""} {
		if said[name] != want {
			t.Errorf("channel %s: trouble %q, want %q", name, said[name], want)
		}
	}
	if n := arrived.Load(); n != 1 {
		t.Errorf("it arrived %d times", n)
	}
	o.shownOnce()
	t.Log("figure: three targets in trouble and named, the fourth got it once")
}
