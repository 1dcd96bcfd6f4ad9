package spec

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// Kinds of task items.
const (
	ItemMultipleChoice = "multiple_choice" // one of Choices is right; see Labels
	ItemCloze          = "cloze"           // a short answer; Answers[0] is scored
	ItemExtractive     = "extractive"      // an answer out of the context; Answers[0] is scored, and a greedy answer is compared with all
	ItemGeneration     = "generation"      // a longer text; of Answers the one that takes the fewest bits per byte is scored
)

// Normalisations of a choice's log-likelihood, by which choices are compared.
const (
	NormBytes = "bytes" // divided by the UTF-8 bytes of sep and choice; the default
	NormSum   = "sum"   // as it is, for choices that share a length or are words of a closed set
)

// Item is one line of a task file. A model reads Context, then Sep and one of Choices, or of Answers. Nothing is added
// between these but Sep; few-shot examples are a part of Context.
type Item struct {
	Task    string   `json:"task"`
	ID      string   `json:"id"`
	Lang    string   `json:"lang"`
	Kind    string   `json:"kind"`
	Context string   `json:"context"`
	Sep     string   `json:"sep"`
	Choices []string `json:"choices,omitempty"`
	Gold    int      `json:"gold"` // index of the right choice
	// Labels mark every right choice with 1 and the others with 0, where several are right; gold is one of the right.
	Labels  []int    `json:"labels,omitempty"`
	Answers []string `json:"answers,omitempty"`
	Norm    string   `json:"norm,omitempty"` // NormBytes where empty
}

// Right reports whether choice i is right.
func (t Item) Right(i int) bool {
	if len(t.Labels) > 0 {
		return i < len(t.Labels) && t.Labels[i] == 1
	}
	return i == t.Gold
}

// ItemScore is one line of the file that a scores event names: what one item gave. Lines are in the order of
// [Eval.Tasks] and of each task's items. Package score says how values come about.
type ItemScore struct {
	Task  string `json:"task"`
	ID    string `json:"id"`
	Nats  Real   `json:"nats"`  // of the gold answer, sep included
	Bytes int    `json:"bytes"` // of the gold answer, sep included, as far as it was scored
	// Margin is how many bits per byte (bits where the norm is sum) the best wrong choice takes more than the gold one.
	Margin   *Real  `json:"margin,omitempty"`
	Accuracy *Real  `json:"accuracy,omitempty"` // 0 or 1; with labels the probability of the right choices
	Exact    *Real  `json:"exact,omitempty"`    // 0 or 1
	F1       *Real  `json:"f1,omitempty"`       // of characters, 0 to 1
	Given    string `json:"given,omitempty"`    // the greedy answer
}

func (p *problems) itemScore(s *ItemScore) {
	p.names("task", slices.Values([]string{s.Task}), maxName)
	p.text("id", s.ID, 0)
	p.small("bytes", s.Bytes)
}

// ReadItemScores reads the file that a scores event names, strictly.
func ReadItemScores(path string) ([]ItemScore, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read item scores: %w", err)
	}
	var scores []ItemScore
	for number := 1; len(data) > 0; number++ {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		if !whole {
			return nil, fmt.Errorf("read item scores: %s:%d: the line has no end", path, number)
		}
		var s ItemScore
		p := decodeStrict(line, &s)
		p.itemScore(&s)
		if err := p.err(); err != nil {
			return nil, fmt.Errorf("read item scores: %s:%d: %w", path, number, err)
		}
		scores, data = append(scores, s), rest
	}
	return scores, nil
}
