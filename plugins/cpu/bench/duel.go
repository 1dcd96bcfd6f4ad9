package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/haigo-lab/haigo/plugins/cpu/kernel"
)

// compare lets all contenders train one size and prints how they did.
func (o options) compare(name string, s size) (err error) {
	dir, err := os.MkdirTemp("", "haigo-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	e := newExercise(s.model, o.threads)
	if err := e.write(dir, o.text); err != nil {
		return err
	}
	field, err := o.field(dir)
	if err == nil {
		err = duel(field, o.rounds, s.steps)
	}
	for _, c := range field {
		err = errors.Join(err, c.leave())
	}
	if err != nil {
		return err
	}
	report(os.Stdout, name, s, e, field)
	return nil
}

// field is all contenders, started; the first is the one that the others are compared with.
func (o options) field(dir string) (field []*contender, err error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	join := func(name string, argv ...string) {
		c, startErr := start(name, argv...)
		if startErr != nil {
			err = errors.Join(err, fmt.Errorf("start %s: %w", name, startErr))
			return
		}
		field = append(field, c)
	}
	for _, isa := range kernel.Available() {
		if isa == kernel.Portable {
			continue
		}
		join("haigo "+string(isa), own, "step", dir, string(isa))
		if o.baseline != "" {
			join("baseline "+string(isa), o.baseline, "step", dir, string(isa))
		}
	}
	if kernel.Best().BF16() != nil {
		join("haigo bf16", own, "step", dir, "bf16")
	}
	if o.python != "" {
		program := filepath.Join("plugins", "cpu", "bench", "torch_step.py")
		join("PyTorch, eager", o.python, program, dir, "eager")
		join("PyTorch, compiled", o.python, program, dir, "compiled")
	}
	return field, err
}

// duel gives every contender a turn in every round, in turning order. A first turn, which compiles and fills caches, isn't
// timed; its losses count.
func duel(field []*contender, rounds, steps int) error {
	for round := range rounds + 1 {
		for _, c := range field {
			if err := c.play(steps); err != nil {
				return err
			}
		}
		if round == 0 {
			for _, c := range field {
				c.seconds = nil
			}
		}
		slices.Reverse(field)
	}
	if rounds%2 == 0 {
		slices.Reverse(field)
	}
	return nil
}
