package orchestrator_test

import (
	"context"
	"encoding/json"
	"io"
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
	box     *alert.Box
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
	o := &office{T: t, url: url, box: box, store: open(t, url), sender: alert.NewSender(box, settings, "http://haigo.example")}
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

// ended raises an alert for each sweep: its only run was stopped by a person, so that it has finished.
func (o *office) ended(sweeps ...string) {
	o.Helper()
	for _, name := range sweeps {
		o.end(name)
	}
}

func (o *office) end(name string) {
	o.Helper()
	sweep, _, err := sweeper(o.store).Apply(o.Context(), sweepFile(name, ""), "")
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
	o.alerter.Wait()
}

func (o *office) troubles() map[string]string {
	o.Helper()
	channels, err := o.store.Channels(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	said := map[string]string{}
	for _, c := range channels {
		said[c.Name] = c.Trouble.EN
	}
	return said
}

func (o *office) shown(want int) {
	o.Helper()
	if all, err := o.store.Alerts(o.Context(), 100); err != nil || len(all) != want {
		o.Errorf("%d alerts are shown, %v; want %d", len(all), err, want)
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
	o.ended("s")
	for range 2 {
		o.round()
	}
	if o.troubles()["mail"] == "" || len(server.Mails) != 0 {
		t.Fatalf("a server that is away took %d mails; trouble %q", len(server.Mails), o.troubles()["mail"])
	}
	server.Return()
	sql(t, o.url, `UPDATE deliveries SET next_at = now()`)
	due, err := o.store.DueChannels(t.Context())
	if err != nil || len(due) != 1 {
		t.Fatalf("%d channels are due, %v", len(due), err)
	}
	held, err := o.store.TakeDelivery(t.Context(), due[0], time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.sender.Send(t.Context(), held, nil); err != nil {
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
	o.shown(1)
	t.Log("figure: 2 tries while it was away, then 2 mails of one id (one sender died), shown once")
}

// Three alerts go to a webhook that takes them and never answers, to one that redirects, to a private address, and to one that
// is fine. The one that hangs is left after the sender's own timeout, three rounds long; the fine one has got all three, once
// and in order, before that happens for the first time.
func TestFault_WebhooksThatHangAndRedirect(t *testing.T) {
	t.Parallel()
	got := make(chan string, 100)
	fine := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var a ablation.Alert
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			t.Error(err)
		}
		got <- a.Sweep
	}))
	t.Cleanup(fine.Close)
	var hung atomic.Int32
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hung.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done() // the sender's patience
	}))
	t.Cleanup(hangs.Close)
	redirects := httptest.NewServer(http.RedirectHandler(fine.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirects.Close)
	o := newOffice(t, alert.Settings{Allow: []string{"127.0.0.1/32"}})
	impatient := alert.NewSender(o.box, alert.Settings{Allow: []string{"127.0.0.1/32"}, Timeout: 50 * time.Millisecond}, "")
	fed := make(chan struct{}) // the fine one has got all
	o.alerter.Send = func(ctx context.Context, d ablation.Delivery, log []string) error {
		if d.Channel.Name != "hangs" {
			return o.sender.Send(ctx, d, log)
		}
		select {
		case <-fed:
		case <-time.After(15 * time.Minute):
			t.Error("a target that hangs holds up the others")
		}
		return impatient.Send(ctx, d, log)
	}
	o.channel("hangs", ablation.ChannelWebhook, hangs.URL)
	o.channel("redirects", ablation.ChannelWebhook, redirects.URL)
	o.channel("loopback", ablation.ChannelWebhook, "http://127.0.0.2:9/")
	o.channel("fine", ablation.ChannelWebhook, fine.URL)
	o.ended("a", "b", "c")
	go func() {
		defer close(fed)
		for _, want := range []string{"a", "b", "c"} {
			if sweep := <-got; sweep != want {
				t.Errorf("the alert of sweep %s came, want %s", sweep, want)
			}
		}
	}()
	const rounds = 3
	for range rounds {
		o.round()
	}
	said := o.troubles()
	for name, want := range map[string]string{
		"hangs": "it doesn't answer within 50ms", "redirects": "it answers 307", "loopback": alert.ErrPrivate.Error(), "fine": "",
	} {
		if said[name] != want {
			t.Errorf("channel %s: trouble %q, want %q", name, said[name], want)
		}
	}
	if n := len(got); n != 0 {
		t.Errorf("%d alerts arrived again", n)
	}
	o.shown(3)
	t.Logf("figure: 3 alerts, %d rounds: all three at the fine target before the hanging one timed out; three targets in trouble and named", rounds)
}
