package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/alert"
	"github.com/haigo-lab/haigo/services/backup"
	"github.com/haigo-lab/haigo/services/postgres"
)

type backupCmd struct {
	File string `arg:"" help:"File to write; it must not exist."`
}

// Run writes one file from which restore makes the same database. Others may go on working meanwhile.
func (c backupCmd) Run(e *env) error {
	return e.owning(func(a *app) error { // its files belong to the database, and its id says whose the backup is
		about, err := backup.Write(e.ctx, a.store, a.data, version, c.File)
		if err != nil {
			return err
		}
		info, err := os.Stat(c.File)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "%s: %s in %s, %s, %.1f MB. Not in it: text, checkpoints and %s; keep that key elsewhere.\n", c.File,
			many(about.Rows(), "row"), many(int64(len(about.Dump.Tables)), "table"), many(int64(about.Files), "file"), float64(info.Size())/1e6, alert.KeyFile)
		return nil
	})
}

type restoreCmd struct {
	File string `arg:"" help:"File that backup wrote, by this version or an earlier one."`
}

// Run fills an empty database and says what the backup can't bring back.
func (c restoreCmd) Run(e *env) error {
	a, err := connected(e)
	if err != nil {
		return err
	}
	defer a.close()
	restored, err := backup.Restore(e.ctx, a.store, a.data, c.File)
	if err == nil {
		err = a.settle(e)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "Restored what %s held on %s: %s.\n", restored.Data, restored.Dump.At.Local().Format("2006-01-02 15:04"), many(restored.Rows(), "row"))
	if restored.Folder == "" {
		fmt.Fprintln(e.stderr, guessed(restored.Elsewhere, a.data))
	}
	for _, s := range restored.Missing {
		fmt.Fprintf(e.stderr, "The text of source %s %s isn't here; copy %s from where it was, or haigo corpus add %s with the same path (%s) and options.\n",
			s.Name, s.Version, s.Dir, s.Name, strings.Join(paths(s), ", "))
	}
	sayDetached(e, restored.Detached)
	return nil
}

// guessed says what a data folder was taken for, to whoever restores a backup that can't tell.
func guessed(elsewhere bool, data string) string {
	const words = "The backup is of an earlier version, which doesn't say which data folder it is of. "
	if elsewhere {
		return words + data + " isn't at its path or doesn't hold its runs, so it is taken for another: what trained is begun again there."
	}
	return words + data + " is at its path and holds its runs, so it is taken for that: what trains there is gone on with."
}

// paths are where a source's text came from: they are part of its version.
func paths(s ablation.Source) (out []string) {
	for _, o := range s.Origin {
		out = append(out, o.Path)
	}
	return out
}

// sayDetached says what waits, and why: the database that was backed up may still be at work.
func sayDetached(e *env, d postgres.Detached) {
	for _, name := range d.Sweeps {
		fmt.Fprintf(e.stderr, "Sweep %s is paused: where the backup comes from it may still run. If it doesn't, haigo sweep resume %s.\n", name, name)
	}
	for _, name := range d.Recurrences {
		fmt.Fprintf(e.stderr, "Recurrence %s is paused for the same reason; haigo recurrence resume %s.\n", name, name)
	}
}
