package corpus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haigo-lab/haigo/services/ablation"
)

// Result is a source version and what was left out on the way to it.
type Result struct {
	ablation.Source
	// Existed is true where the same text had been added before: nothing was written.
	Existed bool
	// Problems are the first few of each reason, in reading order; Source.Rejected counts all.
	Problems []Problem
}

// Add makes a source version of the text behind o.Paths. The same options and the same text give the same version, which
// then counts as the newest; versions are never changed. It is safe to call from several processes at once.
//
// Options that can't be are *ablation.Invalid. Files and rows that can't be read are no error: they are counted and
// reported, and the rest goes on. Where nothing is left, the error says so and the Result holds the problems.
func Add(ctx context.Context, o Options) (Result, error) {
	o, err := o.checked()
	if err != nil {
		return Result{}, err
	}
	inputs, err := find(o.Paths)
	if err != nil {
		return Result{}, err
	}
	result, err := o.add(ctx, inputs)
	if err != nil {
		return result, fmt.Errorf("add source %s: %w", o.Name, err)
	}
	return result, nil
}

func (o Options) add(ctx context.Context, inputs []input) (Result, error) {
	dir, err := temporary(filepath.Join(o.Data, "sources"), o.Name)
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	intake, err := read(ctx, o, inputs, dir)
	if err != nil {
		return Result{Problems: intake.tally.problems}, err
	}
	return intake.publish()
}

// temporary makes a folder beside the finished ones, so that it can be renamed into place; it begins with a full stop,
// which no name does.
func temporary(parent, name string) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	if err := discardOld(parent, time.Now().Add(-abandonedAfter)); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, "."+name+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

func nothingLeft(files int, t *tally) error {
	var first string
	if len(t.problems) > 0 {
		first = "; the first: " + t.problems[0].String()
	}
	return fmt.Errorf("no document is left of %d files (%s), so no source was made%s", files, t, first)
}

// abandonedAfter is longer than any addition takes: what is older was left by a process that was killed.
const abandonedAfter = 48 * time.Hour

// discardOld removes the temporary folders in parent that were made before then.
func discardOld(parent string, then time.Time) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), ".") || info.ModTime().After(then) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(parent, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// read takes in all inputs. A source so small that its share holds out nothing is read again with its smallest hash as
// the bound; the first time through nobody knows yet which hash that is.
func read(ctx context.Context, o Options, inputs []input, dir string) (*intake, error) {
	first := newIntake(o, dir, o.heldOutTo())
	err := first.readAll(ctx, inputs)
	if err != nil || first.heldout.Documents > 0 {
		return first, err
	}
	if len(first.seen) == 0 {
		return first, nothingLeft(len(inputs), first.tally)
	}
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return first, err
	}
	o.Progress = nil // it was told of all files already
	second := newIntake(o, dir, first.smallest)
	return second, second.readAll(ctx, inputs)
}
