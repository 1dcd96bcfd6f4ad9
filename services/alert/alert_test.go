package alert_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/alert/alerttest"
	"github.com/haigo-lab/haigo/services/porttest"
)

// TestMain lets the system's list of authorities be the one that signed the certificate of the tests' own servers.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "haigo-alert-")
	if err == nil {
		err = trust(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// certificate is the one of the tests' own servers.
var certificate *tls.Config

func trust(dir string) error {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	certificate = &tls.Config{Certificates: server.TLS.Certificates}
	path := filepath.Join(dir, "authorities.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return errors.Join(os.WriteFile(path, text, 0o600), os.Setenv("SSL_CERT_FILE", path), os.Setenv("SSL_CERT_DIR", dir))
}

var update = flag.Bool("update", false, "write the golden files anew")

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

// posted is what came to a channel's address.
type posted struct {
	header http.Header
	body   string
}

// target is an address that takes what is posted, over TLS or not.
func target(t *testing.T, tls bool) (address string, got chan posted) {
	t.Helper()
	got = make(chan posted, 8)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got <- posted{r.Header, string(data)}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
	if tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL + "/T0/token", got
}

// TestSender_posts: what each kind of channel is posted, to the byte.
func TestSender_posts(t *testing.T) {
	t.Parallel()
	d := ablation.Delivery{Alert: failed, Late: true}
	d.Alert.Detail.Message = ablation.Label{EN: "out of memory", JA: "メモリ不足です"}
	words := []string{"cuda: <oom> & more", "最後の行"}
	for _, kind := range ablation.ChannelKinds()[1:] {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			address, got := target(t, kind != ablation.ChannelWebhook)
			s := alert.NewSender(box(t), local, "http://haigo.example")
			for _, lang := range []string{"ja", "en"} {
				c, secret, err := s.Seal(ablation.Channel{ID: 3, Kind: kind, Lang: lang}, address)
				if err != nil || strings.Contains(c.Hint, "token") {
					t.Fatalf("hint %q, %v", c.Hint, err)
				}
				d := d
				d.Channel = c
				if err := s.Send(t.Context(), d, words); err != nil {
					t.Fatal(err)
				}
				p := <-got
				golden(t, fmt.Sprintf("%s-%s.json", kind, lang), p.body)
				if (secret != "") != (kind == ablation.ChannelWebhook) {
					t.Errorf("secret %q", secret)
				}
				if secret != "" {
					signed(t, p, secret)
				}
			}
		})
	}
}

func golden(t *testing.T, name, body string) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(body), "", "  "); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got.String() != string(want) {
		t.Errorf("%s (%v): %s", name, err, got.String())
	}
}

// signed checks a signature as a receiver does.
func signed(t *testing.T, p posted, secret string) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) != 24 {
		t.Errorf("secret %q, %v", secret, err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", p.header.Get("Webhook-Id"), p.header.Get("Webhook-Timestamp"), p.body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); p.header.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q", p.header.Get("Webhook-Signature"), want)
	}
}

// TestCompose_long: whatever a run says, a chat program takes it, and link and last words are in it.
func TestCompose_long(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("n", 64)
	a := ablation.Alert{Kind: ablation.AlertRunRecovered, Sweep: name, RunID: name, Detail: ablation.AlertDetail{
		Run: name, Message: ablation.Label{EN: strings.Repeat("長い", 5000)}, Steps: 1 << 40, Attempt: 1000,
	}}
	log := append(slices.Repeat([]string{strings.Repeat("行", 5000)}, 12), "10%\r20%\rlast words\r", "bye")
	m := alert.Compose(a, "ja", "https://haigo.example.co.jp:8443", true, log)
	text := m.Subject + "\n" + m.Text()
	if n := len([]rune(text)); n > 2000 || !strings.Contains(text, m.URL) || !strings.HasSuffix(text, "…\nlast words\nbye") {
		t.Errorf("%d characters: %s", n, text)
	}
}

