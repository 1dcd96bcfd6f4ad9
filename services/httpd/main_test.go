package httpd_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/corpus"
	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
	"github.com/haigo-lab/haigo/services/storage"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a server on a database of the test's own, and a browser without scripts.
type site struct {
	*testing.T
	store  *postgres.Store
	server *httpd.Server
	url    string
	client *http.Client
}

// open serves the options, which may be empty but for what a test is about.
func open(t *testing.T, o httpd.Options) site {
	t.Helper()
	store := pgtest.Store(t)
	listener := httptest.NewUnstartedServer(nil)
	o.Store, o.Samples, o.Problems, o.Report, o.Version = store, corpus.Samples, corpus.Problems, corpus.ReadReport, "v0"
	data := t.TempDir()
	o.Look = func(ctx context.Context, v ablation.Addition) (corpus.Survey, error) {
		return corpus.Look(ctx, orchestrator.AdditionOptions(v, data, o.TextRoots))
	}
	o.Sweeper = &orchestrator.Sweeper{Store: store, Trainers: trainers{}, RunsAtOnce: 2, Data: data, Patience: time.Minute}
	o.Listen = listener.Listener.Addr().String()
	o.Alerts = sender(t, o.Listen)
	o.Storage = &storage.Keeper{Store: store, Data: data, Freeze: httpd.Sharer{Store: store, Version: o.Version}.Refresh}
	server, err := httpd.New(o)
	if err != nil {
		t.Fatal(err)
	}
	listener.Config.Handler = server
	listener.Start()
	t.Cleanup(listener.Close)
	return site{t, store, server, listener.URL, client(t)}
}

// client is a browser without scripts: it keeps cookies and follows no redirect.
func client(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response, read whole.
type answer struct {
	*http.Response
	body string
}

func (s site) do(method, path string, body io.Reader, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, body)
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{response, string(text)}
}

func (s site) get(path string, header ...string) answer {
	s.Helper()
	return s.do(http.MethodGet, path, nil, header...)
}

// send sends a form as a browser does.
func (s site) send(path string, fields ...string) answer {
	s.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.do(http.MethodPost, path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// want fails the test unless the answer has the status and holds every text.
func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%.2000s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s %s lacks %q\n%.4000s", a.Request.Method, a.Request.URL, text, a.body)
		}
	}
	return a
}

func (a answer) json(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%s: %v\n%s", a.Request.URL, err, a.body)
	}
}

// sender sends alerts that lead back to an address.
func sender(t *testing.T, address string) *alert.Sender {
	t.Helper()
	box, err := alert.OpenBox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return alert.NewSender(box, alert.Settings{}, "http://"+address)
}

// trainers is one trainer that finds everything right.
type trainers struct{}

func (trainers) Names() []string { return []string{"cpu"} }

func (trainers) Describe(context.Context, string) (trainer.Description, error) {
	return trainer.Description{
		Name: "cpu", Version: "1", Devices: []trainer.Device{{Name: "processor", Threads: 2}}, Unit: "row",
		Tokenizers: []trainer.Tokenizer{{Name: "unigram-8k", Vocab: 8192}, {Name: trainer.TokenizerFile}},
		Shapes:     []trainer.Shape{{Name: "1m", Model: spec.Model{Layers: 2, Width: 64, Heads: 2, KVHeads: 2, FFN: 176, Vocab: 257}, PeakLR: 3e-3}},
	}, nil
}

func (trainers) Check(_ context.Context, _ string, s *spec.Spec) (trainer.Report, error) {
	rows := map[string]int64{}
	for _, source := range s.Sources {
		rows[source.Name] = 1000
	}
	return trainer.Report{Parameters: 1000, FLOPsPerToken: 6000, TokensPerS: 1e4, Rows: rows}, nil
}

// Tokenize makes a tokenizer in which a token is four bytes.
func (trainers) Tokenize(_ context.Context, _ string, o spec.TokenizerOrder) error {
	made := spec.TokenizerMade{SHA256: spec.Digest(nil), Vocab: 8192, Reversible: true, Sources: map[string]spec.TokenizerMeasured{}}
	for _, s := range o.Sources {
		made.Sources[s.ManifestSHA256] = spec.TokenizerMeasured{Bytes: 4000, Tokens: 1000}
	}
	return errors.Join(os.MkdirAll(o.Dir, 0o755), spec.WriteFile(filepath.Join(o.Dir, spec.TokenizerAbout), made))
}

func (trainers) Plan(context.Context, string, []trainer.Assignment) (trainer.Plan, error) {
	panic("no page plans a start")
}
