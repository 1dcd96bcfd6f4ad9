package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/postgres"
)

// sweepOf writes a sweep file of 200 steps over invented text, whose rate decays over the last 40.
func sweepOf(t *testing.T, name, recipe, schedules string) string {
	t.Helper()
	if !strings.Contains(recipe, "tokens:") {
		recipe = "tokens: 102400, " + recipe
	}
	text := fmt.Sprintf("name: %s\nsources: [ja, en, code]\nrecipe: {%s, shape: {layers: 2, width: 32, heads: 2, ffn: 96}, row_tokens: 64, "+
		"batch_rows: 8, optimizer: {peak_lr: 3e-3, decay: wsd, warmup: 5120}, eval: {every: 20480, set_bytes: 8192}, max_epochs: 100}\n"+
		"schedules:\n%s\nseeds: 2\nseed: 7\n", name, recipe, schedules)
	file := filepath.Join(t.TempDir(), name+".yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

const (
	english  = "  en: {stages: [{until: 1.0, mixture: {ja: 0.1, en: 0.8, code: 0.1}}]}"
	japanese = "  ja: {stages: [{until: 1.0, mixture: {ja: 0.8, en: 0.1, code: 0.1}}]}"
	turned   = "  ja: {stages: [{until: 0.6, mixture: {ja: 0.1, en: 0.8, code: 0.1}}, {until: 1.0, mixture: {ja: 0.8, en: 0.1, code: 0.1}}]}"
)

// finishedRuns are a sweep's runs once all have ended, with every point of each.
func finishedRuns(t *testing.T, s *service, sweep string) ([]ablation.Run, []map[string]ablation.Real) {
	t.Helper()
	var runs []ablation.Run
	var all []map[string]ablation.Real
	for _, r := range awaitEnd(t, s.store(t), sweep) {
		if r.Run.State != ablation.RunCompleted {
			t.Errorf("run %s is %s: %s", r.Run.Name, r.Run.State, r.Run.Message)
		}
		runs, all = append(runs, r.Run), append(all, history(t, s, r.Run))
	}
	return runs, all
}

// TestStart goes on from the runs of one sweep in others: from their state, which comes to what one undivided run would
// have come to, bit for bit; and from their weights, which begin where those ended.
func TestStart(t *testing.T) {
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	haigo(t, data, "sweep", "apply", sweepOf(t, "base", "checkpoint: {every: 20480, keep: 10}", english))
	base, baseHistory := finishedRuns(t, s, "base")

	t.Run("state", func(t *testing.T) {
		haigo(t, data, "sweep", "apply", sweepOf(t, "undivided", "share_trunks: false", turned))
		_, want := finishedRuns(t, s, "undivided")
		file := sweepOf(t, "branch", "start: {run: base/en, step: 120, take: state}", japanese)
		var plan ablation.Plan
		if err := json.Unmarshal([]byte(haigo(t, data, "sweep", "plan", file, "--json")), &plan); err != nil {
			t.Fatal(err)
		}
		if plan.ReusedTokens != 2*120*512 || plan.TotalTokens != 2*80*512 {
			t.Errorf("the plan reuses %d tokens and trains %d", plan.ReusedTokens, plan.TotalTokens)
		}
		haigo(t, data, "sweep", "apply", file)
		runs, got := finishedRuns(t, s, "branch")
		for i, r := range runs {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Errorf("%s: -undivided +branch\n%s", r.Name, diff)
			}
			if n := trainedSteps(t, data, r.ID); n != 80 {
				t.Errorf("%s trained %d steps itself, want 80", r.Name, n)
			}
			if r.Start == nil || r.Start.Run != base[i].ID || r.Start.Step != 120 {
				t.Errorf("%s starts from %+v", r.Name, r.Start)
			}
		}
	})

	t.Run("weights", func(t *testing.T) {
		file := sweepOf(t, "continued", "start: {run: base/en, step: last}", japanese)
		if out := haigo(t, data, "sweep", "plan", file); !strings.Contains(out, "base/en/1 at step 200") || !strings.Contains(out, "same rows first") {
			t.Errorf("the plan says\n%s", out)
		}
		haigo(t, data, "sweep", "apply", file)
		runs, got := finishedRuns(t, s, "continued")
		for i, r := range runs {
			if n := trainedSteps(t, data, r.ID); n != r.Steps {
				t.Errorf("%s trained %d of %d steps", r.Name, n, r.Steps)
			}
			for _, set := range []string{"ja", "en", "code"} {
				if a, b := baseHistory[i][ablation.BPB(set)+"@200"], got[i][ablation.BPB(set)+"@0"]; a != b || a == 0 {
					t.Errorf("%s: base ends with %v on %s, this begins with %v", r.Name, a, set, b)
				}
			}
		}
	})

	// From a copy of a checkpoint in a folder of a person's own; afterwards neither is needed any more.
	t.Run("folder", func(t *testing.T) {
		c, err := s.store(t).CheckpointAt(t.Context(), base[1].ID, 200)
		if err != nil || c == nil {
			t.Fatal(c, err)
		}
		own := filepath.Join(t.TempDir(), "weights")
		if err := os.CopyFS(own, os.DirFS(c.Path)); err != nil {
			t.Fatal(err)
		}
		haigo(t, data, "sweep", "apply", sweepOf(t, "carried", "start: {checkpoint: "+own+", sha256: "+c.ManifestSHA256+"}", japanese))
		if err := os.RemoveAll(own); err != nil {
			t.Fatal(err)
		}
		_, got := finishedRuns(t, s, "carried")
		if a, b := baseHistory[1]["bpb/en@200"], got[0]["bpb/en@0"]; a != b {
			t.Errorf("the weights scored %v where they were written, %v where they begin", a, b)
		}
	})

	t.Run("refused", func(t *testing.T) { refusedStarts(t, data, s.store(t), base) })
}

// refusedStarts: what can't be started from is told before anything starts, in its place.
func refusedStarts(t *testing.T, data string, store *postgres.Store, base []ablation.Run) {
	c, err := store.CheckpointAt(t.Context(), base[0].ID, 160)
	if err != nil || c == nil {
		t.Fatal(c, err)
	}
	for start, want := range map[string]string{
		"{run: bass/en, step: 120}":                                             "recipe.start.run: there is no sweep bass",
		"{run: base/ja, step: 120}":                                             "recipe.start.run: sweep base has no arm ja; it has en",
		"{run: base/en/3, step: 120}":                                           "recipe.start.run: base/en has no run with seed 3; there are 1, 2",
		"{run: 0123456789abcdef, step: 120}":                                    "recipe.start.run: there is no run 0123456789abcdef",
		"{run: base/en, step: 130}":                                             "recipe.start.step: base/en/1 keeps no checkpoint at step 130; the nearest that it has: 120, 160",
		"{run: base/en, step: 300}":                                             "recipe.start.step: is 300, base/en/1 has 200 steps",
		"{checkpoint: " + data + "}":                                            "recipe.start.checkpoint: " + data + " holds no checkpoint",
		"{checkpoint: " + c.Path + ", sha256: " + strings.Repeat("0", 64) + "}": "recipe.start.sha256: isn't the checkpoint's: its manifest has " + c.ManifestSHA256,
	} {
		out := refused(t, nil, data, "sweep", "apply", sweepOf(t, "bad", "start: "+start, japanese))
		if !strings.Contains(out, want) || !strings.Contains(out, ":3:") {
			t.Errorf("%s: got\n%s\nwant %s, with its line", start, out, want)
		}
	}
	wide := sweepOf(t, "bad", "start: {run: base/en, step: last}", japanese)
	for _, v := range []struct{ change, to, want string }{
		{"width: 32", "width: 64", "recipe.shape: is {layers: 2, width: 64, heads: 2, ffn: 96}, and the weights of base/en/1 are of {layers: 2, width: 32, heads: 2, ffn: 96}"},
		{"{run: base/en, step: last}", "{checkpoint: " + c.Path + "}", ""},
		{"heads: 2", "heads: 4", "recipe.start: init: the checkpoint's model has heads 2 instead of 4"},
	} {
		text, err := os.ReadFile(wide)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), v.change, v.to, 1)
		if v.want == "" { // changes what the next is about
			if err := os.WriteFile(wide, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		file := filepath.Join(t.TempDir(), "bad.yaml")
		if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if out := refused(t, nil, data, "sweep", "apply", file); !strings.Contains(out, v.want) {
			t.Errorf("%s: got\n%s\nwant %s", v.to, out, v.want)
		}
	}
	flipByte(t, filepath.Join(c.Path, "model.safetensors"))
	out := refused(t, nil, data, "sweep", "apply", sweepOf(t, "bad", "start: {checkpoint: "+c.Path+"}", japanese))
	if !strings.Contains(out, "recipe.start.checkpoint: can't be started from: ") || !strings.Contains(out, "the file was changed or is damaged") {
		t.Errorf("a damaged checkpoint: got\n%s", out)
	}
	if err := os.RemoveAll(c.Path); err != nil {
		t.Fatal(err)
	}
	out = refused(t, nil, data, "sweep", "plan", sweepOf(t, "bad", "start: {run: base/en/1, step: 160}", japanese))
	if !strings.Contains(out, "base/en/1 keeps no checkpoint at step 160; the nearest that it has: 120, 200") {
		t.Errorf("a checkpoint that is gone: got\n%s", out)
	}
	if sweep, err := store.Sweep(t.Context(), "bad"); err == nil {
		t.Errorf("sweep %s was started", sweep.Name)
	}
}

func flipByte(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStart_waits: runs that start from a run which has yet to train wait for it, and it keeps the checkpoint that they
// need. What a sweep starts from stays when the run that wrote it drops it, or somebody removes it.
func TestStart_waits(t *testing.T) {
	data := folder(t)
	sources(t, data)
	base := sweepOf(t, "base", "checkpoint: {every: 20480, keep: 1}", english)
	branch := sweepOf(t, "branch", "start: {run: base/en, step: 100, take: state}", japanese)
	haigo(t, data, "sweep", "apply", base)
	if out := haigo(t, data, "sweep", "plan", branch); !strings.Contains(out, "base/en/1 has yet to come to step 100") {
		t.Errorf("the plan says\n%s", out)
	}
	haigo(t, data, "sweep", "apply", branch)
	s := dev(t, data)
	runs, before := finishedRuns(t, s, "branch")

	// Growth starts from the same; the checkpoint at 100 is the one that base kept for the branch.
	haigo(t, data, "sweep", "apply", sweepOf(t, "late", "start: {run: base/en, step: 100, take: state}", japanese))
	for _, r := range awaitEnd(t, s.store(t), "base") {
		if err := os.RemoveAll(spec.CheckpointsDir(spec.RunDir(data, r.Run.ID))); err != nil {
			t.Fatal(err)
		}
	}
	_, after := finishedRuns(t, s, "late")
	for i := range runs {
		if diff := cmp.Diff(before[i], after[i]); diff != "" {
			t.Errorf("%s: -waited +kept\n%s", runs[i].Name, diff)
		}
	}
	kept, err := os.ReadDir(filepath.Join(data, "checkpoints"))
	if err != nil || len(kept) != 2 {
		t.Errorf("%d copies of checkpoints are kept, want one a seed; %v", len(kept), err)
	}
	if steps := slices.Sorted(maps.Keys(before[0])); len(steps) == 0 {
		t.Error("the branch has no points")
	}
}

// TestStart_examples runs the examples of a base, of continued pre-training on it and of branches into its decay.
func TestStart_examples(t *testing.T) {
	data := folder(t)
	sources(t, data)
	s := dev(t, data)
	for _, name := range []string{"en-base", "ja-continued", "decay-branch"} {
		haigo(t, data, "sweep", "apply", filepath.Join("../../../schedules", name+".yaml"))
	}
	base, baseHistory := finishedRuns(t, s, "en-base")
	_, continued := finishedRuns(t, s, "ja-continued")
	branches, branchHistory := finishedRuns(t, s, "decay-branch")
	end := fmt.Sprint("bpb/ja@", base[0].Steps)
	for i, r := range branches {
		before := baseHistory[i%2]
		switch r.Arm {
		case "en": // the same text to the end
			if diff := cmp.Diff(before, branchHistory[i]); diff != "" {
				t.Errorf("%s: -base +branch\n%s", r.Name, diff)
			}
		case "ja":
			if a, b := before[end], branchHistory[i][end]; b >= a || b == 0 {
				t.Errorf("%s: %.3f bits per byte of Japanese with it at the end, %.3f without", r.Name, b, a)
			}
		}
	}
	for i, points := range continued {
		if a, b := baseHistory[i%2][end], points["bpb/ja@0"]; a != b {
			t.Errorf("continued run %d begins with %.3f bits per byte of Japanese, the base ended with %.3f", i, b, a)
		}
	}
}
