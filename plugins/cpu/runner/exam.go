package runner

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// exam is everything that a run is scored on, cut into sequences once.
type exam struct {
	sets  []heldout
	tasks []task
}

// heldout is a set of documents; a union has no sequences and sums its parts.
type heldout struct {
	name      string
	parts     []string
	sequences []lm.Sequence
	bytes     int64 // of the documents, separators left out
}

// CheckExam reads everything that a spec is scored on and says what is wrong with it; dir is the attempt's folder.
func CheckExam(s *spec.Spec, dir string) error {
	_, err := openExam(s, dir)
	return err
}

func openExam(s *spec.Spec, dir string) (*exam, error) {
	e := new(exam)
	for _, set := range s.Eval.Sets {
		h, err := openSet(set, dir, s.RowTokens)
		if err != nil {
			return nil, spec.Say("held-out set %s: %w", "検証セット %s：%v", set.Name, err)
		}
		e.sets = append(e.sets, h)
	}
	for _, t := range s.Eval.Tasks {
		opened, err := openTask(t, dir, s.RowTokens)
		if err != nil {
			return nil, spec.Say("task %s: %w", "タスク %s：%v", t.Name, err)
		}
		e.tasks = append(e.tasks, opened)
	}
	return e, nil
}

// tokens is how many go through the model at the last evaluation, which has everything: of sets, and of tasks.
func (e *exam) tokens(rowTokens int) (sets, tasks int64) {
	for _, set := range e.sets {
		sets += countTokens(set.sequences)
	}
	for _, task := range e.tasks {
		tasks += task.tokens(rowTokens)
	}
	return sets, tasks
}

func countTokens(sequences []lm.Sequence) (n int64) {
	for _, s := range sequences {
		n += int64(len(s.Tokens) - 1)
	}
	return n
}

// scoringCost is what scoring a token takes next to training on one: a third of the arithmetic, in rows that are seldom
// full.
const scoringCost = 0.4

// share is the part of a run's time that goes into evaluation.
func (e *exam) share(s *spec.Spec) float64 {
	sets, tasks := e.tokens(s.RowTokens)
	var scored float64
	for step := int64(0); step <= s.Steps; step++ {
		if s.Eval.DueAt(step, s.Steps) {
			scored += scoringCost * float64(sets)
		}
		if s.Eval.TasksDueAt(step, s.Steps) {
			scored += scoringCost * float64(tasks)
		}
	}
	return scored / (scored + float64(s.Tokens()))
}

func openSet(set spec.Set, dir string, rowTokens int) (heldout, error) {
	h := heldout{name: set.Name, parts: set.UnionOf}
	if len(set.UnionOf) > 0 {
		return h, nil
	}
	err := readLines(spec.Resolve(dir, set.Path), set.SHA256, func(d spec.Document) error {
		h.sequences = append(h.sequences, windows(d.Text, rowTokens)...)
		h.bytes += int64(len(d.Text))
		return nil
	})
	if err == nil && h.bytes == 0 {
		err = spec.Say("has no text", "テキストがありません")
	}
	return h, err
}

func windows(text string, rowTokens int) (list []lm.Sequence) {
	for _, tokens := range rows.Windows(text, rowTokens) {
		list = append(list, lm.Sequence{Tokens: tokens, From: 1})
	}
	return list
}

// readLines verifies a JSON lines file and hands on each of its lines.
func readLines[T any](path, digest string, each func(T) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if got := spec.Digest(data); got != digest {
		return spec.Changed(path, got, digest)
	}
	lines := json.NewDecoder(bufio.NewReader(bytes.NewReader(data)))
	for n := 1; ; n++ {
		var v T
		err := lines.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = each(v)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
}

// score writes the scores of the present step.
func (s *session) score() error {
	values := map[string]spec.Real{}
	s.exam.scoreSets(s.trainer, values)
	var answered []spec.ItemScore
	if s.spec.Eval.TasksDueAt(s.step, s.spec.Steps) {
		answered = s.exam.scoreTasks(s.trainer, values)
	}
	items, err := s.writeItems(answered)
	if err != nil {
		return err
	}
	return s.events.Append(spec.Scores{Step: s.step, Tokens: s.tokens(), Values: values, Items: items})
}

// scoreSets gives every set's bits per byte: nats over all bytes and final separators, divided by ln 2 × bytes.
func (e *exam) scoreSets(t *lm.Trainer, values map[string]spec.Real) {
	nats, size := map[string]float64{}, map[string]int64{}
	for _, set := range e.sets {
		for _, n := range t.Score(set.sequences) {
			nats[set.name] += n
		}
		size[set.name] = set.bytes
	}
	for _, set := range e.sets {
		for _, part := range set.parts {
			nats[set.name] += nats[part]
			size[set.name] += size[part]
		}
		values["bpb/"+set.name] = spec.Real(nats[set.name] / math.Ln2 / float64(size[set.name]))
	}
}
