package task

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

// Placed is an item and where it stands.
type Placed struct {
	spec.Item
	File string // as a person named it; "" where the items come from no file
	Line int    // from 1; without a file the item's number
}

// placed numbers items that come from no file.
func placed(items []spec.Item) []Placed {
	list := make([]Placed, len(items))
	for i, item := range items {
		list[i] = Placed{Item: item, Line: i + 1}
	}
	return list
}

// maxProblems is how many of one file are told.
const maxProblems = 20

// Check reports, in order, every item that can't be scored or would distort a score: another task, language, kind or norm
// than the first, an id or a question asked twice, a choice given twice or empty, a gold that is no choice, no answer.
func Check(items []Placed) []ablation.Problem {
	if len(items) == 0 {
		return []ablation.Problem{{Message: ablation.Label{
			EN: "there is no item; give one JSON object a line", JA: "問題がありません。1 行に 1 つの JSON オブジェクトを書いてください",
		}}}
	}
	c := checker{first: items[0], ids: map[string]int{}, questions: map[string]int{}}
	for _, item := range items {
		c.at = item
		c.same()
		c.names()
		c.once()
		c.answers()
	}
	return c.problems
}

// refuse is the problems as an error, the first of them and the count of the rest; nil where there is none.
func refuse(problems []ablation.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	if more := len(problems) - maxProblems; more > 0 {
		problems = append(problems[:maxProblems:maxProblems], ablation.Problem{File: problems[0].File, Message: ablation.Label{
			EN: fmt.Sprintf("and %d more problems", more), JA: fmt.Sprintf("ほかに %d 件の問題があります", more),
		}})
	}
	return &ablation.Invalid{Problems: problems}
}

type checker struct {
	first, at      Placed
	ids, questions map[string]int // lines
	problems       []ablation.Problem
}

// need notes a problem with a field of the present item unless ok; the arguments serve both languages.
func (c *checker) need(ok bool, field, en, ja string, args ...any) bool {
	if !ok {
		c.problems = append(c.problems, problem(c.at, field, en, ja, args...))
	}
	return ok
}

func problem(at Placed, field, en, ja string, args ...any) ablation.Problem {
	return ablation.Problem{
		File: at.File, Line: at.Line, Field: field, Text: at.ID,
		Message: ablation.Label{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)},
	}
}

func (c *checker) same() {
	for _, v := range []struct{ field, want, got string }{
		{"task", c.first.Task, c.at.Task}, {"lang", c.first.Lang, c.at.Lang}, {"kind", c.first.Kind, c.at.Kind}, {"norm", c.first.Norm, c.at.Norm},
	} {
		c.need(v.want == v.got, v.field, "is %[2]q, the first item's is %[1]q; a file holds one task, in one language, of one kind and norm",
			"「%[2]s」ですが、最初の問題は「%[1]s」です。1 つのファイルには、タスク、言語、種類、正規化が同じ問題だけを入れてください", v.want, v.got)
	}
}

// names checks what all items share, at the first one.
func (c *checker) names() {
	if c.at.Line != c.first.Line || c.at.File != c.first.File {
		return
	}
	c.need(spec.ValidName(c.at.Task), "task", "%q is no name: use lower-case letters, digits, '.', '_' and '-', at most 64, a letter or digit first",
		"「%s」は名前にできません。英小文字、数字、. _ - で 64 文字まで、先頭は英小文字か数字にしてください", c.at.Task)
	c.need(validLang(c.at.Lang), "lang", "%q is no language tag: use BCP 47, such as ja, en or zh-Hant, or one of code and other",
		"「%s」は言語タグではありません。BCP 47(ja、en、zh-Hant など)か、code、other にしてください", c.at.Lang)
	c.need(slices.Contains([]string{spec.ItemMultipleChoice, spec.ItemCloze, spec.ItemExtractive, spec.ItemGeneration}, c.at.Kind), "kind",
		"%q can't be scored: use multiple_choice, cloze, extractive or generation",
		"「%s」は採点できません。multiple_choice、cloze、extractive、generation のどれかにしてください", c.at.Kind)
	c.need(c.at.Norm == "" || c.at.Norm == spec.NormBytes || c.at.Norm == spec.NormSum, "norm",
		"%q is no normalisation: use bytes or sum", "「%s」という正規化はありません。bytes か sum にしてください", c.at.Norm)
}

func validLang(lang string) bool {
	if lang == "code" || lang == "other" {
		return true
	}
	_, err := language.Raw.Parse(lang)
	return err == nil
}

