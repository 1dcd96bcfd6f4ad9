// Command haigo-cpu trains small language models on the processor. Started by Haigo without arguments it is the trainer
// plugin "cpu"; in an attempt's folder, `haigo-cpu rows` makes the rows of its sources and `haigo-cpu run` trains.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/haigo-lab/haigo/plugins/cpu/plugin"
	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// version is set by the build.
var version = "unknown"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "haigo-cpu:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		executable, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find own program: %w", err)
		}
		trainer.Serve(plugin.New(executable, version))
		return nil
	}
	options, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch args[0] {
	case "rows":
		return runner.PrepareRows(ctx, options)
	case "run":
		return runner.Run(ctx, options)
	}
	return fmt.Errorf("unknown command %q; there are rows and run", args[0])
}

func parse(args []string) (runner.Options, error) {
	dir, rows, err := spec.Args("haigo-cpu", args)
	return runner.Options{Dir: dir, Rows: rows, Program: spec.Program{Name: plugin.Name, Version: version}}, err
}
