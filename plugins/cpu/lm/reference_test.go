package lm_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// lcg fills weights and tokens alike here and in the program that wrote the reference.
type lcg uint32

func (l *lcg) next() uint32 {
	*l = *l*1664525 + 1013904223
	return uint32(*l) >> 8
}

// testdata/reference_losses.txt has the losses of twenty steps by another implementation of the same model, whose
// losses were compared with PyTorch's (5e-7 apart at most over thirty steps). It isn't ours to update.
func TestTrainer_MatchesAnotherImplementation(t *testing.T) {
	t.Parallel()
	want := referenceLosses(t)
	c := lm.Config{Layers: 2, Width: 64, Heads: 2, FFN: 96, Vocab: 288, Context: 64, RopeBase: 10000, NormEps: 1e-5}
	onEverySet(t, func(t *testing.T, set *kernel.Set) {
		trainer := lm.New(c, set, 4, 2, 0)
		numbers := lcg(1)
		fillWeights(trainer, &numbers)
		for step, loss := range want {
			got := trainer.Gradient(referenceBatch(c, &numbers)).Loss
			trainer.Update(adamW, 3e-3)
			if math.Abs(got-loss) > 1e-5 {
				t.Errorf("step %d: got %.9g, want %.9g", step, got, loss)
			}
		}
	})
}

func referenceLosses(t *testing.T) (losses []float64) {
	t.Helper()
	data, err := os.ReadFile("testdata/reference_losses.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Fields(string(data)) {
		loss, err := strconv.ParseFloat(line, 64)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, loss)
	}
	return losses
}

// fillWeights gives the matrices numbers of one stream, embedding first, then layer by layer; gains stay 1.
func fillWeights(t *lm.Trainer, numbers *lcg) {
	for _, w := range t.State().Weights {
		for i := range w.Data {
			if len(w.Shape) == 2 {
				w.Data[i] = (float32(numbers.next())/(1<<24) - 0.5) * 0.1
			}
		}
	}
	t.Pack()
}

func referenceBatch(c lm.Config, numbers *lcg) [][]uint16 {
	rows := make([][]uint16, 4)
	for i := range rows {
		rows[i] = make([]uint16, c.Context+1)
		for j := range rows[i] {
			token := numbers.next() % 40
			if j > 0 && token%4 != 0 {
				token = (uint32(rows[i][j-1]) + 1) % 288
			}
			rows[i][j] = uint16(token)
		}
	}
	return rows
}
