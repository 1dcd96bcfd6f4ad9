package task

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// decode reads one value of a layout.
func decode[T any](raw json.RawMessage, items func(v T) ([]spec.Item, error)) ([]spec.Item, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return items(v)
}

func choice(id text, context, sep string, gold int, choices ...string) []spec.Item {
	return []spec.Item{{
		ID: string(id), Kind: spec.ItemMultipleChoice, Context: context, Sep: sep, Choices: choices, Gold: gold,
	}}
}

func asked(question string) string { return "質問：" + question + "\n回答：" }

func read(title, passage, question string) string {
	return "題名：" + title + "\n本文：" + passage + "\n" + asked(question)
}

// JGLUE: JSON lines, JSQuAD one object as SQuAD's.
var jcommonsenseqa = &layout{
	name: "jcommonsenseqa", lang: "ja", fits: has("question", "choice0", "choice4"),
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v struct {
			ID       text   `json:"q_id"`
			Question string `json:"question"`
			Choice0  string `json:"choice0"`
			Choice1  string `json:"choice1"`
			Choice2  string `json:"choice2"`
			Choice3  string `json:"choice3"`
			Choice4  string `json:"choice4"`
			Label    *int   `json:"label"`
		},
		) ([]spec.Item, error) {
			if v.Label == nil {
				return nil, nil
			}
			return choice(v.ID, asked(v.Question), "", *v.Label, v.Choice0, v.Choice1, v.Choice2, v.Choice3, v.Choice4), nil
		})
	},
}

// sentences is a pair of JNLI or JSTS.
type sentences struct {
	ID    text            `json:"sentence_pair_id"`
	One   string          `json:"sentence1"`
	Two   string          `json:"sentence2"`
	Label json.RawMessage `json:"label"`
}

func labelled(members map[string]json.RawMessage, string bool) bool {
	label := members["label"]
	return has("sentence1", "sentence2", "label")(members) && (len(label) > 0 && label[0] == '"') == string
}

// relations are JNLI's labels, in the order of the choices.
var relations = []string{"entailment", "contradiction", "neutral"}

var jnli = &layout{
	name: "jnli", lang: "ja", fits: func(m map[string]json.RawMessage) bool { return labelled(m, true) },
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v sentences) ([]spec.Item, error) {
			var label string
			if err := json.Unmarshal(v.Label, &label); err != nil {
				return nil, fmt.Errorf("label: %w", err)
			}
			gold := slices.Index(relations, label)
			if gold < 0 {
				return nil, fmt.Errorf("label %q is none of %s", label, listed(relations))
			}
			return choice(v.ID, "前提："+v.One+"\n仮説："+v.Two+"\n関係：", "", gold, "含意", "矛盾", "中立"), nil
		})
	},
}

// alike is the similarity, of 0 to 5, from which two sentences of JSTS count as the same.
const alike = 2.5

var jsts = &layout{
	name: "jsts", lang: "ja", fits: func(m map[string]json.RawMessage) bool { return labelled(m, false) },
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v sentences) ([]spec.Item, error) {
			var similarity float64
			if err := json.Unmarshal(v.Label, &similarity); err != nil {
				return nil, fmt.Errorf("label: %w", err)
			}
			gold := 0
			if similarity >= alike {
				gold = 1
			}
			return choice(v.ID, "文1："+v.One+"\n文2："+v.Two+"\n二つの文の意味は", "", gold, "違う", "同じ"), nil
		})
	},
}

var jcola = &layout{
	name: "jcola", lang: "ja", fits: has("sentence", "label", "uid"),
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v struct {
			ID       text   `json:"uid"`
			Sentence string `json:"sentence"`
			Label    text   `json:"label"` // digits in the tab-separated files
		},
		) ([]spec.Item, error) {
			gold := slices.Index([]text{"0", "1"}, v.Label)
			if gold < 0 {
				return nil, fmt.Errorf("label %q is neither 0 nor 1", v.Label)
			}
			return choice(v.ID, "文："+v.Sentence+"\nこの文は日本語として自然ですか。\n回答：", "", gold, "いいえ", "はい"), nil
		})
	},
}

var jsquad = &layout{
	name: "jsquad", lang: "ja", fits: articles,
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v squad) (items []spec.Item, err error) {
			for _, article := range v.Data {
				for _, p := range article.Paragraphs {
					for _, q := range p.Questions {
						items = append(items, p.item(article.Title, q)...)
					}
				}
			}
			return items, nil
		})
	},
}

// articles tells SQuAD's form by its first article: JGLUE leaves out the version that SQuAD has beside its data.
func articles(members map[string]json.RawMessage) bool {
	var data []map[string]json.RawMessage
	return json.Unmarshal(members["data"], &data) == nil && len(data) > 0 && has("title", "paragraphs")(data[0])
}

type squad struct {
	Data []struct {
		Title      string      `json:"title"`
		Paragraphs []paragraph `json:"paragraphs"`
	} `json:"data"`
}

type paragraph struct {
	Context   string     `json:"context"`
	Questions []squadAsk `json:"qas"`
}

