package alert_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/alert/alerttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func box(t *testing.T) *alert.Box {
	t.Helper()
	b, err := alert.OpenBox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// local lets the tests' own servers be reached.
var local = alert.Settings{Allow: []string{"127.0.0.0/8"}}

var failed = ablation.Alert{
	ID: 7, Kind: ablation.AlertRunFailed, Sweep: "demo", RunID: "4f0c", At: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC),
	Detail: ablation.AlertDetail{Run: "ja57-s1", Attempt: 2, Step: 30, Steps: 100, Message: ablation.Label{EN: "out of memory"}},
}

func TestBox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, err := alert.OpenBox(dir)
	if err != nil {
		t.Fatal(err)
	}
	sealed := b.Seal([]byte("https://hooks.example/T0/secret"))
	if strings.Contains(string(sealed), "secret") {
		t.Error("sealed text can be read")
	}
	again, err := alert.OpenBox(dir)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Unseal(sealed); err != nil || string(plain) != "https://hooks.example/T0/secret" {
		t.Errorf("unsealed %q, %v", plain, err)
	}
	if _, err := box(t).Unseal(sealed); err == nil {
		t.Error("another key unseals it")
	}
	if info, err := os.Stat(filepath.Join(dir, alert.KeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
}

func TestSender_posts(t *testing.T) {
	t.Parallel()
	for _, kind := range ablation.ChannelKinds()[1:] {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			got := make(chan *http.Request, 1)
			bodies := make(chan string, 1)
			take := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				data, _ := io.ReadAll(r.Body)
				got <- r
				bodies <- string(data)
			})
			server := httptest.NewUnstartedServer(take)
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
			if kind == ablation.ChannelWebhook {
				server.Start()
			} else {
				server.StartTLS()
			}
			t.Cleanup(server.Close)
			s := alert.NewSender(box(t), local, "http://haigo.example")
			c, secret, err := s.Seal(ablation.Channel{Kind: kind, Lang: "ja"}, server.URL+"/T0/token")
			if err != nil || strings.Contains(c.Hint, "token") {
				t.Fatalf("hint %q, %v", c.Hint, err)
			}
			err = s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: c}, []string{"cuda: <oom> & more"})
			if kind != ablation.ChannelWebhook { // its certificate is nobody's
				if err == nil || strings.Contains(err.Error(), "token") {
					t.Errorf("an untrusted certificate: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r, body := <-got, <-bodies
			var said struct {
				Kind, Subject, URL string
				Log                []string
			}
			if err := json.Unmarshal([]byte(body), &said); err != nil || said.Kind != "run_failed" || said.URL != "http://haigo.example/runs/4f0c" || said.Log[0] != "cuda: <oom> & more" {
				t.Errorf("body %s (%v)", body, err)
			}
			key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
			mac := hmac.New(sha256.New, key)
			fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
			if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("Webhook-Signature") != want {
				t.Errorf("signature %q, want %q", r.Header.Get("Webhook-Signature"), want)
			}
		})
	}
}

// TestSender_guards: what a channel may not reach, and what it may not do, whatever the address says.
func TestSender_guards(t *testing.T) {
	t.Parallel()
	var reached bool
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(inside.Close)
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(redirect.Close)
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "root:x:0:0", http.StatusTeapot)
	}))
	t.Cleanup(answers.Close)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(inside.URL, "http://"))
	cases := map[string]struct {
		address  string
		settings alert.Settings
		want     string
	}{
		"loopback":                    {inside.URL, alert.Settings{}, "private"},
		"a name that is loopback":     {"http://localhost:" + port, alert.Settings{}, "private"},
		"the metadata service":        {"http://169.254.169.254/latest", alert.Settings{}, "private"},
		"a private range":             {"http://10.0.0.1/", alert.Settings{}, "private"},
		"loopback as IPv6":            {"http://[::ffff:127.0.0.1]:" + port, alert.Settings{}, "private"},
		"a redirect to where it may":  {redirect.URL, local, "it answers 307"},
		"an answer that isn't told":   {answers.URL, local, "it answers 418"},
		"a name that isn't there":     {"http://nobody.invalid/", local, "can't be resolved"},
		"a range that isn't allowed":  {inside.URL, alert.Settings{Allow: []string{"10.0.0.0/8"}}, "private"},
		"carrier-grade shared ranges": {"http://100.64.1.1/", alert.Settings{}, "private"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := alert.NewSender(box(t), c.settings, "http://haigo.example")
			channel, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelWebhook, Lang: "en"}, c.address)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: channel}, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "root") {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
	if reached {
		t.Error("the address inside was reached")
	}
}

func TestSender_hangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	s := alert.NewSender(box(t), local, "http://haigo.example")
	c, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelWebhook, Lang: "en"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := s.Send(ctx, ablation.Delivery{Alert: failed, Channel: c}, nil); err == nil {
		t.Error("a server that never answers took it")
	}
}

// TestSender_mail: a subject in Japanese arrives readable, the same alert as the same mail.
func TestSender_mail(t *testing.T) {
	t.Parallel()
	server := alerttest.NewMailServer(t)
	settings := alert.Settings{Mail: alert.MailServer{Server: server.Address, From: "Haigo <haigo@example.jp>", TLS: "none"}}
	s := alert.NewSender(box(t), settings, "http://haigo.example")
	c, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelMail, Lang: "ja"}, "someone@example.jp")
	if err != nil || c.Hint != "s…@example.jp" {
		t.Fatalf("hint %q, %v", c.Hint, err)
	}
	if err := s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: c, Late: true}, []string{"最後の行"}); err != nil {
		t.Fatal(err)
	}
	mail := <-server.Mails
	subject, err := new(mime.WordDecoder).DecodeHeader(alerttest.Header(mail, "Subject"))
	if err != nil || subject != "[Haigo] ラン失敗: demo / ja57-s1" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if id := alerttest.Header(mail, "Message-ID"); id != "<alert-7-0@example.jp>" {
		t.Errorf("id %q", id)
	}
}

func TestSender_refuses(t *testing.T) {
	t.Parallel()
	s := alert.NewSender(box(t), alert.Settings{}, "")
	for name, c := range map[string]struct {
		kind    ablation.ChannelKind
		address string
	}{
		"mail without a server":     {ablation.ChannelMail, "someone@example.jp"},
		"Slack without https":       {ablation.ChannelSlack, "http://hooks.slack.example/x"},
		"no address":                {ablation.ChannelWebhook, "example.jp"},
		"a file":                    {ablation.ChannelWebhook, "file:///etc/passwd"},
		"a password in the address": {ablation.ChannelWebhook, "https://user:pass@example.jp/"},
	} {
		if _, _, err := s.Seal(ablation.Channel{Kind: c.kind}, c.address); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"mail: {server: smtp.example.jp, from: a@example.jp}":                  "HOST:PORT",
		"mail: {server: 'smtp.example.jp:587', from: nobody}":                  "mail.from",
		"mail: {server: 'smtp.example.jp:587', from: a@example.jp, tls: some}": "starttls, tls or none",
		"allow: [10.0.0.1]": "range of addresses",
		"alow: []":          "alow",
	}
	for text, want := range cases {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, alert.SettingsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := alert.ReadSettings(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error that says %q", text, err, want)
		}
	}
	if s, err := alert.ReadSettings(t.TempDir()); err != nil || s.Mail.Server != "" {
		t.Errorf("without a file: %+v, %v", s, err)
	}
}
