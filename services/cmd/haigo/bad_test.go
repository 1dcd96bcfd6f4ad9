package main_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestBadInput gives the program what people give programs, and wants to be told what to do.
func TestBadInput(t *testing.T) {
	data := folder(t)
	sources(t, data)

	documents := map[string]struct {
		from, to string // a change of a good sweep file
		want     string
	}{
		"weights that sum to 0.9":  {"ja: 0.57", "ja: 0.47", "0.1"},
		"a stage past the budget":  {"until: 1.0", "until: 500M", "until"},
		"an unknown source":        {"[ja, en, code]", "[ja, en, code, web]", "there is no source web"},
		"forty epochs":             {"max_epochs: 100", "max_epochs: 0.01", "max_epochs 0.01"},
		"an unknown key":           {"batch_rows", "batch_row", "batch_rows"},
		"a source not in the list": {"code: 0.12", "coed: 0.12", "coed"},
	}
	for name, tt := range documents {
		t.Run(name, func(t *testing.T) {
			path := sweepFile(t, "bad", 400_000)
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bad := strings.Replace(string(good), tt.from, tt.to, 1)
			if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
				t.Fatal(err)
			}
			said := refused(t, nil, "--data", data, "sweep", "plan", path)
			t.Log(said)
			if !strings.Contains(said, tt.want) || !strings.Contains(said, filepath.Base(path)+":") {
				t.Errorf("said %q, want file, line and %q", said, tt.want)
			}
		})
	}

	t.Run("a damaged archive and a Latin-1 file", func(t *testing.T) {
		dir := t.TempDir()
		damaged(t, filepath.Join(dir, "broken.jsonl.zst"))
		write(t, filepath.Join(dir, "latin1.txt"), "caf\xe9 au lait, s'il vous pla\xeet\n")
		write(t, filepath.Join(dir, "good.txt"), strings.Repeat("the rest goes on. ", 50))
		write(t, filepath.Join(dir, "good2.txt"), strings.Repeat("and on, and on. ", 50))
		said := haigo(t, data, "corpus", "add", "mixed", dir, "--lang", "fr")
		t.Log(said)
		for _, want := range []string{"damaged", "not_utf8"} {
			if !strings.Contains(said, want) {
				t.Errorf("said %q, want %q counted", said, want)
			}
		}
	})

	t.Run("a trainer whose file has changed", func(t *testing.T) {
		bin := t.TempDir()
		from := filepath.Dir(program(t))
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
		said := refused(t, nil, "--data", data, "--trainers", bin, "sweep", "plan", sweepFile(t, "changed", 400_000))
		t.Log(said)
		if !strings.Contains(said, "make build") {
			t.Errorf("said %q, want to be told to run make build", said)
		}
	})

	t.Run("no Postgres", func(t *testing.T) {
		said := refused(t, []string{"PATH=/nowhere", "HAIGO_POSTGRES_BIN=/nowhere", "DATABASE_URL="}, "--data", folder(t), "sweep", "list")
		t.Log(said)
		if !strings.Contains(said, "HAIGO_POSTGRES_BIN") {
			t.Errorf("said %q, want to be told about HAIGO_POSTGRES_BIN", said)
		}
	})

	t.Run("a port that is taken", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		said := refused(t, nil, "--data", data, "dev", "--listen", listener.Addr().String())
		t.Log(said)
		if !strings.Contains(said, "--listen 127.0.0.1:0") {
			t.Errorf("said %q, want another address named", said)
		}
	})

	t.Run("an address beyond loopback without a token", func(t *testing.T) {
		said := refused(t, []string{"HAIGO_ADMIN_TOKEN="}, "--data", data, "serve", "--listen", "0.0.0.0:0")
		t.Log(said)
		if !strings.Contains(said, "HAIGO_ADMIN_TOKEN") {
			t.Errorf("said %q, want to be told about HAIGO_ADMIN_TOKEN", said)
		}
	})
}

// TestFullDisk trains in a folder with no room for what the run writes.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not run: a full disk in the run directory (needs root to mount a small one)")
	}
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
	haigo(t, data, "sweep", "apply", sweepFile(t, "full", 400_000))
	store := s.store(t)
	var failed []ablation.Run
	await(t, "runs to fail", func() bool {
		all, err := store.Runs(t.Context(), "full")
		failed = failed[:0]
		for _, r := range all {
			if r.State == ablation.RunFailed {
				failed = append(failed, r)
			}
		}
		return err == nil && len(failed) == len(all)
	})
	for _, r := range failed {
		t.Logf("%s: %s", r.Name, r.Message)
	}
	if !strings.Contains(fmt.Sprint(failed), "no space left") {
		t.Errorf("no run says that no space is left")
	}
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
