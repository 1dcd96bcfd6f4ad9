package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/score"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// task is a set of items; the answers of item i are sequences[first[i]:first[i+1]].
type task struct {
	name      string
	items     []spec.Item
	first     []int
	sequences []lm.Sequence
	bytes     []int // scored of each sequence

	asked   []int      // items that are answered greedily
	prompts [][]uint16 // of these
	most    int        // tokens of an answer
}

func openTask(t spec.Task, dir string, rowTokens int) (task, error) {
	opened := task{name: t.Name, most: score.AnswerTokens(rowTokens)}
	err := readLines(spec.Resolve(dir, t.Path), t.SHA256, func(item spec.Item) error {
		if err := opened.add(item, rowTokens); err != nil {
			return spec.Say("item %s: %w", "問題 %s：%v", item.ID, err)
		}
		return nil
	})
	if err == nil && len(opened.items) == 0 {
		err = spec.Say("has no items", "問題がありません")
	}
	opened.first = append(opened.first, len(opened.sequences))
	return opened, err
}

func (k *task) add(item spec.Item, rowTokens int) error {
	answers, err := score.Answers(item)
	if err != nil {
		return err
	}
	item.Task = k.name
	if item.Kind == spec.ItemExtractive {
		k.asked = append(k.asked, len(k.items))
		k.prompts = append(k.prompts, prompt(item, rowTokens-k.most))
	}
	k.items = append(k.items, item)
	k.first = append(k.first, len(k.sequences))
	for _, answer := range answers {
		s := question(item, answer, rowTokens)
		if len(s.Tokens) <= s.From {
			return spec.Say("rows of %d tokens are too short to score it", "%d トークンの行では短すぎて採点できません", rowTokens)
		}
		k.sequences = append(k.sequences, s)
		k.bytes = append(k.bytes, len(s.Tokens)-s.From)
	}
	return nil
}

// question is separator, context, sep and answer, cut on the left to rowTokens; the bytes of sep and answer are scored,
// as far as they have a token before them.
func question(item spec.Item, answer string, rowTokens int) lm.Sequence {
	tokens := append([]uint16{rows.Separator}, rows.Encode(item.Context+item.Sep+answer)...)
	from := 1 + len(item.Context)
	if cut := len(tokens) - rowTokens; cut > 0 {
		tokens, from = tokens[cut:], max(1, from-cut)
	}
	return lm.Sequence{Tokens: tokens, From: from}
}

// prompt is separator, context and sep, cut on the left to so many tokens.
func prompt(item spec.Item, most int) []uint16 {
	tokens := append([]uint16{rows.Separator}, rows.Encode(item.Context+item.Sep)...)
	return tokens[max(0, len(tokens)-most):]
}

// tokens is how many go through the model to score the task.
func (k *task) tokens() int64 {
	return countTokens(k.sequences) + int64(len(k.prompts)*k.most) + countPrompts(k.prompts)
}

func countPrompts(prompts [][]uint16) (n int64) {
	for _, p := range prompts {
		n += int64(len(p))
	}
	return n
}

// scoreTasks gives the metrics of every task, and what each item gave.
func (e *exam) scoreTasks(t *lm.Trainer, values map[string]spec.Real) (items []spec.ItemScore) {
	for i := range e.tasks {
		scores := e.tasks[i].score(t)
		maps.Copy(values, score.Values(e.tasks[i].name, scores))
		items = append(items, scores...)
	}
	return items
}

func (k *task) score(t *lm.Trainer) []spec.ItemScore {
	nats, given := t.Score(k.sequences), k.answer(t)
	scores := make([]spec.ItemScore, len(k.items))
	for i, item := range k.items {
		answers := make([]score.Likelihood, k.first[i+1]-k.first[i])
		for j := range answers {
			at := k.first[i] + j
			answers[j] = score.Likelihood{Nats: nats[at], Bytes: k.bytes[at]}
		}
		scores[i] = score.Item(item, answers, given[i])
	}
	return scores
}

// answer is the greedy answers of the items that are asked for one, by item.
func (k *task) answer(t *lm.Trainer) map[int]*string {
	given := make(map[int]*string, len(k.asked))
	completions := t.Complete(k.prompts, k.most, func(token uint16) bool { return token > 255 || score.Ends(byte(token)) })
	for i, tokens := range completions {
		answer := make([]byte, len(tokens))
		for j, token := range tokens {
			answer[j] = byte(token)
		}
		text := score.Text(answer)
		given[k.asked[i]] = &text
	}
	return given
}

// writeItems writes what the items gave at the present step and returns the file's path in the attempt's folder, ""
// where there are none.
func (s *session) writeItems(items []spec.ItemScore) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, item := range items {
		if err := encoder.Encode(item); err != nil {
			return "", fmt.Errorf("encode items: %w", err)
		}
	}
	path := filepath.Join("items", fmt.Sprintf("step-%09d.jsonl", s.step))
	if err := os.MkdirAll(filepath.Join(s.Dir, "items"), 0o755); err != nil {
		return "", fmt.Errorf("write items: %w", err)
	}
	return filepath.ToSlash(path), spec.WriteBytes(filepath.Join(s.Dir, path), lines.Bytes())
}
