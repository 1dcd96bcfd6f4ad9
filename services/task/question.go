package task

import (
	"path/filepath"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Question is what an item holds of its own, as any other text might hold it.
type Question struct {
	// Parts are its context without few-shot examples, labels ("Question:", "本文：") and lines that most items have, in order;
	// none where the context is empty.
	Parts []string
	// Answer is the right one; empty where most items have the same.
	Answer string
}

// Questions are those of a stored task's items, in their order.
func Questions(t ablation.Task) ([]Question, error) {
	items, err := Items(t.Path)
	if err != nil {
		return nil, err
	}
	r, err := spec.ReadFile[record](filepath.Join(filepath.Dir(t.Path), taskFile))
	if err != nil {
		return nil, err
	}
	lines, answers := make([][]string, len(items)), make([]string, len(items))
	for i, item := range items {
		lines[i], answers[i] = unlabelled(withoutExamples(item.Context, r.Examples)), answerOf(item)
	}
	frame, usual := shared(lines), map[string]int{}
	for _, answer := range answers {
		usual[answer]++
	}
	questions := make([]Question, len(items))
	for i := range items {
		questions[i].Parts = parts(lines[i], frame)
		if usual[answers[i]] <= len(items)/2 || len(items) == 1 {
			questions[i].Answer = answers[i]
		}
	}
	return questions, nil
}

// withoutExamples is a context without what withShots put before it.
func withoutExamples(context string, examples []string) string {
	for i := 0; i < len(examples); i++ {
		if rest, found := strings.CutPrefix(context, examples[i]+"\n\n"); found {
			context = rest
		}
	}
	return context
}

// longestLabel is how many bytes may stand before a colon at the beginning of a line to be a label.
const longestLabel = 40

// unlabelled are a context's lines; a label of one is a line of its own, empty.
func unlabelled(context string) []string {
	var lines []string
	for line := range strings.SplitSeq(context, "\n") {
		line = strings.TrimSpace(line)
		for _, colon := range []string{"：", ": "} {
			if at := strings.Index(line, colon); at > 0 && at <= longestLabel && at+len(colon) < len(line) {
				lines, line = append(lines, ""), line[at+len(colon):]
				break
			}
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// shared are the lines that stand in more than half of several items.
func shared(items [][]string) map[string]bool {
	count, frame := map[string]int{}, map[string]bool{}
	for _, lines := range items {
		seen := map[string]bool{}
		for _, line := range lines {
			if !seen[line] {
				seen[line] = true
				count[line]++
			}
		}
	}
	for line, n := range count {
		frame[line] = len(items) > 1 && n > len(items)/2
	}
	return frame
}

// parts are the runs of lines that stand between those of the frame and labels.
func parts(lines []string, frame map[string]bool) []string {
	var all []string
	open := false
	for _, line := range lines {
		switch {
		case line == "" || frame[line]:
			open = false
		case open:
			all[len(all)-1] += "\n" + line
		default:
			all, open = append(all, line), true
		}
	}
	return all
}

func answerOf(item spec.Item) string {
	if len(item.Choices) > 0 {
		return item.Choices[item.Gold]
	}
	return item.Answers[0]
}
