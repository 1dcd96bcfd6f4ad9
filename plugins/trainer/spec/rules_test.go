package spec_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/plugins/trainer/spec/spectest"
)

func TestSpec_Problems(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name   string
		change func(s *spec.Spec)
		want   string // field: message, or the field alone
	}{
		{"nothing wrong", func(*spec.Spec) {}, ""},
		{"a run id that climbs", func(s *spec.Spec) { s.RunID = "../other" }, "run_id"},
		{"attempt 0", func(s *spec.Spec) { s.Attempt = 0 }, "attempt: is 0; attempts count from 1"},
		{"an unknown kind", func(s *spec.Spec) { s.Kind = "distil" }, `kind: is "distil"; choose one of pretrain, tune`},
		{"tuning nothing", func(s *spec.Spec) { tune(s, nil); s.Init = nil }, "init"},
		{"full tuning", func(s *spec.Spec) { tune(s, nil) }, ""},
		{"LoRA", func(s *spec.Spec) { tune(s, &spec.LoRA{Rank: 4, Alpha: 8, Targets: []string{"qkv", "down"}}) }, ""},
		{"tuning without a word on how", func(s *spec.Spec) { s.Kind = spec.KindTune }, "tune"},
		{"a pre-training that tunes", func(s *spec.Spec) { tune(s, nil); s.Kind = spec.KindPretrain }, "tune: stands in a run of kind pretrain; take it out, or make the run one of kind tune"},
		{"an unknown method", func(s *spec.Spec) { tune(s, nil); s.Tune.Method = "qlora" }, `tune.method: is "qlora"; choose one of full, lora`},
		{"LoRA of full tuning", func(s *spec.Spec) { tune(s, &spec.LoRA{}); s.Tune.Method = spec.MethodFull }, "tune.lora"},
		{"LoRA of rank 0", func(s *spec.Spec) { tune(s, &spec.LoRA{Alpha: 8, Targets: []string{"qkv"}}) }, "tune.lora.rank: is 0; it lies between 1 and 32"},
		{"LoRA of no weight", func(s *spec.Spec) { tune(s, &spec.LoRA{Rank: 1, Targets: []string{"qkv"}}) }, "tune.lora.alpha"},
		{"LoRA of nothing", func(s *spec.Spec) { tune(s, &spec.LoRA{Rank: 1, Alpha: 1}) }, "tune.lora.targets"},
		{"LoRA of a matrix twice", func(s *spec.Spec) { tune(s, &spec.LoRA{Rank: 1, Alpha: 1, Targets: []string{"out", "out"}}) }, "tune.lora.targets: has out twice; give each once"},
		{"LoRA of no matrix", func(s *spec.Spec) { tune(s, &spec.LoRA{Rank: 1, Alpha: 1, Targets: []string{"embed"}}) }, `tune.lora.targets: is "embed"; choose one of qkv, out, gate_up, down`},
		{"nothing before answers", func(s *spec.Spec) { tune(s, nil); s.Tune.AnswerAfter = "\n" }, "tune.answer_after"},
		{"an unknown mode", func(s *spec.Spec) { s.Mode = "" }, "mode"},
		{"no rows in a batch", func(s *spec.Spec) { s.BatchRows = 0 }, "batch_rows"},
		{"tokens beyond counting", func(s *spec.Spec) { s.Steps = math.MaxInt64 / 64 }, "steps"},

		{"no sources", func(s *spec.Spec) { s.Sources, s.Weights = nil, nil }, "sources"},
		{"a source in capitals", func(s *spec.Spec) { s.Sources[0].Name = "Web-JA" }, "sources[0].name"},
		{"two sources of one name", func(s *spec.Spec) { s.Sources[1].Name = "web-ja" }, "sources[1].name: is web-ja, the name of entry 0 too; give each once"},
		{"one source version twice", func(s *spec.Spec) { s.Sources[1].ManifestSHA256 = s.Sources[0].ManifestSHA256 }, "sources[1].manifest_sha256"},
		{"a language that is none", func(s *spec.Spec) { s.Sources[0].Lang = "日本語" }, "sources[0].lang"},
		{"no manifest", func(s *spec.Spec) { s.Sources[0].Manifest = "" }, "sources[0].manifest"},
		{"a short digest", func(s *spec.Spec) { s.Sources[0].ManifestSHA256 = "abc" }, "sources[0].manifest_sha256"},
		{"negative rows", func(s *spec.Spec) { s.Sources[0].Rows = -1 }, "sources[0].rows"},

		{"no weights", func(s *spec.Spec) { s.Weights = nil }, "weights"},
		{"a late first entry", func(s *spec.Spec) { s.Weights[0].FromStep = 1 }, "weights[0].from_step: is 1; the first entry holds from step 0"},
		{"entries out of order", func(s *spec.Spec) { s.Weights[1].FromStep = 0 }, "weights[1].from_step: is 0, not after the entry before it (0)"},
		{"an entry past the end", func(s *spec.Spec) { s.Weights[1].FromStep = 20 }, "weights[1].from_step: is 20; the run has only 20 steps"},
		{"a weight short", func(s *spec.Spec) { s.Weights[1].W = []int64{1 << 30} }, "weights[1].w: has 1 weights for 2 sources; give one each, in their order"},
		{"a negative weight", func(s *spec.Spec) { s.Weights[1].W = []int64{-1, 1<<30 + 1} }, "weights[1].w[0]"},
		{"a sum of 0.9", func(s *spec.Spec) { s.Weights[1].W = []int64{966367642, 0} }, "weights[1].w: sums to 966367642; the weights of a step sum to 1073741824, +107374182 is missing"},

		{"an unknown tokenizer", func(s *spec.Spec) { s.Tokenizer.Kind = "bpe" }, "tokenizer.kind"},
		{"bytes with a file", func(s *spec.Spec) { s.Tokenizer.Path = "x" }, "tokenizer"},
		{"a tokenizer without its file", func(s *spec.Spec) {
			s.Tokenizer = spec.Tokenizer{Kind: spec.TokenizerFile, SHA256: strings.Repeat("0", 64)}
		}, "tokenizer.path"},
		{"a vocabulary without a separator", func(s *spec.Spec) { s.Model.Vocab = 256 }, "model.vocab: is 256; bytes and their separator need 257"},
		{"no layers", func(s *spec.Spec) { s.Model.Layers = 0 }, "model.layers"},
		{"heads that don't divide", func(s *spec.Spec) { s.Model.Heads, s.Model.KVHeads = 3, 3 }, "model.heads"},
		{"odd head width", func(s *spec.Spec) { s.Model.Heads, s.Model.KVHeads = 32, 32 }, "model.heads"},
		{"groups that don't divide", func(s *spec.Spec) { s.Model.Heads, s.Model.KVHeads = 4, 3 }, "model.kv_heads"},
		{"an endless rope base", func(s *spec.Spec) { s.Model.RopeBase = spec.Real(math.Inf(1)) }, "model.rope_base"},
		{"weights without a digest", func(s *spec.Spec) { s.Init.ManifestSHA256 = "" }, "init.manifest_sha256"},

		{"no learning rate", func(s *spec.Spec) { s.Optimizer.PeakLR = 0 }, "optimizer.peak_lr: is 0; give a number above 0"},
		{"a rate that is none", func(s *spec.Spec) { s.Optimizer.PeakLR = spec.Real(math.NaN()) }, "optimizer.peak_lr"},
		{"warm-up past the end", func(s *spec.Spec) { s.Optimizer.WarmupSteps = 21 }, "optimizer.warmup_steps"},
		{"an unknown decay", func(s *spec.Spec) { s.Optimizer.Decay = "step" }, "optimizer.decay: is \"step\"; choose one of cosine, linear, wsd, constant"},
		{"beta of one", func(s *spec.Spec) { s.Optimizer.Beta1 = 1 }, "optimizer.beta1"},
		{"a final rate of one", func(s *spec.Spec) { s.Optimizer.FinalLRFraction = 1 }, ""},
		{"a negative clip", func(s *spec.Spec) { s.Optimizer.Clip = -1 }, "optimizer.clip"},
		{"an unknown precision", func(s *spec.Spec) { s.Precision = "fp16" }, "precision"},

		{"a negative log interval", func(s *spec.Spec) { s.Log.EverySteps = -1 }, "log.every_steps"},
		{"two sets of one name", func(s *spec.Spec) { s.Eval.Sets[1].Name = "web-ja" }, "eval.sets[1].name"},
		{"a union of nothing known", func(s *spec.Spec) { s.Eval.Sets[1].UnionOf[0] = "web-de" }, `eval.sets[1].union_of[0]: is "web-de", which isn't a set of this run`},
		{"a union of itself", func(s *spec.Spec) { s.Eval.Sets[1].UnionOf[0] = "ja" }, "eval.sets[1].union_of[0]"},
		{"a union with a file", func(s *spec.Spec) { s.Eval.Sets[1].Path = "x" }, "eval.sets[1]"},
		{"a union naming a set twice", func(s *spec.Spec) { s.Eval.Sets[1].UnionOf = []string{"web-ja", "web-ja"} }, "eval.sets[1].union_of[1]"},
		{"a set without text", func(s *spec.Spec) { s.Eval.Sets[0].Path = "" }, "eval.sets[0].path"},
		{"a task without a digest", func(s *spec.Spec) { s.Eval.Tasks[0].SHA256 = "" }, "eval.tasks[0].sha256"},

		{"a resume past the end", func(s *spec.Spec) { s.Checkpoint.ResumeFrom.Step = 21 }, "checkpoint.resume_from.step"},
		{"a resume from nowhere", func(s *spec.Spec) { s.Checkpoint.ResumeFrom.Path = "" }, "checkpoint.resume_from.path"},
		{"a resume from a run that climbs", func(s *spec.Spec) { s.Checkpoint.ResumeFrom.RunID = "../x" }, "checkpoint.resume_from.run_id"},
		{"a branch of another run", func(s *spec.Spec) { s.Checkpoint.ResumeFrom.RunID = "trunk" }, ""},
		{"a kept step past the end", func(s *spec.Spec) { s.Checkpoint.KeepAt = []int64{21} }, "checkpoint.keep_at[0]"},
		{"a kept step before the first", func(s *spec.Spec) { s.Checkpoint.KeepAt = []int64{0} }, "checkpoint.keep_at[0]"},
		{"kept steps out of order", func(s *spec.Spec) { s.Checkpoint.KeepAt = []int64{7, 7} }, "checkpoint.keep_at[1]: is 7, not after the step before it (7)"},
		{"an intervention of both kinds", func(s *spec.Spec) { s.Interventions[0].Skip = &[2]int64{1, 2} }, "interventions[0]"},
		{"an empty intervention", func(s *spec.Spec) { s.Interventions[0] = spec.Intervention{} }, "interventions[0]"},
		{"a skip of nothing", func(s *spec.Spec) { s.Interventions[1].Skip = &[2]int64{5, 5} }, "interventions[1].skip"},
		{"a rate scaled to nothing", func(s *spec.Spec) { s.Interventions[0].LRScale = 0 }, "interventions[0].lr_scale"},
		{"an unknown answer to NaN", func(s *spec.Spec) { s.OnNonfinite = "panic" }, "on_nonfinite"},
		{"a device twice", func(s *spec.Spec) { s.Resources.Devices = []int{1, 1} }, "resources.devices[1]"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := spectest.Spec()
			v.change(s)
			problems := s.Problems()
			if v.want == "" {
				if len(problems) > 0 {
					t.Errorf("got %v, want no problem", problems)
				}
				return
			}
			if len(problems) == 0 || problems[0].String() != v.want && problems[0].Field != v.want {
				t.Errorf("got  %v\nwant %s", problems, v.want)
			}
		})
	}
}