// TestSender_ids: an alert is the same news however often it is sent, and another than any that another installation sends
// to the same address; a test is news each time.
func TestSender_ids(t *testing.T) {
	t.Parallel()
	address, got := target(t, false)
	s := alert.NewSender(box(t), local, "")
	c, _, err := s.Seal(ablation.Channel{ID: 3, Kind: ablation.ChannelWebhook, Lang: "en"}, address)
	if err != nil {
		t.Fatal(err)
	}
	send := func(a ablation.Alert) string {
		if err := s.Send(t.Context(), ablation.Delivery{Alert: a, Channel: c}, nil); err != nil {
			t.Fatal(err)
		}
		return (<-got).header.Get("Webhook-Id")
	}
	elsewhere := failed
	elsewhere.At = failed.At.Add(time.Microsecond)
	if a, b, c := send(failed), send(failed), send(elsewhere); a != b || b == c {
		t.Errorf("ids %s and %s of one alert, %s of another installation's", a, b, c)
	}
	test := ablation.Alert{Kind: ablation.AlertTest, At: failed.At}
	again := ablation.Alert{Kind: ablation.AlertTest, At: failed.At.Add(time.Second)}
	if a, b := send(test), send(again); a == b {
		t.Errorf("two tests have one id %s", a)
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

// says is a port that answers whatever connects with a text.
func says(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				in := bufio.NewReader(c)
				if first, _ := in.Peek(1); string(first) == "P" { // a POST; what isn't one wants TLS
					if r, err := http.ReadRequest(in); err == nil {
						_, _ = io.Copy(io.Discard, r.Body)
					}
				}
				_, _ = io.WriteString(c, text)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return "http://" + l.Addr().String()
}

// TestSender_troubles: why something didn't arrive is said in our own words, and nothing that was answered is in them.
func TestSender_troubles(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	cases := map[string]struct{ address, en, ja string }{
		"a banner":            {says(t, "SSH-2.0-OpenSSH_9.9 SECRET\r\n"), "it doesn't answer as a web server does", "Web サーバーとしての応答がありません"},
		"a header":            {says(t, "HTTP/1.1 200 OK\r\nSECRET\r\n\r\n"), "it doesn't answer as a web server does", "Web サーバーとしての応答がありません"},
		"a place to go":       {says(t, "HTTP/1.1 307 SECRET\r\nLocation: http://%SECRET/\r\nContent-Length: 0\r\n\r\n"), "it answers 307", "応答は 307 でした"},
		"a reason":            {says(t, "HTTP/1.1 404 SECRET\r\nContent-Length: 6\r\n\r\nSECRET"), "it answers 404", "応答は 404 でした"},
		"nothing":             {says(t, ""), "it hangs up without an answer", "応答せずに接続が切られました"},
		"a closed port":       {"http://" + porttest.Free(t), "it refuses the connection", "接続を拒否されました"},
		"another certificate": {"https://localhost:" + port + "/SECRET", "its certificate is for another name", "証明書の名前が一致しません"},
		"no TLS":              {strings.Replace(says(t, "SECRET"), "http:", "https:", 1), "no secure connection can be made with it", "安全な接続 (TLS) を確立できません"},
		"private":             {"http://10.0.0.1/SECRET", alert.ErrPrivate.Words.EN, alert.ErrPrivate.Words.JA},
		"no name":             {"http://SECRET.invalid/", "its name can't be resolved", "名前を解決できません"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := alert.NewSender(box(t), local, "http://haigo.example")
			channel, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelWebhook, Lang: "en"}, c.address)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: channel}, nil)
			if got, want := ablation.TroubleOf(err), (ablation.Label{EN: c.en, JA: c.ja}); got != want {
				t.Errorf("trouble %+v, want %+v", got, want)
			}
			if err == nil || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestSender_hangs: a target that takes everything and never answers is left after the time that the settings say.
func TestSender_hangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	s := alert.NewSender(box(t), alert.Settings{Allow: local.Allow, Timeout: 50 * time.Millisecond}, "http://haigo.example")
	c, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelWebhook, Lang: "en"}, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: c}, nil)
	if want := (ablation.Label{EN: "it doesn't answer within 50ms", JA: "50ms 以内に応答がありません"}); ablation.TroubleOf(err) != want {
		t.Errorf("trouble %v, want %v", ablation.TroubleOf(err), want)
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
	if id := alerttest.Header(mail, "Message-ID"); id != "<alert-7-0-1796000523000000@example.jp>" {
		t.Errorf("id %q", id)
	}
	_, text, _ := strings.Cut(mail, "\r\n\r\n")
	plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text)))
	want := strings.Join([]string{
		"2026-11-30 10:02 JST の出来事（遅れて送信）", "out of memory", "ステップ 30 / 100、2 回目の実行", "", "http://haigo.example/runs/4f0c", "", "最後の行",
	}, "\r\n")
	if err != nil || strings.TrimSpace(string(plain)) != want {
		t.Errorf("text %q (%v), want %q", plain, err, want)
	}
}

