package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/trainer/rows"
	"github.com/haigo-lab/haigo/plugins/trainer/score"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// task is a set of items. The answers of item i are those from first[i] to first[i+1] of all questions' answers, in order.
type task struct {
	name      string
	items     []spec.Item
	first     []int
	questions []lm.Question
	bytes     []int // scored of each answer

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
	opened.first = append(opened.first, len(opened.bytes))
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
	k.first = append(k.first, len(k.bytes))
	for _, q := range questions(item, answers, rowTokens) {
		k.questions = append(k.questions, q)
		for _, a := range q.Answers {
			if len(a) == 0 {
				return spec.Say("rows of %d tokens are too short to score it", "%d トークンの行では短すぎて採点できません", rowTokens)
			}
			k.bytes = append(k.bytes, len(a))
		}
	}
	return nil
}

// questions is separator and context, followed by sep and each answer. Where they all fit in rowTokens the context is shared;
// else each answer has its own, cut on the left. The bytes of sep and answer are scored, as far as they have a token before
// them.
func questions(item spec.Item, answers []string, rowTokens int) (list []lm.Question) {
	prompt := append([]uint16{rows.Separator}, rows.Encode(item.Context)...)
	all := lm.Question{Prompt: prompt}
	for _, a := range answers {
		answer := rows.Encode(item.Sep + a)
		all.Answers = append(all.Answers, answer)
		tokens := append(prompt[:len(prompt):len(prompt)], answer...)
		cut := max(0, len(tokens)-rowTokens)
		from := max(1, len(prompt)-cut)
		list = append(list, lm.Question{Prompt: tokens[cut:][:from], Answers: [][]uint16{tokens[cut:][from:]}})
	}
	if !slices.ContainsFunc(all.Answers, func(a []uint16) bool { return len(prompt)+len(a) > rowTokens }) {
		return []lm.Question{all}
	}
	return list
}

// prompt is separator, context and sep, cut on the left to so many tokens.
func prompt(item spec.Item, most int) []uint16 {
	tokens := append([]uint16{rows.Separator}, rows.Encode(item.Context+item.Sep)...)
	return tokens[max(0, len(tokens)-most):]
}

// tokens is how many go through the model to score the task.
func (k *task) tokens(rowTokens int) (n int64) {
	for _, item := range k.items {
		n += score.Tokens(item, rowTokens)
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
	nats, given := slices.Concat(t.ScoreAnswers(k.questions)...), k.answer(t)
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