func TestSpec_ProblemsAreAllOfThem(t *testing.T) {
	t.Parallel()
	s := spectest.Spec()
	s.Attempt, s.Precision, s.Optimizer.PeakLR = 0, "fp8", -1
	var got []string
	for _, p := range s.Problems() {
		got = append(got, p.Field)
	}
	if diff := cmp.Diff([]string{"attempt", "optimizer.peak_lr", "precision"}, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestValidName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"web-ja": true, "7c": true, "a.b_c": true, strings.Repeat("a", 64): true,
		"": false, "Web": false, "-x": false, ".": false, "..": false, "a/b": false, "配合": false, strings.Repeat("a", 65): false,
	} {
		if got := spec.ValidName(name); got != want {
			t.Errorf("ValidName(%q) = %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]bool{"bpb/ja": true, "loss": true, "/loss": false, "Loss": false} {
		if got := spec.ValidMetric(name); got != want {
			t.Errorf("ValidMetric(%q) = %v, want %v", name, got, want)
		}
	}
}

// tune makes a spec one of tuning, by LoRA where there is one.
func tune(s *spec.Spec, lora *spec.LoRA) {
	s.Kind, s.Tune = spec.KindTune, &spec.Tune{Method: spec.MethodFull, AnswerAfter: spec.AnswerAfter, LoRA: lora}
	if lora != nil {
		s.Tune.Method = spec.MethodLoRA
	}
}

// TestTrainable: of LoRA the figures are those of its own shapes, and what lies still is passed through forward and backward.
func TestTrainable(t *testing.T) {
	t.Parallel()
	s := spectest.Spec()
	attention := 6.0 * 2 * 32 * 33
	if all := spec.Parameters(s.Model); spec.Trainable(s) != all || spec.FLOPsPerToken(s) != 6*float64(all)+attention {
		t.Errorf("of pre-training: %d of %d, %v", spec.Trainable(s), all, spec.FLOPsPerToken(s))
	}
	tune(s, &spec.LoRA{Rank: 4, Alpha: 8, Targets: spec.LoRATargets})
	own := int64(2 * 4 * ((32 + 96) + (32 + 32) + (32 + 176) + (88 + 32)))
	if got := spec.Trainable(s); got != own {
		t.Errorf("LoRA trains %d, want %d", got, own)
	}
	if got, want := spec.FLOPsPerToken(s), 6*float64(own)+4*float64(spec.Parameters(s.Model))+attention; got != want {
		t.Errorf("%v FLOPs a token, want %v", got, want)
	}
}
