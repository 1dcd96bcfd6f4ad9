package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

// TestHouse keeps house with the real program: what a sweep's file and haigo sweep keep say goes when somebody asks, and nothing
// else; a sweep that is deleted says what is lost, and leaves shares and text.
func TestHouse(t *testing.T) {
	t.Parallel()
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	path := sweepFile(t, "house", 20_000)
	document, err := os.ReadFile(path)
	if err := errors.Join(err, os.WriteFile(path, append(document, "keep: {checkpoints: 0}\n"...), 0o644)); err != nil {
		t.Fatal(err)
	}
	haigo(t, data, "sweep", "apply", path)
	store := s.store(t)
	results := awaitEnd(t, store, "house")
	haigo(t, data, "share", "create", "house")
	shares := haigo(t, data, "share", "list")
	left := func(pattern string) int {
		found, _ := filepath.Glob(filepath.Join(data, "runs", "*", pattern))
		return len(found)
	}

	listed := haigo(t, data, "gc")
	if n := strings.Count(listed, "checkpoints of an ended run"); n != 4 || strings.Contains(listed, "points of an ended run;") && strings.Contains(listed, "curves") || left("checkpoints") != 4 {
		t.Errorf("by the file alone, %d folders of checkpoints left:\n%s", left("checkpoints"), listed)
	}
	if said := haigo(t, data, "sweep", "keep", "house", "--points", "0", "--logs", "30"); said != "house: points 0 d, checkpoints 0 d, logs 30 d; scores and shares are kept forever\n" {
		t.Errorf("keep says %s", said)
	}
	if said := haigo(t, data, "gc", "--delete"); !strings.Contains(said, "Removed 8 things") || strings.Contains(said, "log of an ended run") {
		t.Errorf("removed:\n%s", said)
	}
	if left("checkpoints") != 0 || left("attempt-*/events.jsonl") != 4 || left("attempt-*/stdout.log") != 4 {
		t.Errorf("left of four runs: %d checkpoints, %d events, %d logs", left("checkpoints"), left("attempt-*/events.jsonl"), left("attempt-*/stdout.log"))
	}
	if said := haigo(t, data, "gc"); said != "There is nothing to remove.\n" {
		t.Errorf("and then: %s", said)
	}
	after, err := store.Results(t.Context(), "house")
	if diff := cmp.Diff(results, after); diff != "" || err != nil {
		t.Errorf("scores (-before +after): %v\n%s", err, diff)
	}
	for _, metric := range []string{ablation.MetricLoss, ablation.BPB("ja")} {
		points, err := store.Points(t.Context(), results[0].Run.ID, metric, 0, 1000, 1000)
		if err != nil || (len(points) == 0) != (metric == ablation.MetricLoss) {
			t.Errorf("%d points of %s, %v", len(points), metric, err)
		}
	}

	if said := haigo(t, data, "sweep", "delete", "house"); !strings.Contains(said, "Sweep house: 4 runs, ") || !strings.Contains(said, "Nothing was deleted.") || left("attempt-0001") != 4 {
		t.Errorf("what would be lost:\n%s", said)
	}
	if said := haigo(t, data, "sweep", "delete", "--yes", "house"); !strings.Contains(said, "Sweep house: 4 runs, ") || !strings.Contains(said, "Deleted.") || left("*") != 0 {
		t.Errorf("deleted, %d folders left:\n%s", left("*"), said)
	}
	refused(t, nil, data, "sweep", "show", "house")
	if diff := cmp.Diff(shares, haigo(t, data, "share", "list")); diff != "" {
		t.Errorf("shares (-before +after):\n%s", diff)
	}
	if listed := haigo(t, data, "corpus", "list"); !strings.Contains(listed, "code") {
		t.Errorf("sources:\n%s", listed)
	}
	haigo(t, data, "sweep", "apply", path) // the name is free, and the text is whole
	awaitEnd(t, store, "house")
}
