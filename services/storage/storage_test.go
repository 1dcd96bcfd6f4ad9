package storage_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/storage"
)

func days(n int) *int { return &n }

// kinds are what items are of, with their runs or paths.
func kinds(items []storage.Item) []string {
	var out []string
	for _, i := range items {
		name := i.Path
		if i.Run != "" {
			name = i.Sweep + "/" + i.Run
		}
		out = append(out, fmt.Sprintf("%s %s", i.Kind, name))
	}
	slices.Sort(out)
	return out
}

// Bulk whose time is over goes when somebody says so; scores, roll-ups and the rest stay.
func TestKeeper_Retention(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sweep("done", 2, ablation.RunStopped)
	h.sweep("other", 1, ablation.RunCompleted)
	for _, k := range []struct {
		keep ablation.Keep
		want []string
	}{
		{ablation.Keep{}, nil},
		{ablation.Keep{Points: days(1), Checkpoints: days(1), Logs: days(1)}, nil},
		// A run that can go on keeps its points while it has its checkpoints.
		{ablation.Keep{Points: days(0)}, []string{"points done/a-s1"}},
		{ablation.Keep{Points: days(0), Checkpoints: days(0), Logs: days(0)}, []string{
			"checkpoints done/a-s1", "checkpoints done/a-s2", "logs done/a-s1", "logs done/a-s2", "points done/a-s1", "points done/a-s2",
		}},
	} {
		if err := h.Store.SetKeep(t.Context(), "done", k.keep); err != nil {
			t.Fatal(err)
		}
		items, err := h.Collect(t.Context())
		if diff := cmp.Diff(k.want, kinds(items)); diff != "" || err != nil {
			t.Errorf("what may go (-want +got): %v\n%s", err, diff)
		}
	}
	before, err := h.Store.Results(t.Context(), "done")
	if err != nil {
		t.Fatal(err)
	}
	items, err := h.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	removed, err := h.Remove(t.Context(), items)
	if err != nil || len(removed) != 6 {
		t.Errorf("removed %v, %v", kinds(removed), err)
	}
	if again, err := h.Remove(t.Context(), items); err != nil || len(again) != 0 {
		t.Errorf("removed again: %v, %v", kinds(again), err)
	}
	if items, err = h.Collect(t.Context()); err != nil || len(items) > 0 {
		t.Errorf("left to remove: %v, %v", kinds(items), err)
	}
	h.file(filepath.Join(h.Data, "runs/done-0/attempt-0001/stdout.log")) // as a removal leaves it that is killed after its row
	if items, err = h.Collect(t.Context()); err != nil || !slices.Equal(kinds(items), []string{"unfinished runs/done-0/attempt-0001/stdout.log"}) {
		t.Errorf("left by a removal that was killed: %v, %v", kinds(items), err)
	}
	if _, err := h.Remove(t.Context(), items); err != nil {
		t.Error(err)
	}
	after, err := h.Store.Results(t.Context(), "done")
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("results (-before +after): %v\n%s", err, diff)
	}
	if loss, err := h.Loss(t.Context(), "done"); err != nil || loss.Points != 4 || loss.Scores != 2 || loss.Checkpoints != 0 || loss.Lines != 0 {
		t.Errorf("what is gone is still to be lost: %+v, %v", loss, err)
	}
	for path, want := range map[string]bool{
		"runs/done-0/checkpoints": false, "runs/done-0/attempt-0001/stdout.log": false, "runs/done-0/attempt-0001/events.jsonl": true, "runs/other-0/checkpoints": true,
	} {
		if h.there(path) != want {
			t.Errorf("%s is there: %v", path, !want)
		}
	}
	curves, err := h.Store.Curves(t.Context(), []string{"done-0", "other-0"}, "loss", 100, 200, 1000)
	if err != nil || len(curves[0].Buckets) == 0 || curves[0].Buckets[0].ToStep == curves[0].Buckets[0].FromStep {
		t.Errorf("a curve without its points: %+v, %v", curves, err)
	}
	if scores, err := h.Store.Points(t.Context(), "done-0", "bpb/ja", 0, math.MaxInt64, 9); err != nil || len(scores) != 1 {
		t.Errorf("scores: %v, %v", scores, err)
	}
	if err := h.Store.SetKeep(t.Context(), "done", ablation.Keep{Logs: days(-1)}); err == nil {
		t.Error("days before the end were taken")
	}
}

// What belongs to runs that the database neither has nor deleted, as when it was lost and begun anew, isn't known to be of no use.
func TestKeeper_Unknown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"runs/r/attempt-0001/events.jsonl", "checkpoints/abc/weights", "rows/k/rows.bin"} {
		h.file(filepath.Join(h.Data, path))
	}
	h.old("")
	items, err := h.Collect(t.Context())
	if diff := cmp.Diff([]string{"rows rows/k", "unknown checkpoints/abc", "unknown runs/r"}, kinds(items)); diff != "" || err != nil {
		t.Errorf("what may go (-want +got): %v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"rows rows/k"}, kinds(storage.Known(items))); diff != "" {
		t.Errorf("what goes by itself (-want +got):\n%s", diff)
	}
}

