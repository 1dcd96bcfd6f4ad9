package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestReadManifest(t *testing.T) {
	t.Parallel()
	want := manifest()
	got, digest, err := readManifest(t, want)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if data, _ := spec.EncodeManifest(want); digest != spec.Digest(data) {
		t.Errorf("digest is %s, want that of the bytes", digest)
	}
}

func TestReadManifest_refuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(m *spec.Manifest){
		"manifest_version: is 2":             func(m *spec.Manifest) { m.ManifestVersion = 2 },
		`name: is "Web"`:                     func(m *spec.Manifest) { m.Name = "Web" },
		`lang: is "日本"`:                      func(m *spec.Manifest) { m.Lang = "日本" },
		`files[0].path: is "../other.jsonl"`: func(m *spec.Manifest) { m.Files[0].Path = "../other.jsonl" },
		"heldout.sha256":                     func(m *spec.Manifest) { m.Heldout.SHA256 = "" },
		"files[0]: has a negative count":     func(m *spec.Manifest) { m.Files[0].Documents = -1 },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			m := manifest()
			change(m)
			if _, _, err := readManifest(t, m); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestRowsKey(t *testing.T) {
	t.Parallel()
	// The key is part of the contract: rows are found again by later releases and by trainers in other languages.
	got := spec.RowsKey(strings.Repeat("1", 64), spec.Tokenizer{Kind: spec.TokenizerBytes}, 128)
	direct := spec.Digest([]byte(`{"manifest_sha256":"` + strings.Repeat("1", 64) + `","tokenizer":{"kind":"bytes"},"row_tokens":128}`))
	if got != direct {
		t.Errorf("got %s, want %s", got, direct)
	}
}

func manifest() *spec.Manifest {
	return &spec.Manifest{
		ManifestVersion: 1, Name: "web-ja", Lang: "ja",
		Files:    []spec.File{{Path: "train/000000.jsonl", SHA256: strings.Repeat("a", 64), Bytes: 10, Documents: 2}},
		Heldout:  spec.File{Path: "heldout.jsonl", SHA256: strings.Repeat("b", 64), Bytes: 5, Documents: 1},
		Rejected: map[string]int64{"empty": 3},
		Origin:   []spec.Origin{{Package: "manpages-ja", Version: "0.5", Licence: "free"}},
	}
}

func readManifest(t *testing.T, m *spec.Manifest) (*spec.Manifest, string, error) {
	t.Helper()
	data, err := spec.EncodeManifest(m)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), spec.ManifestFile)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return spec.ReadManifest(path)
}
