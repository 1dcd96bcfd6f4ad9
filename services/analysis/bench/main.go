// Command bench measures the analysis on tables of runs that other people trained: RegMix's (arXiv 2407.01492, its folder
// data) and two-phase schedules of Marin; and its intervals on tables whose truth is known. It prints a table a part, as markdown, with floors, aims and what was reached.
//
// It knows nothing that haigo fit doesn't: subsets of runs go through the same packages. No row that is scored was used in
// a fit or to choose anything; with -hold, for development, rows of RegMix's pool that a subset leaves out are scored
// instead of the test tables.
package main

import (
	"cmp"
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
	subsets int // 0: as many as the tables of docs/analysis have
	seed    uint64
	hold    bool
	python  string
	broken  int // floors
}

// usual is how many subsets or starts the tables have.
const usual = 10

// count is how many subsets a part takes, and last the seed of the last.
func (b *bench) count() int   { return cmp.Or(b.subsets, usual) }
func (b *bench) last() uint64 { return b.seed + uint64(b.count()) - 1 }

var parts = []struct {
	name string
	run  func(*bench) error
}{
	{"rank", (*bench).rank},
	{"schedule", (*bench).schedule},
	{"sequence", (*bench).sequence},
	{"front", (*bench).front},
	{"pairs", (*bench).pairs},
	{"anchors", (*bench).anchors},
	{"coverage", (*bench).coverage},
	{"optimum", (*bench).optimum},
	{"speed", (*bench).speed},
}

// without is the part that needs no tables of others.
const without = "coverage"

func main() {
	b := &bench{}
	var part string
	flag.StringVar(&b.dir, "data", "", "folder with regmix/ and marin-two-phase/")
	flag.StringVar(&part, "part", "", "parts to run, by comma (default: all): rank, schedule, sequence, front, pairs, anchors, coverage, optimum, speed")
	flag.IntVar(&b.subsets, "subsets", 0, "random subsets, or starts, or made-up tables, of each row (default: 10, of schedules 40, made-up tables 100)")
	flag.Uint64Var(&b.seed, "seed", 201, "of the first subset; the others follow")
	flag.StringVar(&b.python, "python", "bin/trees/bin/python", "that has LightGBM, for boosted trees")
	flag.BoolVar(&b.hold, "hold", false, "score left-out rows of the pool instead of the test tables")
	flag.Parse()
	if err := b.run(part); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(part string) error {
	if b.dir == "" && part != without {
		return fmt.Errorf("name the folder of the tables: make bench-analysis DATA=DIR; only -part %s needs none", without)
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
	if b.broken > 0 {
		return fmt.Errorf("%d floors are broken", b.broken)
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
