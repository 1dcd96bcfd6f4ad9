package orchestrator

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Values that a recipe does not vary: the field's usual ones for small proxies.
const (
	adamBeta1 = 0.9
	adamEps   = 1e-8
	ropeBase  = 10000
	normEps   = 1e-5
	bytesVoc  = 257 // bytes and the separator
)

// heldout is a source's scored text, or a task's items: a file and its digest.
type heldout struct{ name, path, sha256 string }

// material is what a sweep's runs have in common besides their schedules.
type material struct {
	sweep   ablation.Sweep
	data    string // data folder, absolute
	shape   trainer.Shape
	sources []ablation.Source // in the order of the sweep
	sets    []heldout         // one a source
	tasks   []heldout
	threads int
}

// runSpec joins a run's schedule, seeds and material into what its runner reads.
func (m material) runSpec(run ablation.Run, arm ablation.Arm) *spec.Spec {
	r := m.sweep.Recipe.For(arm)
	return &spec.Spec{
		SpecVersion: spec.Version,
		RunID:       run.ID,
		Attempt:     1,
		Kind:        specKind(r),
		Tune:        specTune(r),
		Mode:        spec.ModeExact,
		MixSeed:     spec.Seed(run.MixSeed),
		DataSeed:    spec.Seed(run.DataSeed),
		InitSeed:    spec.Seed(run.InitSeed),
		Steps:       run.Steps,
		BatchRows:   r.BatchRows,
		RowTokens:   r.RowTokens,
		Sources:     specSources(m.sources),
		Weights:     specWeights(arm.Weights),
		Tokenizer:   m.tokenizer(),
		Model:       m.model(),
		Optimizer:   specOptimizer(r, m.shape),
		Precision:   r.Precision,
		Log:         spec.Log{EverySteps: 1},
		Eval: spec.Eval{
			EverySteps: r.EvalEvery(), TasksEverySteps: r.TasksEvery(), SkipStart: true,
			Sets: specSets(m.sources, m.sets), Tasks: specTasks(m.tasks),
		},
		Checkpoint:  spec.Checkpoint{EverySteps: r.CheckpointEvery(), Keep: kept(r)},
		OnNonfinite: nonfinite(r),
		Resources:   spec.Resources{Threads: m.threads, Devices: []int{}},

		Interventions: specInterventions(run.Interventions),
		Extra:         map[string]any{},
	}
}

func specKind(r ablation.Recipe) string {
	if r.Tunes() {
		return spec.KindTune
	}
	return spec.KindPretrain
}

// specTune is nil of a recipe that pre-trains.
func specTune(r ablation.Recipe) *spec.Tune {
	if !r.Tunes() {
		return nil
	}
	t := &spec.Tune{Method: r.Method.Name, AnswerAfter: r.AnswerAfter}
	if r.Method.Name == ablation.MethodLoRA {
		t.LoRA = &spec.LoRA{Rank: r.Method.Rank, Alpha: spec.Real(r.Method.Alpha), Targets: r.Method.Matrices()}
	}
	return t
}

// tokenizer is that of all runs of the sweep.
func (m material) tokenizer() spec.Tokenizer {
	t := m.sweep.Tokenized
	if t == nil {
		return spec.Tokenizer{Kind: spec.TokenizerBytes}
	}
	path := filepath.Join(spec.TokenizerDir(m.data, t.Key), spec.TokenizerName)
	return spec.Tokenizer{Kind: spec.TokenizerFile, Path: path, SHA256: t.SHA256}
}

// model is the shape with the vocabulary of the tokenizer.
func (m material) model() spec.Model {
	model := m.shape.Model
	if t := m.sweep.Tokenized; t != nil {
		model.Vocab = int(t.Vocab)
	}
	return model
}

// kept is how many of the newest checkpoints a runner keeps: where a run may go back to one, by its policy or because a person
// has it try again, as many as have one among them that is older than a divergence can be when it is found and the runner has
// heard of it, for which it has as many steps again, beside the one that is saved when the runner is asked to leave. Each further
// time that it goes back may take the one before. What a run that completed has too many of, thin removes.
func kept(r ablation.Recipe) int {
	every := r.CheckpointEvery()
	if r.Divergence.Reports() || r.Checkpoint.Keep == 0 || every == 0 {
		return r.Checkpoint.Keep
	}
	return max(r.Checkpoint.Keep, int((2*ablation.DivergesWithin+every-1)/every)+1+max(1, r.Divergence.Times))
}

func nonfinite(r ablation.Recipe) string {
	if r.Divergence.Reports() {
		return spec.NonfiniteContinue
	}
	return spec.NonfiniteStop
}

