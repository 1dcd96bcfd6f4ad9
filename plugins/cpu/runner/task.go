package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/cpu/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// task is a set of items; the candidates of item i are sequences[first[i]:first[i+1]].
type task struct {
	name      string
	items     []spec.Item
	first     []int
	sequences []lm.Sequence
	bytes     []int // scored of each sequence
}

// mark is one line of an items file: what one item gave.
type mark struct {
	Task    string    `json:"task"`
	ID      string    `json:"id"`
	Nats    spec.Real `json:"nats"`  // of the gold answer
	Bytes   int       `json:"bytes"` // of the gold answer
	Correct *bool     `json:"correct,omitempty"`
}

func openTask(t spec.Task, dir string, rowTokens int) (task, error) {
	opened := task{name: t.Name}
	err := readLines(spec.Resolve(dir, t.Path), t.SHA256, func(item spec.Item) error {
		candidates, err := answers(item)
		if err != nil {
			return fmt.Errorf("item %s: %w", item.ID, err)
		}
		opened.items = append(opened.items, item)
		opened.first = append(opened.first, len(opened.sequences))
		for _, answer := range candidates {
			s := question(item, answer, rowTokens)
			if len(s.Tokens) <= s.From {
				return fmt.Errorf("item %s: rows of %d tokens are too short to score it", item.ID, rowTokens)
			}
			opened.sequences = append(opened.sequences, s)
			opened.bytes = append(opened.bytes, len(s.Tokens)-s.From)
		}
		return nil
	})
	if err == nil && len(opened.items) == 0 {
		err = errors.New("has no items")
	}
	opened.first = append(opened.first, len(opened.sequences))
	return opened, err
}

// answers are the candidates that are scored: every choice, or the first of the accepted answers.
func answers(item spec.Item) ([]string, error) {
	candidates := item.Choices
	if len(candidates) == 0 && len(item.Answers) > 0 {
		candidates = item.Answers[:1]
	}
	if len(candidates) == 0 {
		return nil, errors.New("has neither choices nor answers")
	}
	if item.Gold < 0 || item.Gold >= len(candidates) {
		return nil, fmt.Errorf("gold is %d, there are %d candidates", item.Gold, len(candidates))
	}
	for _, c := range candidates {
		if item.Sep+c == "" {
			return nil, errors.New("has an empty answer")
		}
	}
	return candidates, nil
}

// question is separator, context, sep and answer, cut on the left to rowTokens; the bytes of sep and answer are scored,
// as far as they have a token before them.
func question(item spec.Item, answer string, rowTokens int) lm.Sequence {
	tokens := append([]uint16{rows.Separator}, encode(item.Context+item.Sep+answer)...)
	from := 1 + len(item.Context)
	if cut := len(tokens) - rowTokens; cut > 0 {
		tokens, from = tokens[cut:], max(1, from-cut)
	}
	return lm.Sequence{Tokens: tokens, From: from}
}

// scoreTasks gives bits per byte of every task's gold answers and, where there are choices, the accuracy.
func (e *exam) scoreTasks(t *lm.Trainer, values map[string]spec.Real) (marks []mark) {
	for i := range e.tasks {
		marks = append(marks, e.tasks[i].score(t, values)...)
	}
	return marks
}

func (k *task) score(t *lm.Trainer, values map[string]spec.Real) []mark {
	nats := t.Score(k.sequences)
	var total float64
	var size, correct, choices int
	marks := make([]mark, len(k.items))
	for i, item := range k.items {
		gold := k.first[i] + item.Gold
		marks[i] = mark{Task: k.name, ID: item.ID, Nats: spec.Real(nats[gold]), Bytes: k.bytes[gold]}
		total, size = total+nats[gold], size+k.bytes[gold]
		if len(item.Choices) == 0 {
			continue
		}
		right := k.best(nats, i) == gold
		marks[i].Correct = &right
		choices++
		if right {
			correct++
		}
	}
	values["task/"+k.name+"/bpb"] = spec.Real(total / math.Ln2 / float64(size))
	if choices > 0 {
		values["task/"+k.name+"/accuracy"] = spec.Real(float64(correct) / float64(choices))
	}
	return marks
}

// best is the sequence of item i with the largest log-likelihood per byte, −1 where two share it.
func (k *task) best(nats []float64, i int) int {
	best, least := -1, math.Inf(1)
	for s := k.first[i]; s < k.first[i+1]; s++ {
		perByte := nats[s] / float64(k.bytes[s])
		switch {
		case perByte < least:
			best, least = s, perByte
		case perByte == least:
			best = -1
		}
	}
	return best
}

// writeMarks writes the items of the present step and returns their path in the attempt's folder, "" where there are
// none.
func (s *session) writeMarks(marks []mark) (string, error) {
	if len(marks) == 0 {
		return "", nil
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, m := range marks {
		if err := encoder.Encode(m); err != nil {
			return "", fmt.Errorf("encode items: %w", err)
		}
	}
	path := filepath.Join("items", fmt.Sprintf("step-%09d.jsonl", s.step))
	if err := os.MkdirAll(filepath.Join(s.Dir, "items"), 0o755); err != nil {
		return "", fmt.Errorf("write items: %w", err)
	}
	return filepath.ToSlash(path), spec.WriteBytes(filepath.Join(s.Dir, path), lines.Bytes())
}