// What an ended run's folder holds of a life that the database doesn't know goes once nobody has touched it for a day.
func TestKeeper_Earlier(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sweep("done", 1, ablation.RunCompleted)
	for _, path := range []string{"before-x/attempt-0001/events.jsonl", "attempt-0002.before-y/events.jsonl", "checkpoints/step-4000/weights"} {
		h.file(filepath.Join(h.Data, "runs/done-0", path))
	}
	if items, err := h.Collect(t.Context()); err != nil || len(items) != 0 {
		t.Errorf("what was just written: %v, %v", kinds(items), err)
	}
	h.old("")
	items, err := h.Collect(t.Context())
	want := []string{"earlier runs/done-0/attempt-0002.before-y", "earlier runs/done-0/before-x", "earlier runs/done-0/checkpoints/step-4000"}
	if diff := cmp.Diff(want, kinds(items)); diff != "" || err != nil {
		t.Errorf("what may go (-want +got): %v\n%s", err, diff)
	}
	if _, err := h.Remove(t.Context(), items); err != nil || h.there("runs/done-0/before-x") || !h.there("runs/done-0/checkpoints/step-5000") || !h.there("runs/done-0/attempt-0001") {
		t.Errorf("removed wrongly: %v", err)
	}
}

// What nothing refers to goes once nobody has touched it for a day.
func TestKeeper_Unreferred(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sweep("done", 1, ablation.RunCompleted)
	h.sweep("gone", 1, ablation.RunCompleted)
	if _, err := h.Store.DeleteSweep(t.Context(), "gone", nil); err != nil { // and whoever did it ended before its folder went
		t.Fatal(err)
	}
	for _, path := range []string{"packs/left/stderr.log", "packs/had/stderr.log", "checkpoints/abc/weights", "checkpoints/.keeping-1/weights", "sources/.ja-1/x", "rows/k/rows.bin", "sources/ja/1/train/0"} {
		h.file(filepath.Join(h.Data, path))
	}
	if err := os.Symlink("../../../packs/had/stderr.log", filepath.Join(h.Data, "runs/done-0/attempt-0001/stderr.log")); err != nil {
		t.Fatal(err)
	}
	if items, err := h.Collect(t.Context()); err != nil || len(items) != 0 {
		t.Errorf("what somebody may be about to need: %v, %v", kinds(items), err)
	}
	h.old("")
	items, err := h.Collect(t.Context())
	want := []string{"copy checkpoints/abc", "orphan runs/gone-0", "pack packs/left", "rows rows/k", "unfinished checkpoints/.keeping-1", "unfinished sources/.ja-1"}
	if diff := cmp.Diff(want, kinds(items)); diff != "" || err != nil {
		t.Errorf("what may go (-want +got): %v\n%s", err, diff)
	}
	if _, err := h.Remove(t.Context(), items); err != nil || h.there("runs/gone-0") || !h.there("runs/done-0") || !h.there("sources/ja/1/train/0") {
		t.Errorf("removed wrongly: %v", err)
	}
	h.sweep("goes-on", 1, ablation.RunRunning)
	h.file(filepath.Join(h.Data, "rows/k/rows.bin"))
	h.old("")
	if items, err := h.Collect(t.Context()); err != nil || len(items) != 0 {
		t.Errorf("rows that a run waits for: %v, %v", kinds(items), err)
	}
}

func TestKeeper_Delete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sweep("done", 2, ablation.RunCompleted)
	h.sweep("goes-on", 1, ablation.RunRunning)
	share, err := h.Store.CreateShare(t.Context(), [32]byte{1}, ablation.Share{Sweep: "done", Live: true, Chart: []byte(`{}`), ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	loss, err := h.Loss(t.Context(), "done")
	want := ablation.Loss{Sweep: "done", Runs: 2, Points: 2 * (steps + 2), Scores: 2, Checkpoints: 2, Lines: 2, Bytes: loss.Bytes, DeviceHours: loss.DeviceHours, LiveShares: 1}
	if diff := cmp.Diff(want, loss); diff != "" || err != nil || loss.Bytes < 60_000 {
		t.Errorf("loss (-want +got): %v, %d bytes\n%s", err, loss.Bytes, diff)
	}
	if err := h.Delete(t.Context(), "goes-on"); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("deleted a sweep that goes on: %v", err)
	}
	if err := h.Delete(t.Context(), "done"); err != nil {
		t.Fatal(err)
	}
	if h.there("runs/done-0") || h.there("runs/done-1") {
		t.Error("folders of its runs are left")
	}
	if left, err := h.Store.LiveShares(t.Context(), "done"); err != nil || len(left) != 0 {
		t.Errorf("live shares: %v, %v", left, err)
	}
	if kept, err := h.Store.ShareNumbered(t.Context(), share.ID); err != nil || string(kept.Chart) != `{"frozen":true}` {
		t.Errorf("the share: %s, %v", kept.Chart, err)
	}
	if err := h.Store.StopSweep(t.Context(), "goes-on"); err != nil {
		t.Fatal(err)
	}
	h.sweep("done", 1, ablation.RunCompleted) // the name is free again
	use, err := h.Use(t.Context())
	if err != nil || len(use.Sweeps) != 2 || use.Sweeps[0].Sweep != "done" || use.Sweeps[0].Checkpoints == 0 || use.Sweeps[0].Points == 0 || use.Free <= 0 {
		t.Errorf("use: %+v, %v", use, err)
	}
}

func TestKeeper_Archive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sweep("done", 1, ablation.RunStopped)
	h.sweep("goes-on", 1, ablation.RunRunning)
	if err := h.Store.ArchiveSweep(t.Context(), "goes-on"); err == nil {
		t.Error("archived a sweep that goes on")
	}
	if err := h.Store.ArchiveSweep(t.Context(), "done"); err != nil {
		t.Fatal(err)
	}
	archived := func() bool {
		w, err := h.Store.Sweep(t.Context(), "done")
		if err != nil {
			t.Fatal(err)
		}
		return w.ArchivedAt != nil
	}
	if !archived() {
		t.Error("it isn't archived")
	}
	if err := h.Store.RetryRun(t.Context(), "done-0"); err != nil || archived() {
		t.Errorf("a sweep that goes on again is out of sight, %v", err)
	}
}
