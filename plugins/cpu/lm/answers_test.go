package lm_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// Answers side by side behind one prompt get what each gets alone, also where they take several rows.
func TestTrainer_ScoresAnswersAsAlone(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		r := rand.New(rand.NewPCG(5, 5))
		trainer := lm.New(c, set, 4, 2, 7)
		for range 8 {
			trainer.Gradient(batch(r, c, 4))
			trainer.Update(adamW, 3e-3)
		}
		some := func(n int) []uint16 { return batch(r, c, 1)[0][:n] }
		var questions []lm.Question
		for _, lengths := range [][]int{{1, 1}, {5, 3, 1, 7}, {c.Context / 2, c.Context / 4, c.Context / 4, c.Context/2 + 1}, {c.Context, 1}, {9, 2, 2, 2, 2, 2}} {
			q := lm.Question{Prompt: some(lengths[0])}
			for _, n := range lengths[1:] {
				q.Answers = append(q.Answers, some(n))
			}
			questions = append(questions, q)
		}
		got := trainer.ScoreAnswers(questions)
		for i, q := range questions {
			for k, a := range q.Answers {
				alone := trainer.Score([]lm.Sequence{{Tokens: append(q.Prompt[:len(q.Prompt):len(q.Prompt)], a...), From: len(q.Prompt)}})[0]
				if math.Abs(got[i][k]-alone) > 1e-4*(1+alone) {
					t.Errorf("question %d, answer %d: %v nats, alone %v", i, k, got[i][k], alone)
				}
			}
			if diff := cmp.Diff(got[i], trainer.ScoreAnswers(questions[i : i+1])[0]); diff != "" {
				t.Errorf("question %d among others and alone:\n%s", i, diff)
			}
		}
	})
}
