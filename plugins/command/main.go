// Command haigo-command trains runs by commands of other people. Started by Haigo with a name and a file it is the trainer
// plugin that the file describes; in an attempt's folder, `haigo-command prepare` makes what a command reads.
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

	"github.com/haigo-lab/haigo/plugins/command/plugin"
	"github.com/haigo-lab/haigo/plugins/command/prepared"
	"github.com/haigo-lab/haigo/plugins/trainer"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "haigo-command:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "prepare" {
		return prepare(args[1:])
	}
	flags := flag.NewFlagSet("haigo-command", flag.ContinueOnError)
	name := flags.String("name", "", "the trainer's name")
	file := flags.String("file", "", "the file that describes it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *name == "" || *file == "" || flags.NArg() > 0 {
		return errors.New("it is started by Haigo, for each NAME.yaml in the folder trainers of the data folder; by hand there is haigo-command prepare")
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	trainer.Serve(plugin.New(executable, *name, *file))
	return nil
}

// prepare is the part before the command.
func prepare(args []string) error {
	flags := flag.NewFlagSet("prepare", flag.ContinueOnError)
	dir := flags.String("dir", ".", "the attempt's folder, with spec.json")
	cache := flags.String("rows", "", "folder of cached rows (default: rows in the data folder that the attempt lies in)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	absolute, err := filepath.Abs(*dir)
	if err != nil {
		return fmt.Errorf("find folder: %w", err)
	}
	if *cache == "" {
		*cache = filepath.Join(absolute, "..", "..", "..", "rows")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return prepared.Make(ctx, absolute, *cache)
}
