package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestBadInput gives the program what people give programs, and wants to be told what happened and what to do.
func TestBadInput(t *testing.T) {
	data := folder(t)
	sources(t, data)

	documents := []struct {
		name, from, to string // a change of a good sweep file
		want           []string
	}{
		{"weights that sum to 0.9", "ja: 0.57, en: 0.31, code: 0.12", "ja: 0.47, en: 0.31, code: 0.12", []string{"shares sum to 0.9", "0.1 is missing", "    {ja: 0.47, en: 0.31, code: 0.12}"}},
		{"a stage past the budget", "until: 1.0", "until: 500M", []string{"ends at 500M tokens, past the budget", "end it by 1.0"}},
		{"a stage one token past the budget", "until: 1.0", "until: 400001", []string{"ends at 400001 tokens, past the budget", "end it by 1.0"}},
		{"an unknown source", "[ja, en, code]", "[ja, en, code, web]", []string{"there is no source web", "haigo corpus add", "name one of code, en, ja"}},
		{"a source not in the list", "code: 0.12", "coed: 0.12", []string{"unknown source coed", "did you mean code?"}},
		{"an unknown key", "batch_rows", "batch_row", []string{"unknown key batch_row", "did you mean batch_rows?"}},
		{"a key given twice", "seed: 7", "seed: 7\nseed: 8", []string{"a second time", "keep one"}},
		{"a list that isn't closed", "[ja, en, code]", "[ja, en, code", []string{"a list isn't closed", "[a, b]"}},
		{"an unknown shape", "{layers: 2, width: 32, heads: 2, ffn: 96}", "huge", []string{"no shape", "choose one of"}},
		{"an unknown trainer", "recipe:", "recipe:\n  trainer: tpu", []string{"there is no trainer tpu", "take one of cpu"}},
		{"an unknown task", "seed: 7", "seed: 7\ntasks: [cloze]", []string{"there is no task cloze", "haigo eval make"}},
	}
	for _, tt := range documents {
		t.Run(tt.name, func(t *testing.T) {
			path := changed(t, "bad", 400_000, tt.from, tt.to)
			said := refused(t, nil, data, "sweep", "plan", path)
			if place := regexp.MustCompile(regexp.QuoteMeta(filepath.Base(path)) + `:\d+:\d+: `); !place.MatchString(said) {
				t.Errorf("said %q, want file, line and column", said)
			}
			says(t, said, tt.want...)
		})
	}

	t.Run("forty epochs", func(t *testing.T) { manyEpochs(t, data) })

	t.Run("a name that is none", func(t *testing.T) {
		said := refused(t, nil, data, "sweep", "apply", sweepFile(t, "good", 400_000), "--as", "Not A Name")
		says(t, said, `"Not A Name" is no name`, "use lower-case letters")
	})

	t.Run("a damaged archive and a Latin-1 file", func(t *testing.T) {
		dir := t.TempDir()
		damaged(t, filepath.Join(dir, "broken.jsonl.zst"))
		write(t, filepath.Join(dir, "plain.jsonl.zst"), `{"text":"not compressed at all"}`+"\n")
		write(t, filepath.Join(dir, "latin1.txt"), "caf\xe9 au lait, s'il vous pla\xeet\n")
		write(t, filepath.Join(dir, "good.txt"), strings.Repeat("the rest goes on. ", 50))
		write(t, filepath.Join(dir, "good2.txt"), strings.Repeat("and on, and on. ", 50))
		told, said := both(t, data, "corpus", "add", "mixed", dir, "--lang", "fr")
		says(t, told, "2 damaged", "1 not_utf8")
		says(t, said, "broken.jsonl.zst: damaged: ", "make or fetch it again", "plain.jsonl.zst: damaged: the file isn't zstd", "give it the right ending",
			"latin1.txt:1: not_utf8: byte 0xE9 isn't UTF-8", "iconv -f WINDOWS-1252 -t UTF-8")
	})

	t.Run("nothing but a damaged archive", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "broken.jsonl.zst")
		damaged(t, path)
		says(t, refused(t, nil, data, "corpus", "add", "none", path, "--lang", "fr"), "no document is left", "damaged 1", "make or fetch it again")
	})

	t.Run("no such folder of text", func(t *testing.T) {
		says(t, refused(t, nil, data, "corpus", "add", "none", filepath.Join(data, "nowhere"), "--lang", "fr"), "no such file or folder", "check the path")
	})

	t.Run("a trainer whose file has changed", func(t *testing.T) {
		said := refused(t, nil, data, "--trainers", changedTrainer(t), "sweep", "plan", sweepFile(t, "changed", 400_000))
		says(t, said, "haigo-cpu isn't the one that plugins.yaml lists", "SHA-256", "wasn't started", "run make build")
	})

	t.Run("a trainer that isn't there", func(t *testing.T) {
		bin := changedTrainer(t)
		if err := os.Remove(filepath.Join(bin, "haigo-cpu")); err != nil {
			t.Fatal(err)
		}
		said := refused(t, nil, data, "--trainers", bin, "sweep", "plan", sweepFile(t, "changed", 400_000))
		says(t, said, "haigo-cpu, which plugins.yaml lists, isn't there", "run make build")
	})

	t.Run("a task item whose gold is out of range", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "colours.jsonl")
		item := `{"task":"colours","id":"%d","lang":"en","kind":"multiple_choice","context":"%d: snow is","choices":["white","black"],"gold":%d}` + "\n"
		if err := os.WriteFile(path, fmt.Appendf(nil, item+item, 1, 1, 0, 2, 2, 2), 0o600); err != nil {
			t.Fatal(err)
		}
		said := refused(t, nil, data, "eval", "add", path)
		says(t, said, "colours.jsonl:2: gold: is 2, but there are 2 choices, counted from 0: give 0 to 1")
		if list := haigo(t, data, "eval", "list"); strings.Contains(list, "colours") {
			t.Errorf("it was stored: %s", list)
		}
	})

	t.Run("no Postgres", func(t *testing.T) {
		said := refused(t, []string{"PATH=/nowhere", "HAIGO_POSTGRES_BIN=/nowhere", "DATABASE_URL="}, folder(t), "sweep", "list")
		says(t, said, "HAIGO_POSTGRES_BIN", "/nowhere", "Postgres")
	})

	t.Run("a port that is taken", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		said := refused(t, nil, data, "dev", "--listen", "127.0.0.1:"+port)
		says(t, said, port, "taken", "--listen 127.0.0.1:0")
	})

	t.Run("an address beyond loopback without a token", func(t *testing.T) {
		said := refused(t, []string{"HAIGO_ADMIN_TOKEN="}, data, "serve", "--listen", "0.0.0.0:0")
		says(t, said, "can be reached from other machines", "HAIGO_ADMIN_TOKEN", "listen on 127.0.0.1")
	})
}

