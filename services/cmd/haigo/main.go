package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/engine"
)

// version is set when the program is linked.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// commands is the command line.
type commands struct {
	Settings

	Demo       demoCmd       `cmd:"" help:"Train the demo's four runs on real text, show the trade-off and keep serving it."`
	Dev        devCmd        `cmd:"" help:"Server, worker and a private Postgres on this machine."`
	Serve      serveCmd      `cmd:"" help:"Pages and API."`
	Work       workCmd       `cmd:"" help:"Claim runs and train them on this machine."`
	Doctor     doctorCmd     `cmd:"" help:"Say what works on this machine, and what to do about what doesn't."`
	Backup     backupCmd     `cmd:"" help:"Write database, manifests and specs to one file."`
	Restore    restoreCmd    `cmd:"" help:"Fill an empty database from a backup."`
	Gc         gcCmd         `cmd:"" help:"Say what may be removed, and with --delete remove it."`
	Disk       diskCmd       `cmd:"" help:"Say what takes space."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database to this version."`
	Corpus     corpusCmd     `cmd:"" help:"Sources of text."`
	Eval       evalCmd       `cmd:"" help:"Evaluation tasks."`
	Fit        fitCmd        `cmd:"" help:"Fit mixing laws to finished runs in a pair of CSVs: predict, recommend, propose."`
	Export     exportCmd     `cmd:"" help:"Write a sweep's completed runs as the pair of CSVs that fit reads, or a schedule for a training stack."`
	Sweep      sweepCmd      `cmd:"" help:"Sweeps: plan, apply, list, show, watch, pause, resume, stop, keep, archive, delete."`
	Import     importCmd     `cmd:"" help:"Take finished runs of others into a sweep of their own, from a pair of CSVs or TensorBoard event files."`
	Recurrence recurrenceCmd `cmd:"" help:"Sweeps that a clock starts: list, show, pause, resume."`
	Run        runCmd        `cmd:"" help:"Single runs: list, stop, retry."`
	Share      shareCmd      `cmd:"" help:"Shared charts: create, list, renew, revoke."`
	Exec       execCmd       `cmd:"" hidden:"" help:"Run the parts of an attempt (started by an engine)."`
	Healthy    healthyCmd    `cmd:"" hidden:"" help:"Ask a server whether it is well."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// env is what a command may use of the world outside.
type env struct {
	ctx            context.Context
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
	settings       Settings
}

// run parses the arguments, runs the command and returns the exit status.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c commands
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("haigo"),
		kong.Description("Haigo compares data mixtures for language models with small proxy runs."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.Resolvers(environment(getenv)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "haigo:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintln(stderr, "haigo:", err)
		return 2
	}
	e := &env{ctx: ctx, getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, settings: c.Settings}
	e.log = logger(stderr, c.Verbose)
	err = parsed.Run(e)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "haigo: interrupted; the same command starts again or goes on")
		return exitInterrupted
	}
	return status(stderr, err)
}

// exitInterrupted is what shells say of a program that Ctrl-C ended.
const exitInterrupted = 130

// status prints what went wrong: each problem of invalid input on its own line.
func status(stderr io.Writer, err error) int {
	var lost *ablation.Superseding
	var refused *ablation.Refusal
	var bad *ablation.Invalid
	var broken *badDocument
	switch {
	case err == nil:
		return 0
	case errors.As(err, &broken):
		broken.print(stderr)
		return 1
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, bad)
		return 1
	case errors.As(err, &lost):
		fmt.Fprintf(stderr, "haigo: %v: --yes does it, --as NAME keeps both\n", lost)
		return 1
	case errors.As(err, &refused):
		fmt.Fprintln(stderr, "haigo:", refused)
		return 1
	case errors.Is(err, ablation.ErrNotFound):
		fmt.Fprintf(stderr, "haigo: %v; haigo sweep list, run list SWEEP, corpus list, eval list, recurrence list and share list show what there is\n", err)
		return 1
	}
	fmt.Fprintln(stderr, "haigo:", err)
	return engine.ExitStatus(err)
}

func logger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if file, ok := w.(*os.File); ok && terminal(file) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.stdout, "haigo", version)
	return err
}