// TestSender_mailTroubles: a mail server's words, which like to repeat the address, are nowhere in ours.
func TestSender_mailTroubles(t *testing.T) {
	t.Parallel()
	const address = "secret.person@example.jp"
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	asks := map[string]string{"EHLO": "250-mail\r\n250 AUTH PLAIN", "AUTH": "235 welcome"}
	cases := map[string]struct {
		answers map[string]string
		mail    alert.MailServer
		want    string // "" where it arrived
	}{
		"STARTTLS":            {asks, alert.MailServer{User: "haigo", PasswordFile: password}, ""},
		"TLS":                 {asks, alert.MailServer{TLS: "tls", User: "haigo", PasswordFile: password}, ""},
		"a password in clear": {asks, alert.MailServer{TLS: "none", User: "haigo", PasswordFile: password}, "mail server: it doesn't speak as alerts.yaml says; check tls, user and password_file"},
		"nobody there":        {map[string]string{"RCPT": "550 5.1.1 no such user <" + address + ">"}, alert.MailServer{TLS: "none"}, "mail server: it refuses the recipient (550)"},
		"a sender it refuses": {map[string]string{"MAIL": "553 5.7.1 not for " + address}, alert.MailServer{TLS: "none"}, "mail server: it refuses the sender (553)"},
		"a mail it refuses":   {map[string]string{"DATA": "452 4.3.1 full " + address}, alert.MailServer{TLS: "none"}, "mail server: it refuses the mail (452)"},
		"no STARTTLS":         {nil, alert.MailServer{}, "mail server: it doesn't speak as alerts.yaml says; check tls, user and password_file"},
		"no TLS":              {nil, alert.MailServer{TLS: "tls"}, "mail server: no secure connection can be made with it"},
		"a wrong password": {
			map[string]string{"EHLO": "250-mail\r\n250 AUTH CRAM-MD5", "AUTH": "535 5.7.8 hunter2 isn't it, " + address},
			alert.MailServer{TLS: "none", User: "haigo", PasswordFile: password},
			"mail server: it answers 535",
		},
		"no password":             {nil, alert.MailServer{TLS: "none", User: "haigo", PasswordFile: password + "s"}, "mail server: its password can't be read; check password_file in alerts.yaml"},
		"who hangs up afterwards": {map[string]string{"RSET": "", "QUIT": ""}, alert.MailServer{TLS: "none"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := alerttest.NewMailServer(t, func(m *alerttest.MailServer) {
				m.Answers = c.answers
				if name == "STARTTLS" || name == "TLS" {
					m.TLS, m.Wrapped = certificate, name == "TLS"
				}
			})
			c.mail.Server, c.mail.From = server.Address, "haigo@example.jp"
			s := alert.NewSender(box(t), alert.Settings{Mail: c.mail}, "http://haigo.example")
			channel, _, err := s.Seal(ablation.Channel{Kind: ablation.ChannelMail, Lang: "ja"}, address)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), ablation.Delivery{Alert: failed, Channel: channel}, nil)
			if got := ablation.TroubleOf(err); got.EN != c.want || c.want != "" && !strings.HasPrefix(got.JA, "メールサーバー: ") {
				t.Errorf("trouble %+v, want %q", got, c.want)
			}
		})
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
		"timeout: 2m":       "between 1s and 1m",
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
