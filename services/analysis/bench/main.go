// Command bench measures the analysis on tables of runs that other people trained: RegMix's (arXiv 2407.01492, its folder
// data) and two-phase schedules of Marin. It prints a table a part, as markdown, with floors, aims and what was reached.
//
// It knows nothing that haigo fit doesn't: subsets of runs go through the same packages. No row that is scored was used in
// a fit or to choose anything; with -hold, for development, rows of RegMix's pool that a subset leaves out are scored
// instead of the test tables.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haigo-lab/haigo/services/analysis/table"
)

// bench is what the parts share.
type bench struct {
	dir     string
	subsets int
	seed    uint64
	hold    bool
}

var parts = []struct {
	name string
	run  func(*bench) error
}{
	{"rank", (*bench).rank},
	{"schedule", (*bench).schedule},
	{"sequence", (*bench).sequence},
	{"pairs", (*bench).pairs},
	{"anchors", (*bench).anchors},
	{"speed", (*bench).speed},
}

func main() {
	b := &bench{}
	var part string
	flag.StringVar(&b.dir, "data", "", "folder with regmix/ and marin-two-phase/")
	flag.StringVar(&part, "part", "", "parts to run, by comma (default: all): rank, schedule, sequence, pairs, anchors, speed")
	flag.IntVar(&b.subsets, "subsets", 20, "random subsets, or starts, of each row")
	flag.Uint64Var(&b.seed, "seed", 1, "of the first subset; the others follow")
	flag.BoolVar(&b.hold, "hold", false, "score left-out rows of the pool instead of the test tables")
	flag.Parse()
	if err := b.run(part); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(part string) error {
	if b.dir == "" {
		return fmt.Errorf("name the folder of the tables: make bench-analysis DATA=DIR")
	}
	asked := strings.Split(part, ",")
	for _, p := range parts {
		if part != "" && !slices.Contains(asked, p.name) {
			continue
		}
		if err := p.run(b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// read is a pair of files of the data folder.
func (b *bench) read(mixtures, metrics string) (table.Table, error) {
	var files [2]table.File
	for i, name := range []string{mixtures, metrics} {
		data, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			return table.Table{}, err
		}
		files[i] = table.File{Name: name, Data: data}
	}
	t, _, err := table.Read(files[0], files[1], 0)
	return t, err
}
