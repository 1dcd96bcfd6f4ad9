// Command bench compares the CPU trainer with PyTorch, both instruction sets and bf16 with each other, and, where asked, another
// build of itself: the same weights, the same batches, the same number of threads, on this machine, in one call.
//
// Contenders are processes that hold a model each and make steps when told to. They take turns, a few steps at a time, so
// that whatever else the machine does falls on all of them alike; what is compared is the median of the pairs. Start with
// [duel]. `make bench-cpu` brings PyTorch and runs it; nothing of it is part of the tests.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options is what the command line says.
type options struct {
	threads, rounds int
	sizes, python   string
	baseline        string
	text            string
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "step" {
		return step(args[1:])
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.threads, "threads", 2, "threads of each contender")
	flags.IntVar(&o.rounds, "rounds", 30, "turns of each contender")
	flags.StringVar(&o.sizes, "sizes", "0.9M,5M,11M", "models to train")
	flags.StringVar(&o.python, "python", "", "a Python that has torch; empty leaves PyTorch out")
	flags.StringVar(&o.baseline, "baseline", "", "another build of this program to compare with")
	flags.StringVar(&o.text, "text", "plugins", "folder whose Go files are the text")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, name := range strings.Split(o.sizes, ",") {
		size, ok := sizes[name]
		if !ok {
			return fmt.Errorf("there is no size %q; there are 0.9M, 5M and 11M", name)
		}
		if err := o.compare(name, size); err != nil {
			return fmt.Errorf("size %s: %w", name, err)
		}
	}
	return nil
}
