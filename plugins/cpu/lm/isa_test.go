package lm_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
)

// Every instruction set gives the same weights the same loss, at 5M parameters too. (Over many updates what rounding makes
// of it grows, as docs/speed shows.)
func TestTrainer_lossOnEveryISA(t *testing.T) {
	t.Parallel()
	c := lm.Config{Layers: 6, Width: 256, Heads: 4, FFN: 704, Vocab: 257, Context: 256, RopeBase: 10000, NormEps: 1e-5}
	r := rand.New(rand.NewPCG(1, 2))
	row := make([]uint16, c.Context+1)
	for i := range row {
		row[i] = uint16(r.IntN(c.Vocab))
	}
	var losses []float64
	for _, isa := range kernel.Available() {
		set, err := kernel.For(isa)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, lm.New(c, set, 1, 1, 7).Gradient([][]uint16{row}).Loss)
		if d := math.Abs(losses[len(losses)-1] - losses[0]); d > 1e-6 {
			t.Errorf("%s: the loss is %v away from %v's", isa, d, kernel.Available()[0])
		}
	}
	t.Log(losses)
}
