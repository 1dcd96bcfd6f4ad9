package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// arc reads AI2's JSON lines, whose question has stem and choices, and the form with parallel lists of text and label.
var arc = &layout{
	name: "arc", lang: "en", fits: has("question", "answerKey"),
	split: func(file string) string {
		for _, part := range []string{"easy", "challenge"} {
			if strings.Contains(strings.ToLower(file), part) {
				return "arc_" + part
			}
		}
		return "arc"
	},
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v struct {
			ID       text            `json:"id"`
			Question json.RawMessage `json:"question"`
			Choices  arcLists        `json:"choices"`
			Key      string          `json:"answerKey"`
		},
		) ([]spec.Item, error) {
			stem, choices, err := arcQuestion(v.Question, v.Choices)
			if err != nil || v.Key == "" {
				return nil, err
			}
			gold := slices.Index(choices.Label, v.Key)
			if gold < 0 || len(choices.Label) != len(choices.Text) {
				return nil, fmt.Errorf("answerKey %q is none of the labels %s", v.Key, listed(choices.Label))
			}
			return choice(v.ID, stemmed(stem), " ", gold, choices.Text...), nil
		})
	},
}

func stemmed(stem string) string { return "Question: " + strings.TrimSpace(stem) + "\nAnswer:" }

type arcLists struct {
	Text  []string `json:"text"`
	Label []string `json:"label"`
}

func arcQuestion(raw json.RawMessage, lists arcLists) (stem string, choices arcLists, err error) {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		err = json.Unmarshal(raw, &stem)
		return stem, lists, err
	}
	var q struct {
		Stem    string `json:"stem"`
		Choices []struct {
			Text  string `json:"text"`
			Label string `json:"label"`
		} `json:"choices"`
	}
	err = json.Unmarshal(raw, &q)
	for _, c := range q.Choices {
		choices.Text, choices.Label = append(choices.Text, c.Text), append(choices.Label, c.Label)
	}
	return q.Stem, choices, err
}

// marks is the markup that HellaSwag kept of its how-to articles.
var marks = regexp.MustCompile(`\[.*?\]`)

func unmarked(s string) string {
	s = strings.ReplaceAll(s, " [title]", ". ")
	return strings.TrimSpace(strings.ReplaceAll(marks.ReplaceAllString(s, ""), "  ", " "))
}

var hellaSwag = &layout{
	name: "hellaswag", lang: "en", fits: has("ctx", "endings"),
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v struct {
			ID       text     `json:"ind"`
			Activity string   `json:"activity_label"`
			Context  string   `json:"ctx"`
			Endings  []string `json:"endings"`
			Label    text     `json:"label"` // a number, or its digits in a string; empty in the test set
		},
		) ([]spec.Item, error) {
			if v.Label == "" {
				return nil, nil
			}
			gold, err := strconv.Atoi(string(v.Label))
			if err != nil {
				return nil, fmt.Errorf("label: %w", err)
			}
			endings := make([]string, len(v.Endings))
			for i, e := range v.Endings {
				endings[i] = unmarked(e)
			}
			context := unmarked(v.Context)
			if v.Activity != "" {
				context = v.Activity + ": " + context
			}
			return choice(v.ID, context, " ", gold, endings...), nil
		})
	},
}

// TruthfulQA's choices come as an object of text and 0 or 1, or as parallel lists.
type truths struct {
	Choices []string
	Labels  []int
}

func (t *truths) UnmarshalJSON(data []byte) error {
	var lists struct {
		Choices []string `json:"choices"`
		Labels  []int    `json:"labels"`
	}
	if err := json.Unmarshal(data, &lists); err == nil && len(lists.Choices) > 0 {
		*t = truths{lists.Choices, lists.Labels}
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data)) // an object's members in their order
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return errors.Join(errors.New("targets are an object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var label int
		if err := decoder.Decode(&label); err != nil {
			return err
		}
		t.Choices, t.Labels = append(t.Choices, fmt.Sprint(name)), append(t.Labels, label)
	}
	return nil
}

type truthfulQuestion struct {
	Question string `json:"question"`
	MC1      truths `json:"mc1_targets"`
	MC2      truths `json:"mc2_targets"`
}

// truthful makes an item of the targets of one form; more says that several choices may be right.
func truthful(v truthfulQuestion, form string, t truths, more bool) ([]spec.Item, error) {
	if len(t.Labels) != len(t.Choices) {
		return nil, fmt.Errorf("%d labels for %d choices", len(t.Labels), len(t.Choices))
	}
	gold := slices.Index(t.Labels, 1)
	if gold < 0 || !slices.Contains(t.Labels, 0) {
		return nil, nil
	}
	items := choice("", "Q: "+v.Question+"\nA:", " ", gold, t.Choices...)
	items[0].Task, items[0].Norm = form, spec.NormSum
	if more {
		items[0].Labels = t.Labels
	}
	return items, nil
}

func truthful1(v truthfulQuestion) ([]spec.Item, error) {
	return truthful(v, "truthfulqa_mc1", v.MC1, false)
}

func truthful2(v truthfulQuestion) ([]spec.Item, error) {
	return truthful(v, "truthfulqa_mc2", v.MC2, true)
}

// truthfulQA makes both tasks; the layouts of their names make one.
var (
	truthfulQA = &layout{
		name: "truthfulqa", lang: "en", fits: has("question", "mc1_targets"),
		items: func(raw json.RawMessage) ([]spec.Item, error) {
			return decode(raw, func(v truthfulQuestion) ([]spec.Item, error) {
				one, err := truthful1(v)
				if err != nil {
					return nil, err
				}
				two, err := truthful2(v)
				return append(one, two...), err
			})
		},
	}
	truthfulQA1 = &layout{
		name: "truthfulqa_mc1", lang: "en", fits: has("question", "mc1_targets"),
		items: func(raw json.RawMessage) ([]spec.Item, error) { return decode(raw, truthful1) },
	}
	truthfulQA2 = &layout{
		name: "truthfulqa_mc2", lang: "en", fits: has("question", "mc2_targets"),
		items: func(raw json.RawMessage) ([]spec.Item, error) { return decode(raw, truthful2) },
	}
)
