package corpus

import (
	"errors"
	"fmt"
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// CheckItems reports every item that can't be scored or would distort a score: another task, language or kind than the
// first, an id or a question asked twice, a choice given twice or empty, a gold that is no choice, no answer.
func CheckItems(items []spec.Item) error {
	if len(items) == 0 {
		return errors.New("no items")
	}
	var errs []error
	ids, questions := map[string]bool{}, map[string]bool{}
	for i, item := range items {
		question := fmt.Sprintf("%q %q", item.Context, item.Choices)
		err := errors.Join(
			need(item.Task == items[0].Task && item.Lang == items[0].Lang && item.Kind == items[0].Kind,
				"task, lang and kind differ from the first item's"),
			need(item.ID != "" && !ids[item.ID], "id %q is empty or used twice", item.ID),
			need(!questions[question], "the same question as an earlier item"),
			checkAnswers(item),
		)
		if err != nil {
			errs = append(errs, fmt.Errorf("item %d: %w", i+1, err))
		}
		ids[item.ID], questions[question] = true, true
	}
	return errors.Join(errs...)
}

func need(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func checkAnswers(item spec.Item) error {
	switch item.Kind {
	case KindMultipleChoice:
		return errors.Join(
			need(len(item.Choices) >= 2, "has %d choices, needs two", len(item.Choices)),
			need(!slices.Contains(item.Choices, ""), "has an empty choice"),
			need(len(slices.Compact(slices.Sorted(slices.Values(item.Choices)))) == len(item.Choices), "has a choice twice"),
			need(item.Gold >= 0 && item.Gold < len(item.Choices), "gold %d is none of its %d choices", item.Gold, len(item.Choices)),
			need(len(item.Answers) == 0, "has both choices and answers"),
		)
	case KindCloze, KindExtractive:
		return errors.Join(
			need(len(item.Answers) > 0 && !slices.Contains(item.Answers, ""), "has no answer, or an empty one"),
			need(len(item.Choices) == 0, "has both choices and answers"),
		)
	}
	return fmt.Errorf("kind %q can't be scored: use multiple_choice, cloze or extractive", item.Kind)
}

// Chance is the accuracy of guessing: the mean of one over the number of choices; 0 for items without choices.
func Chance(items []spec.Item) float64 {
	var sum float64
	for _, item := range items {
		if len(item.Choices) > 0 {
			sum += 1 / float64(len(item.Choices))
		}
	}
	return sum / float64(max(len(items), 1))
}
