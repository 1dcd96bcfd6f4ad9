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
	"path/filepath"
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
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	dir := flags.String("dir", ".", "the attempt's folder, with spec.json")
	rows := flags.String("rows", "", "folder of cached rows (default: rows in the data folder that the attempt lies in)")
	if err := flags.Parse(args[1:]); err != nil {
		return runner.Options{}, err
	}
	if flags.NArg() > 0 {
		return runner.Options{}, errors.New("more arguments than expected; see haigo-cpu run -help")
	}
	absolute, err := filepath.Abs(*dir)
	if err != nil {
		return runner.Options{}, fmt.Errorf("find folder: %w", err)
	}
	if *rows == "" {
		*rows = filepath.Join(absolute, "..", "..", "..", "rows")
	}
	return runner.Options{Dir: absolute, Rows: *rows, Program: spec.Program{Name: plugin.Name, Version: version}}, nil
}