func specInterventions(list []ablation.Intervention) []spec.Intervention {
	out := make([]spec.Intervention, len(list))
	for i, v := range list {
		if v.LRScale > 0 {
			out[i] = spec.Intervention{FromStep: &v.FromStep, LRScale: spec.Real(v.LRScale)}
			continue
		}
		out[i] = spec.Intervention{Skip: &[2]int64{v.SkipFrom, v.SkipTo}}
	}
	return out
}

func specSources(sources []ablation.Source) []spec.Source {
	out := make([]spec.Source, len(sources))
	for i, s := range sources {
		out[i] = spec.Source{
			Name: s.Name, Lang: s.Lang,
			Manifest: filepath.Join(s.Dir, "manifest.json"), ManifestSHA256: s.ManifestSHA256,
		}
	}
	return out
}

func specWeights(table []ablation.Weights) []spec.Weights {
	out := make([]spec.Weights, len(table))
	for i, w := range table {
		out[i] = spec.Weights{FromStep: w.FromStep, W: w.W}
	}
	return out
}

func specOptimizer(r ablation.Recipe, shape trainer.Shape) spec.Optimizer {
	warmup := r.WarmupSteps()
	return spec.Optimizer{
		PeakLR:          spec.Real(cmp.Or(r.Optimizer.PeakLR, shape.PeakLR)),
		FinalLRFraction: spec.Real(r.Optimizer.FinalLR),
		WarmupSteps:     warmup,
		Decay:           r.Optimizer.Decay,
		DecaySteps:      r.DecaySteps(),
		Beta1:           adamBeta1,
		Beta2:           spec.Real(cmp.Or(r.Optimizer.Beta2, ablation.DefaultBeta2)),
		Eps:             adamEps,
		WeightDecay:     spec.Real(r.Optimizer.WeightDecay),
		Clip:            spec.Real(r.Optimizer.Clip),
		ZLoss:           spec.Real(r.Optimizer.ZLoss),
	}
}

// specSets is one set a source, and one a language where no source bears the language's name: their union.
func specSets(sources []ablation.Source, sets []heldout) []spec.Set {
	out := make([]spec.Set, 0, len(sets)+2)
	members := map[string][]string{}
	var langs []string
	for i, h := range sets {
		out = append(out, spec.Set{Name: h.name, Path: h.path, SHA256: h.sha256})
		lang := sources[i].Lang
		if members[lang] == nil {
			langs = append(langs, lang)
		}
		members[lang] = append(members[lang], h.name)
	}
	for _, lang := range langs {
		if !slices.Contains(members[lang], lang) {
			out = append(out, spec.Set{Name: lang, UnionOf: members[lang]})
		}
	}
	return out
}

func specTasks(tasks []heldout) []spec.Task {
	out := make([]spec.Task, len(tasks))
	for i, t := range tasks {
		out[i] = spec.Task{Name: t.name, Path: t.path, SHA256: t.sha256}
	}
	return out
}

// shapeOf resolves a shape with the presets of its trainer; field is where it is asked for.
func shapeOf(want ablation.Shape, d trainer.Description, field string) (trainer.Shape, error) {
	if want.Preset == "" {
		return trainer.Shape{Model: explicitModel(want), PeakLR: nearestLR(want, d.Shapes)}, nil
	}
	names := make([]string, 0, len(d.Shapes))
	for _, s := range d.Shapes {
		if s.Name == want.Preset {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return trainer.Shape{}, invalid(field, want.Preset,
		fmt.Sprintf("trainer %s has no shape %q; choose one of %s, or write {layers, width, heads, ffn}", d.Name, want.Preset, strings.Join(names, ", ")),
		fmt.Sprintf("トレーナー %s に形 %q はありません。%s から選ぶか、{layers, width, heads, ffn} で書いてください", d.Name, want.Preset, strings.Join(names, ", ")))
}

func explicitModel(s ablation.Shape) spec.Model {
	return spec.Model{
		Layers: s.Layers, Width: s.Width, Heads: s.Heads, KVHeads: s.Heads, FFN: s.FFN,
		Vocab: bytesVoc, Tied: true, RopeBase: ropeBase, NormEps: normEps,
	}
}

// nearestLR is the tried learning rate of the preset whose width is nearest.
func nearestLR(want ablation.Shape, presets []trainer.Shape) float64 {
	if len(presets) == 0 {
		return 1e-3
	}
	distance := func(s trainer.Shape) int { return max(s.Model.Width-want.Width, want.Width-s.Model.Width) }
	return slices.MinFunc(presets, func(a, b trainer.Shape) int { return distance(a) - distance(b) }).PeakLR
}

func invalid(field, text, en, ja string) error {
	return &ablation.Invalid{Problems: []ablation.Problem{{Field: field, Text: text, Message: ablation.Label{EN: en, JA: ja}}}}
}
