package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/haigo-lab/haigo/services/httpd"
	"github.com/haigo-lab/haigo/services/storage"
)

// keeper looks after this program's store and data folder.
func (a *app) keeper() *storage.Keeper {
	sharer := httpd.Sharer{Store: a.store, Version: version}
	return &storage.Keeper{Store: a.store, Data: a.data, Freeze: sharer.Refresh}
}

type gcCmd struct {
	Delete  bool `help:"Remove what is listed; without it nothing is."`
	Unknown bool `help:"With --delete, also what belongs to runs that this database doesn't know: a backup of it may."`
	JSON    bool `name:"json" help:"Print one JSON document."`
}

// Run says what may go and how much that frees, and removes it where it is told to.
func (c gcCmd) Run(e *env) error {
	return e.owning(func(a *app) error { // the folders of another database's runs aren't those of deleted ones
		items, err := a.keeper().Collect(e.ctx)
		if c.Delete && !c.Unknown {
			items = storage.Known(items)
		}
		if err == nil && c.Delete {
			items, err = a.keeper().Remove(e.ctx, items)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(e.stdout).Encode(map[string]any{"removed": c.Delete, "items": append([]storage.Item{}, items...)})
		}
		printItems(e.stdout, items, c.Delete)
		return nil
	})
}

// whyGone is what each kind of item is.
var whyGone = map[storage.Kind]string{
	storage.Points: "points of an ended run; its curves stay, 64 steps fine", storage.Checkpoints: "checkpoints of an ended run; nothing can go on from it",
	storage.Logs: "log of an ended run", storage.Orphan: "folder of a run that was deleted", storage.Copy: "checkpoint that no run starts from",
	storage.Pack: "process that runs shared, whose logs none of them has any more",
	storage.Rows: "rows ready for training; made again when needed", storage.Unfinished: "left behind by a program that was killed",
	storage.Unknown: "of a run that this database doesn't know; a backup may, so it stays without --unknown",
	storage.Earlier: "of an earlier life of a run, which the database doesn't know",
}

func printItems(w io.Writer, items []storage.Item, removed bool) {
	var bytes int64
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, i := range items {
		where := i.Path
		if i.Sweep != "" {
			where = i.Sweep + " " + i.Run
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", byteText(i.Bytes), where, whyGone[i.Kind])
		bytes += i.Bytes
	}
	t.Flush()
	switch {
	case len(items) == 0:
		fmt.Fprintln(w, "There is nothing to remove.")
	case removed:
		fmt.Fprintf(w, "Removed %s, %s.\n", many(int64(len(items)), "thing"), byteText(bytes))
	default:
		fmt.Fprintf(w, "%s, %s. Nothing was removed: haigo gc --delete does.\n", many(int64(len(items)), "thing"), byteText(bytes))
	}
}

// byteText writes bytes: 950 B, 1.8 MB, 240 GB.
func byteText(n int64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if x := float64(n) / unit.size; x >= 1 {
			return strconv.FormatFloat(x, 'f', precision(x), 64) + " " + unit.name
		}
	}
	return fmt.Sprintf("%d B", n)
}

type diskCmd struct {
	JSON bool `name:"json" help:"Print one JSON document."`
}

// Run says what takes space, and how much is left.
func (c diskCmd) Run(e *env) error {
	return e.with(func(a *app) error {
		use, err := a.keeper().Use(e.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(e.stdout).Encode(use)
		}
		return printUse(e.stdout, use)
	})
}

func printUse(w io.Writer, u storage.Use) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "free\t%s of %s\ndatabase\t%s\nrows\t%s\ncheckpoints kept to start from\t%s\n", byteText(u.Free), byteText(u.Size), byteText(u.Database), byteText(u.Rows), byteText(u.Kept))
	for _, s := range u.Sources {
		fmt.Fprintf(t, "source %s %s\t%s\n", s.Name, s.Version, byteText(s.Bytes))
	}
	t.Flush()
	if len(u.Sweeps) > 0 {
		fmt.Fprintln(t, "\nSWEEP\tPOINTS\tCHECKPOINTS\tLOGS\tOTHER\tKEPT")
	}
	for _, s := range u.Sweeps {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Sweep, byteText(s.Points), byteText(s.Checkpoints), byteText(s.Logs), byteText(s.Other), keepText(s.Keep))
	}
	return t.Flush()
}
