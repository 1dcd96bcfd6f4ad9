package lm

import "sort"

// Sequence is text to score: the nats of Tokens[From:], each given all tokens before it. From is at least 1; at most
// Context+1 tokens.
type Sequence struct {
	Tokens []uint16
	From   int
}

// Score returns the nats of each sequence. Sequences of like length go through the model together; how they are grouped
// changes no bit of the result.
func (t *Trainer) Score(sequences []Sequence) []float64 {
	groups := t.group(len(sequences), func(i int) int { return len(sequences[i].Tokens) - 1 })
	nats := make([]float64, len(sequences))
	t.parallel(len(groups), func(wk *worker, i int) { wk.score(sequences, groups[i], nats) })
	return nats
}

// group puts rows of like length together, as many as a pass has room for; a group lists their indices, the longest first.
func (c Config) group(rows int, length func(i int) int) (groups [][]int) {
	order := make([]int, rows)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return length(order[a]) > length(order[b]) })
	for len(order) > 0 {
		n := min(len(order), max(1, c.room()/max(1, length(order[0]))))
		groups, order = append(groups, order[:n]), order[n:]
	}
	return groups
}

// score does one pass over a group, whose first sequence is the longest.
func (wk *worker) score(sequences []Sequence, group []int, nats []float64) {
	length := len(sequences[group[0]].Tokens) - 1
	if length < 1 {
		return
	}
	tokens := make([][]uint16, len(group))
	for i, s := range group {
		tokens[i] = sequences[s].Tokens
	}
	wk.load(tokens, length)
	wk.forward()
	wk.nats(func(i int, n, _ float64) {
		s := group[i/length]
		if at := i%length + 1; at >= sequences[s].From && at < len(sequences[s].Tokens) {
			nats[s] += n
		}
	})
}
