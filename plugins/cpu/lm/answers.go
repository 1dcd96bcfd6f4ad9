package lm

import "slices"

// Question is a prompt of a token at least and the answers that may follow it, each of a token at least. The prompt and any
// one answer have at most Context+1 tokens.
type Question struct {
	Prompt  []uint16
	Answers [][]uint16
}

// ScoreAnswers returns the nats of each answer of each question, given the prompt: what Score would say of prompt and answer,
// but that a prompt is read once for as many answers as a row holds. How questions are grouped changes no bit of the result.
func (t *Trainer) ScoreAnswers(questions []Question) [][]float64 {
	var rows []answerRow
	nats := make([][]float64, len(questions))
	for i, q := range questions {
		nats[i] = make([]float64, len(q.Answers))
		rows = append(rows, t.answerRows(q, nats[i])...)
	}
	groups := t.group(len(rows), func(i int) int { return rows[i].length() })
	t.parallel(len(groups), func(wk *worker, i int) {
		group := make([]answerRow, len(groups[i]))
		for k, at := range groups[i] {
			group[k] = rows[at]
		}
		wk.scoreAnswers(group)
	})
	for i, q := range questions {
		q.tie(nats[i])
	}
	return nats
}

// tie gives equal answers equal nats: sums at other places of a row differ in their last bits.
func (q Question) tie(nats []float64) {
	for i, a := range q.Answers {
		first := slices.IndexFunc(q.Answers, func(b []uint16) bool { return slices.Equal(a, b) })
		nats[i] = nats[first]
	}
}

// answerRow is a prompt and answers that follow it side by side: each sees the prompt and itself.
type answerRow struct {
	prompt  []uint16
	answers [][]uint16
	nats    []float64 // of the answers
}

// length is the number of tokens that are read: nothing follows an answer's last one.
func (r answerRow) length() int {
	n := len(r.prompt)
	for _, a := range r.answers {
		n += len(a) - 1
	}
	return n
}

// answerRows cuts a question's answers into rows that aren't longer than the context.
func (c Config) answerRows(q Question, nats []float64) (rows []answerRow) {
	for i, a := range q.Answers {
		last := len(rows) - 1
		if last < 0 || rows[last].length()+len(a)-1 > c.Context {
			rows = append(rows, answerRow{prompt: q.Prompt, nats: nats[i:i]})
			last++
		}
		rows[last].answers = append(rows[last].answers, a)
		rows[last].nats = rows[last].nats[:len(rows[last].answers)]
	}
	return rows
}

// scoreAnswers does one pass over rows, the first of which is the longest.
func (wk *worker) scoreAnswers(rows []answerRow) {
	wk.loadAnswers(rows, rows[0].length())
	wk.forward()
	for s, r := range rows {
		at := s*wk.length + len(r.prompt)
		first := make([]float64, len(r.answers)) // logits of the answers' first tokens
		for k, a := range r.answers {
			first[k] = float64(wk.logitsOf(at - 1)[a[0]])
		}
		sum := wk.logSum(at - 1)
		for k, a := range r.answers {
			r.nats[k] = sum - first[k]
			for _, target := range a[1:] {
				logit := float64(wk.logitsOf(at)[target])
				r.nats[k] += wk.logSum(at) - logit
				at++
			}
		}
	}
}

// loadAnswers takes rows of at most length tokens. Shorter ones are padded with token 0, which nothing sees.
func (wk *worker) loadAnswers(rows []answerRow, length int) {
	wk.begin(length)
	for _, r := range rows {
		end := len(wk.tokens) + length
		wk.take(r.prompt, 0, span{})
		start := len(r.prompt)
		for _, a := range r.answers {
			wk.take(a[:len(a)-1], len(r.prompt), span{len(r.prompt), start})
			start += len(a) - 1
		}
		wk.take(make([]uint16, end-len(wk.tokens)), 0, span{})
	}
}

// take appends tokens from a position on, none of which sees the keys in hidden.
func (wk *worker) take(tokens []uint16, position int, hidden span) {
	for i, token := range tokens {
		wk.tokens = append(wk.tokens, token)
		wk.positions = append(wk.positions, position+i)
		wk.apart = append(wk.apart, hidden)
	}
}
