package alert_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
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
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/alert/alerttest"
)

// TestMain lets the tests trust their own servers' certificate, for 127.0.0.1.
func TestMain(m *testing.M) {
	server := httptest.NewTLSServer(nil)
	server.Close()
	dir, err := os.MkdirTemp("", "haigo-alert-")
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", file)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

func box(t *testing.T) *alert.Box {
	t.Helper()
	b, err := alert.OpenBox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// local lets the tests' own servers be reached.
var local = alert.Settings{Allow: []string{"127.0.0.0/8", "::1/128"}}

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

// posted is what a target got.
type posted struct {
	header http.Header
	body   string
}

// target takes one request, over TLS with a certificate that these tests trust, or without.
func target(t *testing.T, safe bool) (address string, got <-chan posted) {
	t.Helper()
	all := make(chan posted, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		all <- posted{r.Header, string(data)}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
	if safe {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL, all
}

func TestSender_posts(t *testing.T) {
	t.Parallel()
	for kind, want := range map[ablation.ChannelKind][]string{ // JSON without its quotes' escapes
		ablation.ChannelSlack: {`{"text":"[Haigo] ラン失敗: demo / ja57-s1\n`, `http://haigo.example/runs/4f0c`, `cuda: &lt;oom&gt; &amp; more`},
		ablation.ChannelDiscord: {
			`"content":"[Haigo] ラン失敗: demo / ja57-s1\n`, `http://haigo.example/runs/4f0c`, `cuda: <oom> & more`, `"allowed_mentions":{"parse":[]}`,
		},
		ablation.ChannelTeams: {
			`"contentType":"application/vnd.microsoft.card.adaptive"`, `"text":"[Haigo] ラン失敗: demo / ja57-s1"`, `"url":"http://haigo.example/runs/4f0c"`,
			`"fontType":"monospace","text":"cuda: <oom> & more"`,
		},
		ablation.ChannelWebhook: {
			`"kind":"run_failed"`, `"subject":"[Haigo] ラン失敗: demo / ja57-s1"`, `"url":"http://haigo.example/runs/4f0c"`, `"log":["cuda: <oom> & more"]`,
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			address, got := target(t, kind != ablation.ChannelWebhook)
			s := alert.NewSender(box(t), local, "http://haigo.example")
			c, secret, err := s.Seal(ablation.Channel{Kind: kind, Lang: "ja"}, address+"/T0/token")
			if err != nil || strings.Contains(c.Hint, "token") {
				t.Fatalf("hint %q, %v", c.Hint, err)
			}
			if err := s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: c}, []string{"cuda: <oom> & more"}); err != nil {
				t.Fatal(err)
			}
			p := <-got
			plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(p.body)
			for _, part := range want {
				if !json.Valid([]byte(p.body)) || !strings.Contains(plain, part) {
					t.Errorf("posted %s, want in it %s", plain, part)
				}
			}
			if kind == ablation.ChannelWebhook {
				signed(t, p, secret)
			}
		})
	}
}

func signed(t *testing.T, p posted, secret string) {
	t.Helper()
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", p.header.Get("Webhook-Id"), p.header.Get("Webhook-Timestamp"), p.body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); p.header.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q", p.header.Get("Webhook-Signature"), want)
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
	safe, _ := target(t, true)
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
		"an answer that isn't HTTP":   {says(t, "SSH-2.0-OpenSSH_9.9 SECRET\r\n"), local, "something else than it should"},
		"a status that is none":       {says(t, "HTTP/1.1 SECRET\r\n\r\n"), local, "something else than it should"},
		"a header that is none":       {says(t, "HTTP/1.1 200 OK\r\nSECRET\r\n\r\n"), local, "something else than it should"},
		"a redirect to nowhere":       {says(t, "HTTP/1.1 302 Found\r\nLocation: %SECRET\r\n\r\n"), local, "something else than it should"},
		"no answer":                   {says(t, ""), local, "without an answer"},
		"another's certificate":       {strings.Replace(safe, "127.0.0.1", "localhost", 1), local, "its certificate"},
		"no TLS":                      {strings.Replace(inside.URL, "http:", "https:", 1), local, "doesn't speak TLS"},
		"nobody":                      {"http://127.0.0.1:1/", local, "nothing listens there"},
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
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "root") || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
	if reached {
		t.Error("the address inside was reached")
	}
}

// says is the address of a port that answers each request with these bytes.
func says(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			_, _ = io.WriteString(c, answer)
			c.Close()
		}
	})
	return "http://" + l.Addr().String()
}

// A server that never answers is left alone in the end: in the long form of faults by the sender's own patience.
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
	defer cancel()
	want := "doesn't answer in time"
	if os.Getenv("HAIGO_FAULTS") != "long" {
		want = context.Canceled.Error()
		time.AfterFunc(50*time.Millisecond, cancel)
	}
	if err := s.Send(ctx, ablation.Delivery{Alert: failed, Channel: c}, nil); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one that says %q", err, want)
	}
	t.Log("figure: " + want)
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

// TestSender_mailRefused: what the server says may hold the address, and isn't told.
func TestSender_mailRefused(t *testing.T) {
	t.Parallel()
	server := alerttest.NewMailServer(t)
	server.Refuse("550 5.1.1 no such user <secret.person@example.jp>")
	s := alert.NewSender(box(t), alert.Settings{Mail: alert.MailServer{Server: server.Address, From: "haigo@example.jp", TLS: "none"}}, "")
	c, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelMail, Lang: "ja"}, "secret.person@example.jp")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: c}, nil)
	if want := "the mail server refuses the recipient: 550"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
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
