package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/cpu/safetensors"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Files of a checkpoint beside its manifest.
const (
	modelFile     = "model.safetensors"     // parameters
	optimizerFile = "optimizer.safetensors" // moments, as first.NAME and second.NAME
	progressFile  = "progress.json"
)

// progress is the part of the state that is no tensor.
type progress struct {
	Step    int64        `json:"step"`
	Updates int64        `json:"updates"` // steps less the skipped ones
	ISA     string       `json:"isa"`
	Trainer spec.Program `json:"trainer"`
	Model   *spec.Model  `json:"model,omitempty"` // older checkpoints don't say
	// Tokenizer is said by trainers that know others than bytes; a model's vocabulary tells those apart here.
	Tokenizer *spec.Tokenizer `json:"tokenizer,omitempty"`
}

// save writes a checkpoint of the present step, tells of it and drops those that this attempt no longer keeps. What the
// checkpoint covers is on disk before it appears.
func (s *session) save() error {
	if err := s.events.Sync(); err != nil {
		return err
	}
	saved, err := spec.SaveCheckpoint(s.runDir(), s.spec.RunID, s.step, s.spec.Attempt, s.fill)
	if err != nil {
		return err
	}
	if err := errors.Join(s.events.Append(saved), s.events.Sync()); err != nil {
		return err
	}
	s.saved = s.step
	if slices.Contains(s.spec.Checkpoint.KeepAt, s.step) {
		return nil // other runs branch here
	}
	s.own = append(s.own, saved.Path)
	return s.prune()
}

func (s *session) runDir() string { return filepath.Dir(filepath.Clean(s.Dir)) }

func (s *session) fill(dir string) error {
	state := s.trainer.State()
	return errors.Join(
		safetensors.Write(filepath.Join(dir, modelFile), tensors("", state.Weights)),
		safetensors.Write(filepath.Join(dir, optimizerFile), append(tensors("first.", state.First), tensors("second.", state.Second)...)),
		spec.WriteFile(filepath.Join(dir, progressFile), progress{
			Step: s.step, Updates: state.Updates, ISA: string(s.trainer.ISA()), Trainer: s.Program, Model: &s.spec.Model,
		}),
	)
}

func tensors(prefix string, list []lm.Tensor) []safetensors.Tensor {
	named := make([]safetensors.Tensor, len(list))
	for i, t := range list {
		named[i] = safetensors.Tensor{Name: prefix + t.Name, Shape: t.Shape, Data: t.Data}
	}
	return named
}

// prune removes the oldest checkpoints beyond those to keep: only this attempt's own, so never one that another attempt
// may be asked to resume from. A checkpoint disappears at once, by a rename, and is then deleted at leisure.
func (s *session) prune() error {
	keep := s.spec.Checkpoint.Keep
	hidden := filepath.Join(spec.CheckpointsDir(s.runDir()), fmt.Sprintf(".removing-a%04d", s.spec.Attempt))
	for keep > 0 && len(s.own) > keep {
		err := errors.Join(os.RemoveAll(hidden), os.Rename(s.own[0], hidden))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old checkpoint: %w", err)
		}
		if err := os.RemoveAll(hidden); err != nil {
			return fmt.Errorf("remove old checkpoint: %w", err)
		}
		s.own = s.own[1:]
	}
	return nil
}

// restore loads the checkpoint that the spec names, or the weights that the run starts from.
func (s *session) restore() error {
	switch {
	case s.spec.Checkpoint.ResumeFrom != nil:
		return s.resume(*s.spec.Checkpoint.ResumeFrom)
	case s.spec.Init != nil:
		return s.startFrom(*s.spec.Init)
	}
	return nil
}

func (s *session) resume(from spec.Resume) error {
	dir := spec.Resolve(s.Dir, from.Path)
	m, _, err := spec.ReadCheckpoint(dir)
	if err != nil {
		return s.damaged(err)
	}
	if want := from.Of(s.spec.RunID); m.RunID != want || m.Step != from.Step {
		return spec.Say("checkpoint %s is of run %s at step %d, the spec says run %s at step %d",
			"チェックポイント %s はラン %s のステップ %d のものですが、仕様ではラン %s のステップ %d です", dir, m.RunID, m.Step, want, from.Step)
	}
	p, err := spec.ReadFile[progress](filepath.Join(dir, progressFile))
	if err != nil {
		return s.damaged(err)
	}
	if err := p.fits(s.spec.Model); err != nil {
		return err
	}
	if isa := string(s.trainer.ISA()); p.ISA != isa || p.Trainer != s.Program {
		if err := s.log("warn", spec.Say("the checkpoint was written by %s %s on %s, this is %s %s on %s: the run goes on, but not to the same bits",
			"チェックポイントを書いたのは %s %s（%s）で、これは %s %s（%s）です。ランは続きますが、最後のビットまで同じにはなりません",
			p.Trainer.Name, p.Trainer.Version, p.ISA, s.Program.Name, s.Program.Version, isa)); err != nil {
			return err
		}
	}
	state := s.trainer.State()
	err = errors.Join(
		safetensors.Read(filepath.Join(dir, modelFile), tensors("", state.Weights)),
		safetensors.Read(filepath.Join(dir, optimizerFile), append(tensors("first.", state.First), tensors("second.", state.Second)...)),
	)
	if err != nil {
		return err
	}
	s.trainer.Restored(p.Updates)
	s.saved = s.step
	return nil
}

