package task

import (
	"slices"

	"github.com/haigo-lab/haigo/plugins/trainer/score"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// Description is what a person wants to know of a task's items. Lengths are UTF-8 bytes of context, sep and the longest
// answer that is scored, and one for the separator before them: a row of so many byte tokens holds the item uncut.
type Description struct {
	Shortest, Median, Ninetieth, Longest int
	Choices                              [2]int // fewest and most; 0 without choices
	Answers                              [2]int // fewest and most; 0 with choices
	Bytes                                int64  // that are scored at an evaluation, sep included

	lengths []int // ascending
}

// Describe measures items that Check has no problem with.
func Describe(items []spec.Item) Description {
	d := Description{lengths: make([]int, len(items))}
	for i, item := range items {
		answers, _ := score.Answers(item) // checked items have some
		longest := 0
		for _, a := range answers {
			longest = max(longest, len(a))
			d.Bytes += int64(len(item.Sep) + len(a))
		}
		d.lengths[i] = 1 + len(item.Context) + len(item.Sep) + longest
		d.Choices, d.Answers = around(d.Choices, len(item.Choices)), around(d.Answers, len(item.Answers))
	}
	slices.Sort(d.lengths)
	d.Shortest, d.Median, d.Ninetieth, d.Longest = d.at(0), d.at(.5), d.at(.9), d.at(1)
	return d
}

func (d Description) at(quantile float64) int {
	if len(d.lengths) == 0 {
		return 0
	}
	return d.lengths[int(quantile*float64(len(d.lengths)-1)+.5)]
}

func around(limits [2]int, n int) [2]int {
	if limits[0] == 0 {
		return [2]int{n, max(n, limits[1])}
	}
	return [2]int{min(n, limits[0]), max(n, limits[1])}
}

// Fit is the share of the items that a row of so many byte tokens holds; what is longer is cut on the left.
func (d Description) Fit(rowTokens int) float64 {
	n, _ := slices.BinarySearch(d.lengths, rowTokens+1)
	return float64(n) / float64(max(len(d.lengths), 1))
}

// Tokens is how many byte tokens of each item go through a model at an evaluation, in rows of so many.
func Tokens(items []spec.Item, rowTokens int) []int64 {
	tokens := make([]int64, len(items))
	for i, item := range items {
		tokens[i] = score.Tokens(item, rowTokens)
	}
	return tokens
}
