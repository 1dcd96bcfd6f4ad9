package lm_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// Every token of a completion is the one that scoring finds the most probable after all before it.
func TestTrainer_CompletesWithTheMostProbable(t *testing.T) {
	t.Parallel()
	onEveryPrecision(t, func(t *testing.T, c lm.Config, set *kernel.Set) {
		r := rand.New(rand.NewPCG(3, 3))
		trainer := lm.New(c, set, 4, 2, 7)
		for range 8 {
			trainer.Gradient(batch(r, c, 4))
			trainer.Update(adamW, 3e-3)
		}
		var prompts [][]uint16
		for _, n := range []int{1, 5, 5, 17, 30} {
			prompts = append(prompts, batch(r, c, 1)[0][:n])
		}
		const most = 6
		answers := trainer.Complete(prompts, most, func(uint16) bool { return false })
		for i, prompt := range prompts {
			if len(answers[i]) != most {
				t.Fatalf("prompt %d: %d tokens", i, len(answers[i]))
			}
			text := prompt
			for _, token := range answers[i] {
				nats := next(trainer, text)
				for other, n := range nats {
					if n < nats[token]-1e-4 {
						t.Errorf("prompt %d: took %d of %.6f nats, %d has %.6f", i, token, nats[token], other, n)
					}
				}
				text = append(text[:len(text):len(text)], token)
			}
		}
		alone := trainer.Complete(prompts[3:4], most, func(uint16) bool { return false })
		if diff := cmp.Diff(answers[3], alone[0]); diff != "" {
			t.Errorf("in a group and alone:\n%s", diff)
		}
		end := answers[3][2]
		short := trainer.Complete(prompts[3:4], most, func(token uint16) bool { return token == end })[0]
		for i, token := range short {
			if token == end || token != answers[3][i] {
				t.Errorf("until %d: %v of %v", end, short, answers[3])
			}
		}
	})
}

// next is the nats of every token after a text.
func next(trainer *lm.Trainer, text []uint16) []float64 {
	list := make([]lm.Sequence, small.Vocab)
	for token := range list {
		list[token] = lm.Sequence{Tokens: append(text[:len(text):len(text)], uint16(token)), From: len(text)}
	}
	return trainer.Score(list)
}
