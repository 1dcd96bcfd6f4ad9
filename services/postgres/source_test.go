package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestStore_Sources(t *testing.T) {
	w := newWorld(t)
	old, grown, other := source("web-ja", "aaaaaaaa"), source("web-ja", "bbbbbbbb"), source("code", "cccccccc")
	for _, v := range []ablation.Source{old, grown, other} {
		w.must(w.PutSource(t.Context(), v))
	}
	t.Run("by name, newest first", func(t *testing.T) {
		got, err := w.Sources(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]ablation.Source{other, grown, old}, got, born); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got[0].CreatedAt.Location() != time.UTC || got[0].CreatedAt.IsZero() {
			t.Errorf("created at %v", got[0].CreatedAt)
		}
	})
	t.Run("the newest, or a version", func(t *testing.T) {
		for version, want := range map[string]ablation.Source{"": grown, "aaaaaaaa": old} {
			got, err := w.Source(t.Context(), "web-ja", version)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, born); diff != "" {
				t.Errorf("version %q (-want +got):\n%s", version, diff)
			}
		}
	})
	t.Run("the same manifest again moves its folder, and is the newest", func(t *testing.T) {
		moved := old
		moved.Dir, moved.Bytes = "/elsewhere", 1
		w.must(w.PutSource(t.Context(), moved))
		got, err := w.Source(t.Context(), "web-ja", "aaaaaaaa")
		if err != nil || got.Dir != "/elsewhere" || got.Bytes != old.Bytes {
			t.Errorf("got %+v, %v", got, err)
		}
		if newest, err := w.Source(t.Context(), "web-ja", ""); err != nil || newest.Version != "aaaaaaaa" {
			t.Errorf("the newest is %s, %v", newest.Version, err)
		}
	})
	t.Run("other text under a version's name is a conflict", func(t *testing.T) {
		clash := old
		clash.ManifestSHA256 = "aaaaaaaa other"
		if err := w.PutSource(t.Context(), clash); !errors.Is(err, ablation.ErrConflict) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		if _, err := w.Source(t.Context(), "web-ja", "dddddddd"); !errors.Is(err, ablation.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestStore_Tasks(t *testing.T) {
	w := newWorld(t)
	old, grown := task("next-ja", "aaaaaaaa"), task("next-ja", "bbbbbbbb")
	for _, v := range []ablation.Task{old, grown} {
		w.must(w.PutTask(t.Context(), v))
	}
	got, err := w.Tasks(t.Context())
	w.must(err)
	if diff := cmp.Diff([]ablation.Task{grown, old}, got, born); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	newest, err := w.Task(t.Context(), "next-ja", "")
	if err != nil || newest.Version != "bbbbbbbb" {
		t.Errorf("newest is %+v, %v", newest, err)
	}
	t.Run("the same items again move their file, and are the newest", func(t *testing.T) {
		moved := old
		moved.Path = "/elsewhere.jsonl"
		w.must(w.PutTask(t.Context(), moved))
		got, err := w.Task(t.Context(), "next-ja", "aaaaaaaa")
		if err != nil || got.Path != "/elsewhere.jsonl" {
			t.Errorf("got %+v, %v", got, err)
		}
		if newest, err := w.Task(t.Context(), "next-ja", ""); err != nil || newest.Version != "aaaaaaaa" {
			t.Errorf("the newest is %s, %v", newest.Version, err)
		}
	})
	t.Run("other items under a version's name are a conflict", func(t *testing.T) {
		clash := old
		clash.SHA256 = "aaaaaaaa other"
		if err := w.PutTask(t.Context(), clash); !errors.Is(err, ablation.ErrConflict) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		if _, err := w.Task(t.Context(), "next-en", ""); !errors.Is(err, ablation.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// born leaves out when a row was made.
var born = cmp.Options{
	cmpopts.IgnoreFields(ablation.Source{}, "CreatedAt"),
	cmpopts.IgnoreFields(ablation.Task{}, "CreatedAt"),
}

func source(name, version string) ablation.Source {
	return ablation.Source{
		Name: name, Version: version, Lang: "ja", Role: ablation.RoleTrain, ManifestSHA256: version + " of a manifest", Dir: "/data/" + name,
		Bytes: 1 << 40, Documents: 12, HeldoutBytes: 3, HeldoutDocuments: 1, Rejected: map[string]int64{"duplicate": 2},
		Origin: []ablation.Origin{{Package: "manpages-ja", Version: "0.5", Licence: "various"}},
	}
}

func task(name, version string) ablation.Task {
	return ablation.Task{
		Name: name, Version: version, Lang: "ja", Kind: "multiple_choice", Items: 200, Chance: 0.25, Source: "web-ja", SourceSHA256: version + " origin",
		SHA256: version + " of the items", Path: "/data/tasks/" + name + ".jsonl",
	}
}