// manyEpochs plans schedules that read a source again and again: above 4 times is warned of, above 16 refused unless the
// recipe allows it.
func manyEpochs(t *testing.T, data string) {
	var plan ablation.Plan
	const tokens = 400_000
	if err := json.Unmarshal([]byte(haigo(t, data, "sweep", "plan", "--json", sweepFile(t, "once", tokens))), &plan); err != nil {
		t.Fatal(err)
	}
	once := plan.Arms[0].Epochs["ja"] / tokens // of ja57, a token
	if once == 0 {
		t.Fatalf("nothing of ja is read: %+v", plan.Arms[0])
	}
	reading := func(t *testing.T, epochs float64, allowed string) string {
		return changed(t, "epochs", int(epochs/once), "  max_epochs: 100\n", allowed)
	}
	t.Run("three", func(t *testing.T) {
		if said := haigo(t, data, "sweep", "plan", reading(t, 3, "")); strings.Contains(said, "arm ja57 reads ja") {
			t.Errorf("said %q, want no warning", said)
		}
	})
	t.Run("five", func(t *testing.T) {
		says(t, haigo(t, data, "sweep", "plan", reading(t, 5, "")), "warning: arm ja57 reads ja 5.0 times", "above 4, repeats are worth less")
	})
	t.Run("fifteen", func(t *testing.T) {
		says(t, haigo(t, data, "sweep", "plan", reading(t, 15, "")), "warning: arm ja57 reads ja 15.0 times")
	})
	t.Run("forty", func(t *testing.T) {
		path := reading(t, 40, "")
		for _, command := range []string{"plan", "apply"} {
			said := refused(t, nil, data, "sweep", command, path)
			says(t, said, filepath.Base(path)+":", "arm ja57 would read ja 40.0 times, more than max_epochs 16", "or raise recipe.max_epochs")
		}
	})
	t.Run("forty, allowed", func(t *testing.T) {
		says(t, haigo(t, data, "sweep", "plan", reading(t, 40, "  max_epochs: 50\n")), "warning: arm ja57 reads ja 40.0 times")
	})
}

