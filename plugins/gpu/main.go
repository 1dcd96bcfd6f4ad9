// Command haigo-gpu trains language models on NVIDIA GPUs, and with the same code on a processor. Started by Haigo without
// arguments it is the trainer plugin "gpu"; in an attempt's folder, `haigo-gpu rows` makes the rows of its sources and
// `haigo-gpu run` trains, in Python with JAX. `haigo-gpu tokenizer` makes what an order asks for. `haigo-gpu install` brings these, into the folder gpu beside the program.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/haigo-lab/haigo/plugins/gpu/launch"
	"github.com/haigo-lab/haigo/plugins/gpu/plugin"
	"github.com/haigo-lab/haigo/plugins/gpu/venv"
	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

// version is set by the build.
var version = "unknown"

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "haigo-gpu:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	if len(args) == 0 {
		trainer.Serve(plugin.New(program, version))
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch args[0] {
	case "install":
		return install(ctx, program, args[1:])
	case "tokenizer":
		return tokenizer(ctx, program, args[1:])
	case "rows", "run":
		options, err := parse(program, args)
		if err != nil {
			return err
		}
		if args[0] == "rows" {
			return launch.Rows(ctx, options)
		}
		return launch.Run(options)
	}
	return fmt.Errorf("unknown command %q; there are install, tokenizer, rows and run", args[0])
}

func install(ctx context.Context, program string, args []string) error {
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	wheels := flags.String("wheels", "", "cpu or cuda (default: cuda where nvidia-smi finds a card)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return venv.Install(ctx, venv.Beside(program), *wheels, os.Stdout)
}

// tokenizer says what is wrong as a line of JSON, for the service to show.
func tokenizer(ctx context.Context, program string, args []string) error {
	if len(args) != 1 {
		return errors.New("tokenizer needs the path of an order")
	}
	err := launch.Tokenizer(ctx, program, args[0])
	if err == nil {
		return nil
	}
	line, _ := json.Marshal(map[string]string{"en": err.Error(), "ja": cmp.Or(spec.InJapanese(err), err.Error())}) // strings always encode
	fmt.Println(string(line))
	return err
}

func parse(program string, args []string) (launch.Options, error) {
	dir, rows, err := spec.Args("haigo-gpu", args)
	return launch.Options{Dir: dir, Rows: rows, Program: program, Version: version}, err
}
