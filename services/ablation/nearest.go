package ablation

import (
	"slices"
	"strings"
)

// didYouMean offers the nearest of the known words, or all of them where none is near.
func didYouMean(word string, known []string) Label {
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if d := edits(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return say("did you mean %s?", "%s のことですか？", best)
	}
	all := slices.Sorted(slices.Values(known))
	if len(all) > 16 {
		all = append(all[:16], "…")
	}
	return say("known are %s", "使えるのは %s です", strings.Join(all, ", "))
}

// edits is the least number of letters to insert, remove, replace or swap with their neighbour.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			same := 1
			if x[i] == y[j] {
				same = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+same)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