// TestBadInput_pages asks the running program as browsers do: what is wrong is said in the viewer's language.
func TestBadInput_pages(t *testing.T) {
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepFile(t, "short", 20_000))
	awaitEnd(t, s.store(t), "short")
	link := regexp.MustCompile(`/s/[A-Za-z0-9_-]{43}`).FindString(haigo(t, data, "share", "create", "short"))
	if link == "" {
		t.Fatal("no link was made")
	}
	other := "A"
	if link[20] == 'A' {
		other = "B"
	}
	wrong := link[:20] + other + link[21:]
	bad := func(from, to string) url.Values {
		document, err := os.ReadFile(changed(t, "bad", 400_000, from, to))
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"document": {string(document)}}
	}
	asked := []struct {
		name, path string
		form       url.Values // nil: it is read only
		header     string     // a name and a value
		status     int
		ja, en     string
	}{
		{"weights that sum to 0.9", "/new/check", bad("ja: 0.57", "ja: 0.47"), "", 200, "0.1 足りません", "0.1 is missing"},
		{"a list that isn't closed", "/new", bad("[ja, en, code]", "[ja, en, code"), "", 200, "一覧が閉じていない", "a list isn&#39;t closed"},
		{"an unknown source", "/new", bad("[ja, en, code]", "[ja, en, code, web]"), "", 200, "データソース web はありません", "there is no source web"},
		{"forty epochs", "/new/check", bad("max_epochs: 100", "max_epochs: 0.01"), "", 200, "（recipe.max_epochs）を上げて", "(recipe.max_epochs)"},
		{"another site's page", "/sweeps/short/stop", url.Values{}, "Origin: https://evil.example", 403, "Haigo の画面を開いて", "Open Haigo itself"},
		{"a sweep that is over", "/sweeps/short/stop", url.Values{}, "", 200, "停止するものがありません", "there is nothing to stop"},
		{"a link one character off", wrong, nil, "", 404, "このリンクは", "This link can&#39;t be opened"},
		{"an address that nothing has", "/nothing", nil, "", 404, "ここには何もありません", "There is nothing here"},
	}
	for _, tt := range asked {
		for lang, want := range map[string]string{"ja": tt.ja, "en": tt.en} {
			t.Run(tt.name+" "+lang, func(t *testing.T) {
				status, said := request(t, s.URL+tt.path, lang, tt.form, tt.header)
				if status != tt.status {
					t.Errorf("status %d, want %d", status, tt.status)
				}
				says(t, said, want)
			})
		}
	}
	t.Run("a link one character off looks like any other", func(t *testing.T) {
		_, off := request(t, s.URL+wrong, "ja", nil, "")
		_, unknown := request(t, s.URL+"/s/"+strings.Repeat("x", 43), "ja", nil, "")
		if neutral := strings.ReplaceAll(off, wrong, "/s/"+strings.Repeat("x", 43)); neutral != unknown {
			t.Errorf("the pages differ:\n%s\n%s", off, unknown)
		}
	})
}