// damaged passes a checkpoint over. This attempt may resume no other; the next one starts from the one before.
func (s *session) damaged(err error) error {
	damaged := spec.Say("the checkpoint of step %d is passed over, start from the one before: %w",
		"ステップ %d のチェックポイントは使わず、1 つ前から始めます：%v", s.step, err)
	if err := s.log("error", damaged); err != nil {
		return err
	}
	return &damagedError{damaged}
}

// log writes words for a person.
func (s *session) log(level string, words error) error {
	return s.events.Append(spec.LogLine{Level: level, Text: words.Error(), TextJA: spec.InJapanese(words)})
}

// startFrom loads weights only; the optimiser starts afresh.
func (s *session) startFrom(from spec.Init) error {
	dir := spec.Resolve(s.Dir, from.Path)
	_, digest, err := spec.ReadCheckpoint(dir)
	if err != nil {
		return fmt.Errorf("start from weights: %w", err)
	}
	if digest != from.ManifestSHA256 {
		return spec.Say("start from weights: the manifest in %s has SHA-256 %s, want %s",
			"重みを読めません。%s の目録の SHA-256 は %s で、期待した値 %s と違います", dir, digest, from.ManifestSHA256)
	}
	if problems := CheckInit(s.spec, s.Dir); len(problems) > 0 {
		return spec.Say("start from weights: %w", "重みを読めません：%v", &spec.Invalid{Problems: problems})
	}
	if err := safetensors.Read(filepath.Join(dir, modelFile), tensors("", s.trainer.State().Weights)); err != nil {
		return fmt.Errorf("start from weights: %w", err)
	}
	s.trainer.Restored(0)
	return nil
}

// CheckInit says why a spec's run can't start from the weights that it names, without reading them: paths are as seen from
// dir, the attempt's folder.
func CheckInit(s *spec.Spec, dir string) []spec.Problem {
	if s.Init == nil {
		return nil
	}
	folder := spec.Resolve(dir, s.Init.Path)
	_, digest, err := spec.FindCheckpoint(folder)
	if err != nil {
		return []spec.Problem{spec.NewProblem("init.path", spec.Say("holds no whole checkpoint: %w", "完全なチェックポイントがありません：%v", err))}
	}
	if digest != s.Init.ManifestSHA256 {
		return []spec.Problem{spec.NewProblem("init.manifest_sha256", spec.Say("the manifest in %s has SHA-256 %s; the checkpoint was changed",
			"%s の manifest の SHA-256 は %s です。チェックポイントが変わっています", folder, digest))}
	}
	if err := fitsInit(s, folder); err != nil {
		return []spec.Problem{spec.NewProblem("init", err)}
	}
	return nil
}

func fitsInit(s *spec.Spec, folder string) error {
	p, err := spec.ReadFile[progress](filepath.Join(folder, progressFile))
	if err == nil {
		err = p.fits(s.Model)
	}
	if err != nil {
		return err
	}
	shapes := Config(s).Shapes()
	return safetensors.Find(filepath.Join(folder, modelFile), tensors("", shapes))
}

// fits says how the model of a checkpoint differs from the one that is asked for.
func (p progress) fits(want spec.Model) error {
	if p.Model == nil || *p.Model == want {
		return nil
	}
	var differ []string
	add := func(name string, has, asked any) {
		if has != asked {
			differ = append(differ, fmt.Sprintf("%s %v instead of %v", name, has, asked))
		}
	}
	m := *p.Model
	add("layers", m.Layers, want.Layers)
	add("width", m.Width, want.Width)
	add("heads", m.Heads, want.Heads)
	add("kv_heads", m.KVHeads, want.KVHeads)
	add("ffn", m.FFN, want.FFN)
	add("vocab", m.Vocab, want.Vocab)
	add("tied", m.Tied, want.Tied)
	add("rope_base", m.RopeBase, want.RopeBase)
	add("norm_eps", m.NormEps, want.NormEps)
	add("qk_norm", m.QKNorm, want.QKNorm)
	return spec.Say("the checkpoint's model has %s; ask for its shape", "チェックポイントのモデルの形が異なります（%s）。同じ形にしてください", strings.Join(differ, ", "))
}
