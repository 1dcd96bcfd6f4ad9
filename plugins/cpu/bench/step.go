package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
	"github.com/haigo-lab/haigo/plugins/cpu/lm"
	"github.com/haigo-lab/haigo/plugins/cpu/safetensors"
)

// turn is a contender's answer to a number of steps: how long they took, and the loss of each.
type turn struct {
	Seconds float64   `json:"seconds"`
	Losses  []float64 `json:"losses"`
}

// step is our own trainer as a contender: `bench step DIR ISA` answers each number on its standard input with a line. In
// place of an instruction set, bf16 is that precision on the best one.
func step(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: bench step DIR ISA|bf16")
	}
	e, batches, err := readExercise(args[0])
	if err != nil {
		return err
	}
	set := kernel.Best()
	if e.Model.BF16 = args[1] == "bf16"; !e.Model.BF16 {
		if set, err = kernel.For(kernel.ISA(args[1])); err != nil {
			return err
		}
	}
	runtime.GOMAXPROCS(e.Threads)
	t := lm.New(e.Model, set, e.Rows, e.Threads, 0)
	if err := safetensors.Read(filepath.Join(args[0], "weights.safetensors"), named(t)); err != nil {
		return err
	}
	t.Pack()
	return answer(func(i int) float64 {
		loss := t.Gradient(batches[i%len(batches)]).Loss
		t.Update(e.AdamW, e.Rate)
		return loss
	})
}

func answer(step func(i int) (loss float64)) error {
	done := 0
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return fmt.Errorf("a number of steps, please: %w", err)
		}
		var t turn
		began := time.Now()
		for range n {
			t.Losses = append(t.Losses, step(done))
			done++
		}
		t.Seconds = time.Since(began).Seconds()
		if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
			return err
		}
	}
	return nil
}