// request sends a form, or reads where there is none, as a browser of the language does.
func request(t *testing.T, address, lang string, form url.Values, header string) (status int, body string) {
	t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", lang)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// says fails the test unless the program said every text, and nothing of what is inside it.
func says(t *testing.T, said string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(said, text) {
			t.Errorf("said %q, want %q", said, text)
		}
	}
	for _, leak := range []string{"panic", "goroutine", ".go:", "invalid input", "magic number", "unexpected EOF", "must be specified", "SQLSTATE", "pgx", "<nil>", "%!", "rpc error"} {
		if strings.Contains(said, leak) {
			t.Errorf("said %q, which tells %q", said, leak)
		}
	}
}

// changed is a good sweep file with one text in it replaced.
func changed(t *testing.T, name string, tokens int, from, to string) string {
	t.Helper()
	path := sweepFile(t, name, tokens)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(good), from) {
		t.Fatalf("the sweep file holds no %q", from)
	}
	write(t, path, strings.Replace(string(good), from, to, 1))
	return path
}

// changedTrainer is a folder of trainers whose program has one byte more than its list says.
func changedTrainer(t *testing.T) string {
	t.Helper()
	bin, from := t.TempDir(), filepath.Dir(program(t))
	for _, name := range []string{"haigo-cpu", "plugins.yaml"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "haigo-cpu" {
			content = append(content, 0)
		}
		if err := os.WriteFile(filepath.Join(bin, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// both runs a command to its end and returns what it printed on stdout and on stderr.
func both(t *testing.T, data string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	cmd := command(t, data, args...)
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); failed != nil {
		t.Fatalf("haigo %s: %v\n%s", strings.Join(args, " "), failed, err.String())
	}
	return out.String(), err.String()
}

// TestFullDisk trains in a folder with no room for what the run writes; with room again, and told to, every run goes on to the
// undisturbed outcome.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not run: a full disk in the run directory (needs root to mount a small one)")
	}
	want, _ := undisturbed(t, killTokens)
	data := folder(t)
	sources(t, data)
	runs := filepath.Join(data, "runs")
	if err := os.Mkdir(runs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", runs, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("not run: a full disk in the run directory (%v)", err)
	}
	s := dev(t, data)
	t.Cleanup(func() {
		s.end(syscall.SIGTERM)
		_ = syscall.Unmount(runs, syscall.MNT_DETACH)
	})
	haigo(t, data, "sweep", "apply", sweepFile(t, "kill", killTokens))
	store := s.store(t)
	var failed []ablation.Run
	await(t, "runs to fail", func() bool {
		all, err := store.Runs(t.Context(), "kill")
		failed = failed[:0]
		for _, r := range all {
			if r.State == ablation.RunFailed {
				failed = append(failed, r)
			}
		}
		return err == nil && len(failed) == len(all)
	})
	for _, r := range failed {
		says(t, r.Message.EN, "the disk of the run folders is full", "free some space and retry the run")
		if strings.Contains(r.Message.EN, runs) {
			t.Errorf("%s tells where the folders are: %s", r.Name, r.Message)
		}
	}
	if err := syscall.Mount("tmpfs", runs, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	for _, r := range failed {
		haigo(t, data, "run", "retry", r.ID)
	}
	got, attempts := fateOf(t, s, "kill")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome after a full disk (-undisturbed +got):\n%s", diff)
	}
	t.Logf("figure: %d runs failed, and are as undisturbed after another try", len(attempts))
}

func damaged(t *testing.T, path string) {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&lines, "{\"id\":\"%d\",\"text\":\"document number %d\"}\n", i, i)
	}
	whole := encoder.EncodeAll([]byte(lines.String()), nil)
	write(t, path, string(whole[:len(whole)/2]))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
