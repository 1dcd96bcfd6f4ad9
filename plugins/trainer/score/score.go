package score

import (
	"errors"
	"fmt"
	"math"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Likelihood is what a model gave one answer: the nats of its scored bytes (sep included), and how many these are.
type Likelihood struct {
	Nats  float64
	Bytes int
}

// Answers are the texts of an item that a model scores, each after context and sep: every choice, the first accepted
// answer, or for generation every reference.
func Answers(item spec.Item) ([]string, error) {
	answers := item.Choices
	switch {
	case len(answers) > 0 && (item.Gold < 0 || item.Gold >= len(answers)):
		return nil, fmt.Errorf("gold is %d, there are %d choices, counted from 0", item.Gold, len(answers))
	case len(answers) > 0 && len(item.Labels) > 0 && len(item.Labels) != len(answers):
		return nil, fmt.Errorf("there are %d labels for %d choices", len(item.Labels), len(answers))
	case len(answers) == 0 && len(item.Answers) == 0:
		return nil, errors.New("has neither choices nor answers")
	case len(answers) == 0 && item.Kind == spec.ItemGeneration:
		answers = item.Answers
	case len(answers) == 0:
		answers = item.Answers[:1]
	}
	for _, a := range answers {
		if item.Sep+a == "" {
			return nil, errors.New("has an empty answer")
		}
	}
	return answers, nil
}

// Tokens is how many byte tokens go through a model that scores an item in rows of so many, reading a context that isn't
// cut once for all answers, and what an extractive item is asked and may answer at most. It is what scoring takes, next to
// training.
func Tokens(item spec.Item, rowTokens int) (n int64) {
	answers, err := Answers(item)
	if err != nil {
		return 0
	}
	asked, longest := 1+len(item.Context), 0
	for _, a := range answers {
		longest = max(longest, len(item.Sep+a))
		n += int64(len(item.Sep+a) - 1)
	}
	if n += int64(asked); asked+longest > rowTokens {
		n = 0
		for _, a := range answers {
			n += int64(min(asked+len(item.Sep+a), rowTokens) - 1)
		}
	}
	if item.Kind == spec.ItemExtractive {
		most := AnswerTokens(rowTokens)
		n += int64(min(asked+len(item.Sep), rowTokens-most) + most)
	}
	return n
}

// Item scores an item from the likelihoods of its [Answers], in their order. given is the greedy answer of an extractive
// item, and nil of any other.
func Item(item spec.Item, answers []Likelihood, given *string) spec.ItemScore {
	gold := answers[best(item, answers)]
	s := spec.ItemScore{Task: item.Task, ID: item.ID, Nats: spec.Real(gold.Nats), Bytes: gold.Bytes}
	if len(item.Choices) > 0 {
		s.Margin, s.Accuracy = real(margin(item, answers)), real(accuracy(item, answers))
	}
	if given != nil {
		exact, f1 := compare(*given, item.Answers)
		s.Exact, s.F1, s.Given = real(exact), real(f1), *given
	}
	return s
}

func real(v float64) *spec.Real {
	r := spec.Real(v)
	return &r
}

// best is the index of the gold answer.
func best(item spec.Item, answers []Likelihood) int {
	if len(item.Choices) > 0 {
		return item.Gold
	}
	least := 0
	for i, a := range answers {
		if a.perByte() < answers[least].perByte() {
			least = i
		}
	}
	return least
}

func (l Likelihood) perByte() float64 { return l.Nats / float64(l.Bytes) }

// cost is what choices are compared by.
func (l Likelihood) cost(norm string) float64 {
	if norm == spec.NormSum {
		return l.Nats
	}
	return l.perByte()
}

// margin is in bits, per byte unless the norm is sum.
func margin(item spec.Item, answers []Likelihood) float64 {
	wrong := math.Inf(1)
	for i, a := range answers {
		if !item.Right(i) {
			wrong = min(wrong, a.cost(item.Norm))
		}
	}
	return (wrong - answers[item.Gold].cost(item.Norm)) / math.Ln2
}

// accuracy of one item: whether gold is strictly best, or the probability of all right choices.
func accuracy(item spec.Item, answers []Likelihood) float64 {
	if len(item.Labels) > 0 {
		return rightMass(item, answers)
	}
	for i, a := range answers {
		if i != item.Gold && !(answers[item.Gold].cost(item.Norm) < a.cost(item.Norm)) {
			return 0
		}
	}
	return 1
}

func rightMass(item spec.Item, answers []Likelihood) float64 {
	least := math.Inf(1)
	for _, a := range answers {
		least = min(least, a.Nats)
	}
	right, all := 0.0, 0.0
	for i, a := range answers {
		p := math.Exp(least - a.Nats)
		all += p
		if item.Right(i) {
			right += p
		}
	}
	return right / all
}

// Values are a task's metrics; those that no item has a value of are left out.
func Values(task string, scores []spec.ItemScore) map[string]spec.Real {
	var nats, size float64
	means := map[string]*mean{"accuracy": {}, "margin": {}, "exact": {}, "f1": {}}
	for _, s := range scores {
		nats, size = nats+float64(s.Nats), size+float64(s.Bytes)
		for name, v := range map[string]*spec.Real{"accuracy": s.Accuracy, "margin": s.Margin, "exact": s.Exact, "f1": s.F1} {
			means[name].add(v)
		}
	}
	values := map[string]spec.Real{"task/" + task + "/bpb": spec.Real(nats / math.Ln2 / size)}
	for name, m := range means {
		if m.n > 0 {
			values["task/"+task+"/"+name] = spec.Real(m.sum / m.n)
		}
	}
	return values
}

type mean struct{ sum, n float64 }

func (m *mean) add(v *spec.Real) {
	if v != nil {
		m.sum, m.n = m.sum+float64(*v), m.n+1
	}
}