type squadAsk struct {
	ID         text   `json:"id"`
	Question   string `json:"question"`
	Impossible bool   `json:"is_impossible"`
	Answers    []struct {
		Text string `json:"text"`
	} `json:"answers"`
}

// item is the question with the passage; JSQuAD writes the title once more before it, up to [SEP].
func (p paragraph) item(title string, q squadAsk) []spec.Item {
	var answers []string
	for _, a := range q.Answers {
		if a.Text != "" && !slices.Contains(answers, a.Text) {
			answers = append(answers, a.Text)
		}
	}
	if q.Impossible || len(answers) == 0 {
		return nil
	}
	passage := p.Context
	if _, after, found := strings.Cut(passage, "[SEP]"); found {
		passage = strings.TrimSpace(after)
	}
	return []spec.Item{{ID: string(q.ID), Kind: spec.ItemExtractive, Context: read(title, passage, q.Question), Answers: answers}}
}

// JAQKET: the first competition has an entity among 20 candidates, the second a list of accepted answers. Both come as
// JSON lines, and as tab-separated files whose answers are parted by two semicolons, some with the original question alone.
type quiz struct {
	ID         text     `json:"qid"`
	Question   string   `json:"question"`
	Asked      string   `json:"original_question"`
	Entity     string   `json:"answer_entity"`
	Candidates []string `json:"answer_candidates"`
	Answers    []string `json:"answers"`
	Answer     string   `json:"answer"`
	Original   string   `json:"original_answer"`
}

// jaqket1 leaves out questions whose answer is none of the candidates, as the competition's own baseline does.
var jaqket1 = &layout{
	name: "jaqket_v1", lang: "ja", fits: has("qid", "question", "answer_candidates"),
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v quiz) ([]spec.Item, error) {
			gold := slices.Index(v.Candidates, v.Entity)
			if gold < 0 {
				return nil, nil
			}
			return choice(v.ID, asked(v.Question), "", gold, v.Candidates...), nil
		})
	},
}

var jaqket2 = &layout{
	name: "jaqket_v2", lang: "ja",
	fits: func(m map[string]json.RawMessage) bool {
		return has("qid")(m) && (has("question", "answers")(m) || !has("documents")(m) && (has("original_answer")(m) || has("question", "answer")(m)))
	},
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v quiz) ([]spec.Item, error) {
			answers := v.Answers
			for _, list := range []string{v.Answer, v.Original} {
				if len(answers) == 0 && list != "" {
					answers = strings.Split(list, ";;")
				}
			}
			question := cmp.Or(v.Question, v.Asked)
			if len(answers) == 0 || question == "" {
				return nil, nil
			}
			return []spec.Item{{ID: string(v.ID), Kind: spec.ItemCloze, Context: asked(question), Answers: answers}}, nil
		})
	},
}

// answerable is the score from which RCQA's annotators found that a document answers the question.
const answerable = 2

// rcqa takes of each question the document that most annotators found to answer it, where the answer stands in it.
var rcqa = &layout{
	name: "rcqa", lang: "ja", fits: has("qid", "question", "answer", "documents"),
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v struct {
			quiz
			Documents []struct {
				Title string  `json:"title"`
				Text  string  `json:"text"`
				Score float64 `json:"score"`
			} `json:"documents"`
		},
		) ([]spec.Item, error) {
			best := -1
			for i, d := range v.Documents {
				if d.Score >= answerable && strings.Contains(d.Text, v.Answer) && (best < 0 || d.Score > v.Documents[best].Score) {
					best = i
				}
			}
			if best < 0 || v.Answer == "" {
				return nil, nil
			}
			d := v.Documents[best]
			return []spec.Item{{ID: string(v.ID), Kind: spec.ItemExtractive, Context: read(d.Title, d.Text, v.Question), Answers: []string{v.Answer}}}, nil
		})
	},
}

// niilcQuestion is a question element of NIILC's XML.
type niilcQuestion struct {
	XMLName xml.Name `xml:"question" json:"-"`
	NIILC   string   `xml:"-" json:"niilc"` // marks the value
	ID      string   `xml:"id,attr" json:"id"`
	Text    string   `xml:"text" json:"text"`
	Answers []string `xml:"answers>answer" json:"answers"`
}

var spaces = regexp.MustCompile(`\s+`)

var niilc = &layout{
	name: "niilc", lang: "ja", fits: has("niilc"),
	items: func(raw json.RawMessage) ([]spec.Item, error) {
		return decode(raw, func(v niilcQuestion) ([]spec.Item, error) {
			var answers []string
			for _, a := range v.Answers {
				if a = spaces.ReplaceAllString(strings.TrimSpace(a), " "); a != "" && !slices.Contains(answers, a) {
					answers = append(answers, a)
				}
			}
			if len(answers) == 0 {
				return nil, nil
			}
			return []spec.Item{{ID: v.ID, Kind: spec.ItemCloze, Context: asked(strings.TrimSpace(v.Text)), Answers: answers}}, nil
		})
	},
}