// once: every id and every question is asked once.
func (c *checker) once() {
	if c.need(c.at.ID != "", "id", "is empty", "空です") {
		earlier, seen := c.ids[c.at.ID]
		c.need(!seen, "id", "%q is used twice, first in line %d", "「%s」が 2 回使われています（最初は %d 行目）", c.at.ID, earlier)
		c.ids[c.at.ID] = cmp.Or(earlier, c.at.Line)
	}
	question := question(c.at.Item)
	earlier, seen := c.questions[question]
	c.need(!seen, "context", "is the same question, with the same choices, as line %d", "%d 行目と同じ問題、同じ選択肢です", earlier)
	c.questions[question] = cmp.Or(earlier, c.at.Line)
}

// question is what two items share that are the same one.
func question(item spec.Item) string { return fmt.Sprintf("%q %q", item.Context, item.Choices) }

func (c *checker) answers() {
	for _, text := range slices.Concat([]string{c.at.Context, c.at.Sep}, c.at.Choices, c.at.Answers) {
		if !c.need(utf8.ValidString(text), "context", "holds bytes that aren't UTF-8", "UTF-8 でないバイトがあります") {
			return
		}
	}
	switch c.at.Kind {
	case spec.ItemMultipleChoice:
		c.choices()
	case spec.ItemCloze, spec.ItemExtractive, spec.ItemGeneration:
		c.need(len(c.at.Choices) == 0 && len(c.at.Labels) == 0 && c.at.Norm == "", "choices", "belong to multiple_choice alone, as labels and norm do; leave them out",
			"choices、labels、norm は multiple_choice だけのものです。除いてください")
		c.need(len(c.at.Answers) > 0 && !slices.Contains(c.at.Answers, ""), "answers", "has no answer, or an empty one", "答えがないか、空の答えがあります")
	}
}

func (c *checker) choices() {
	n := len(c.at.Choices)
	c.need(len(c.at.Answers) == 0, "answers", "stand beside choices; give one of the two", "choices と answers の両方があります。どちらかにしてください")
	if !c.need(n >= 2, "choices", "are %d; a question needs two at least", "%d 個です。2 個以上必要です", n) {
		return
	}
	c.need(!slices.Contains(c.at.Choices, ""), "choices", "have an empty one", "空の選択肢があります")
	c.need(distinct(c.at.Choices), "choices", "have one twice; leave the item out, or mend it", "同じ選択肢が 2 つあります。問題を除くか、直してください")
	if !c.need(c.at.Gold >= 0 && c.at.Gold < n, "gold", "is %d, but there are %d choices, counted from 0: give 0 to %d",
		"%d ですが、選択肢は %d 個で、0 から数えます。0 から %d までにしてください", c.at.Gold, n, n-1) || len(c.at.Labels) == 0 {
		return
	}
	bad := slices.ContainsFunc(c.at.Labels, func(v int) bool { return v != 0 && v != 1 })
	if c.need(len(c.at.Labels) == n && !bad, "labels", "need a 1 or a 0 for each of the %d choices", "%d 個の選択肢それぞれに 1 か 0 が必要です", n) {
		c.need(c.at.Right(c.at.Gold) && slices.Contains(c.at.Labels, 0), "labels", "must mark the gold choice right and at least one choice wrong",
			"gold の選択肢を正しいとし、少なくとも 1 つを誤りとしてください")
	}
}

func distinct(choices []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(choices)))) == len(choices)
}

func normOf(item spec.Item) string {
	if item.Kind != spec.ItemMultipleChoice {
		return ""
	}
	return cmp.Or(item.Norm, spec.NormBytes)
}

// Chance is the accuracy of guessing: the mean share of right choices; 0 for items without choices.
func Chance(items []spec.Item) float64 {
	var sum float64
	for _, item := range items {
		if n := len(item.Choices); n > 0 {
			right := 0
			for i := range n {
				if item.Right(i) {
					right++
				}
			}
			sum += float64(right) / float64(n)
		}
	}
	return sum / float64(max(len(items), 1))
}

// Majority is the accuracy of always giving the answer that is right most often, of all texts that are choices; 0 for items
// without choices. It lies above chance where items share their choices and one is right more often than the others.
func Majority(items []spec.Item) float64 {
	right, most := map[string]int{}, 0
	for _, item := range items {
		for i, choice := range item.Choices {
			if item.Right(i) {
				right[choice]++
				most = max(most, right[choice])
			}
		}
	}
	return float64(most) / float64(max(len(items), 1))
}
