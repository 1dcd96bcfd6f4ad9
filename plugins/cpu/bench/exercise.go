package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/cpu/safetensors"
)

// exercise is what every contender trains on: a folder with exercise.json, the first weights and the batches.
type exercise struct {
	Model   lm.Config
	Rows    int // of a batch
	Batches int // in batches.bin, uint16 little-endian, rows of Context+1 tokens; they are read round and round
	Threads int
	Rate    float64
	AdamW   lm.AdamW
}

// size is a model, and how many steps a turn has: turns of different sizes take about as long.
type size struct {
	model lm.Config
	steps int
}

var sizes = map[string]size{
	"0.9M": {model(4, 128, 4, 352, 128), 3},
	"5M":   {model(6, 256, 8, 704, 128), 1},
	"11M":  {model(6, 384, 6, 1024, 256), 1},
}

func model(layers, width, heads, ffn, context int) lm.Config {
	return lm.Config{
		Layers: layers, Width: width, Heads: heads, FFN: ffn, Vocab: 512, Context: context, RopeBase: 10000, NormEps: 1e-5,
	}
}

func newExercise(m lm.Config, threads int) exercise {
	return exercise{
		Model: m, Rows: 16, Batches: 30, Threads: threads, Rate: 1e-3,
		AdamW: lm.AdamW{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Clip: 1},
	}
}

// write draws weights and batches with fixed seeds.
func (e exercise) write(dir, text string) error {
	bytes, err := goFiles(text)
	if err != nil {
		return err
	}
	if len(bytes) <= e.Model.Context {
		return fmt.Errorf("the Go files of %s are too short", text)
	}
	t := lm.New(e.Model, kernel.Best(), e.Rows, e.Threads, 1)
	if err := safetensors.Write(filepath.Join(dir, "weights.safetensors"), named(t)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "batches.bin"), e.draw(bytes), 0o644); err != nil {
		return err
	}
	settings, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "exercise.json"), settings, 0o644)
}

// named are the trainer's weights, not copies.
func named(t *lm.Trainer) (list []safetensors.Tensor) {
	for _, w := range t.State().Weights {
		list = append(list, safetensors.Tensor(w))
	}
	return list
}

func (e exercise) draw(text []byte) (tokens []byte) {
	r := rand.New(rand.NewPCG(1, 1))
	for range e.Batches * e.Rows {
		at := r.IntN(len(text) - e.Model.Context)
		for _, b := range text[at : at+e.Model.Context+1] {
			tokens = binary.LittleEndian.AppendUint16(tokens, uint16(b))
		}
	}
	return tokens
}

func goFiles(dir string) ([]byte, error) {
	var text bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		data, err := os.ReadFile(path)
		text.Write(data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read text: %w", err)
	}
	return text.Bytes(), nil
}

func readExercise(dir string) (e exercise, batches [][][]uint16, err error) {
	settings, err := os.ReadFile(filepath.Join(dir, "exercise.json"))
	if err != nil {
		return e, nil, err
	}
	if err := json.Unmarshal(settings, &e); err != nil {
		return e, nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "batches.bin"))
	if err != nil {
		return e, nil, err
	}
	in := bytes.NewReader(data)
	batches = make([][][]uint16, e.Batches)
	for i := range batches {
		for range e.Rows {
			row := make([]uint16, e.Model.Context+1)
			if err := binary.Read(in, binary.LittleEndian, row); err != nil {
				return e, nil, fmt.Errorf("read batches: %w", err)
			}
			batches[i] = append(batches[i], row)
		}
	}
	return e, batches, nil
}
