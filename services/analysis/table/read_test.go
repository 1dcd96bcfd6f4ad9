package table_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
	"github.com/haigo-lab/haigo/services/analysis/table"
)

func file(name, text string) table.File { return table.File{Name: name, Data: []byte(text)} }

const plainMixtures = `id,ja,en,code
a,0.5,0.3,0.2
b,0.334,0.333,0.334
c,1,0,0
`

const plainMetrics = `id,bpb/ja,bpb/en
c,1.5,2.5
a,1.7,2.1
b,1.8,
`

func TestRead(t *testing.T) {
	t.Parallel()
	got, notes, err := table.Read(file("mix.csv", plainMixtures), file("met.csv", plainMetrics), 0)
	if err != nil {
		t.Fatal(err)
	}
	third := 1 / 1.001
	want := table.Table{
		Sources: []string{"ja", "en", "code"}, Phases: 1, Metrics: []string{"bpb/ja", "bpb/en"},
		Runs: []table.Run{
			{ID: "a", Shares: [][]float64{{.5, .3, .2}}, Values: []float64{1.7, 2.1}},
			{ID: "b", Shares: [][]float64{{.334 * third, .333 * third, .334 * third}}, Values: []float64{1.8, math.NaN()}},
			{ID: "c", Shares: [][]float64{{1, 0, 0}}, Values: []float64{1.5, 2.5}},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) })); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	contains(t, notes, "1 row of mix.csv: shares sum to one only within 0.001", "bpb/en is missing, NaN or infinite in 1 row")
}

// contains fails unless the notes are these, by their beginnings or parts.
func contains(t *testing.T, notes []ablation.Label, parts ...string) {
	t.Helper()
	if len(notes) != len(parts) {
		t.Errorf("%d notes, want %d: %v", len(notes), len(parts), notes)
		return
	}
	for i, n := range notes {
		if !strings.Contains(n.In("en"), parts[i]) {
			t.Errorf("note %q lacks %q", n.In("en"), parts[i])
		}
		if n.JA == "" || strings.Contains(n.JA, "%!") || strings.Contains(n.EN, "%!") {
			t.Errorf("note isn't whole in both languages: %+v", n)
		}
	}
}

func TestRead_olmix(t *testing.T) {
	t.Parallel()
	mixtures := ",run,name,index,web,code\n0,r0,one,0,0.75,0.25\n1,r1,two,1,0.5,0.5\n"
	metrics := ",run,name,index,bpb\n0,r0,two,0,1.25\n1,r1,one,1,1.5\n"
	got, _, err := table.Read(file("r.csv", mixtures), file("m.csv", metrics), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []table.Run{
		{ID: "one", Shares: [][]float64{{.75, .25}}, Values: []float64{1.5}},
		{ID: "two", Shares: [][]float64{{.5, .5}}, Values: []float64{1.25}},
	}
	if diff := cmp.Diff(want, got.Runs); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

func TestRead_phases(t *testing.T) {
	t.Parallel()
	mixtures := "id,phase0_a,phase0_b,phase1_b,phase1_a,params,tokens\nx,0.1,0.9,0.4,0.6,1e6,\ny,1,0,0,1,6e7,\n"
	metrics := "id,loss\nx,3\ny,4\n"
	for _, phases := range []int{0, 2} {
		got, _, err := table.Read(file("r.csv", mixtures), file("m.csv", metrics), phases)
		if err != nil {
			t.Fatal(err)
		}
		want := table.Table{Sources: []string{"a", "b"}, Phases: 2, Metrics: []string{"loss"}, Runs: []table.Run{
			{ID: "x", Shares: [][]float64{{.1, .9}, {.6, .4}}, Parameters: 1e6, Values: []float64{3}},
			{ID: "y", Shares: [][]float64{{1, 0}, {1, 0}}, Parameters: 6e7, Values: []float64{4}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d phases asked for (-want +got):\n%s", phases, diff)
		}
	}
}

func TestRead_bad(t *testing.T) {
	t.Parallel()
	const good = "id,m\na,1\nb,2\n"
	for _, tc := range []struct{ name, mixtures, metrics, want string }{
		{"too little", "id,x,y\na,0.5,0.43\nb,1,0\n", good, "mix.csv:2: a: shares sum to 0.93, not 1: 0.07 is missing"},
		{"too much", "id,x,y\na,0.5,0.5\nb,1,0.25\n", good, "mix.csv:3: b: shares sum to 1.25, not 1: 0.25 is too much"},
		{"per cent", "id,x,y\na,50,50\nb,100,0\n", good, "write fractions of one, not per cent"},
		{"below zero", "id,x,y\na,1.5,-0.5\nb,1,0\n", good, "mix.csv:2: y: is -0.5; a share is a number from 0 to 1"},
		{"no number", "id,x,y\na,half,0.5\nb,1,0\n", good, `mix.csv:2: x: is "half"; write a number`},
		{"NaN share", "id,x,y\na,NaN,0.5\nb,1,0\n", good, "mix.csv:2: x: is NaN; a share is a number from 0 to 1"},
		{"one source", "id,x\na,1\nb,1\n", good, "is the only source: there is no ratio to choose"},
		{"an id twice", "id,x,y\na,0.5,0.5\na,1,0\n", good, `mix.csv:3: the id "a" stands on line 2 already`},
		{"an id twice in the metrics", "id,x,y\na,0.5,0.5\nb,1,0\n", "id,m\na,1\na,2\n", `met.csv:3: the id "a" stands on line 2 already`},
		{"nothing in common", "id,x,y\nc,0.5,0.5\nd,1,0\n", good, "met.csv: has no id in common with mix.csv"},
		{"short row", "id,x,y\na,0.5\nb,1,0\n", good, "mix.csv:2: has 2 cells, the header has 3"},
		{"a column twice", "id,x,x\na,0.5,0.5\n", good, "mix.csv:1: x: stands twice in the header"},
		{"empty", "", good, "mix.csv: is empty"},
		{"only an id", "id\na\n", good, "the header has no column behind the id"},
		{"no CSV", "id,x,y\na,\"0.5,0.5\n", good, "is no CSV"},
		{"words as a metric", "id,x,y\na,0.5,0.5\nb,1,0\n", "id,m\na,good\nb,1\n", `met.csv:2: m: is "good"; write a number, or leave the column out`},
		{"half a phase", "id,phase0_x,phase0_y,phase1_x\na,0.5,0.5,1\n", good, "mix.csv:1: y: has no column phase1_y"},
		{"no size", "id,x,y,tokens\na,0.5,0.5,-3\nb,1,0,1\n", good, "mix.csv:2: tokens: is -3; write a number above 0"},
		{"a size that one row lacks", "id,x,y,params\na,0.5,0.5,1e6\nb,1,0,\n", good, "mix.csv:3: params: is empty, and 1 row has it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := table.Read(file("mix.csv", tc.mixtures), file("met.csv", tc.metrics), 0)
			var bad *ablation.Invalid
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %s", err, tc.want)
			}
			for _, p := range bad.Problems {
				if p.Message.JA == "" || strings.Contains(p.Message.JA+p.Message.EN, "%!") {
					t.Errorf("isn't whole in both languages: %+v", p.Message)
				}
			}
		})
	}
}

func TestRead_many(t *testing.T) {
	t.Parallel()
	var bad strings.Builder
	bad.WriteString("id,x,y\n")
	for i := range 500 {
		fmt.Fprintf(&bad, "r%d,0.2,0.2\n", i)
	}
	_, _, err := table.Read(file("mix.csv", bad.String()), file("met.csv", "id,m\nr1,2\n"), 0)
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 21 || !strings.Contains(lines[20], "and 480 more like these") {
		t.Errorf("%d lines, the last is %s", len(lines), lines[len(lines)-1])
	}
}

func TestRead_infinite(t *testing.T) {
	t.Parallel()
	got, notes, err := table.Read(file("mix.csv", "id,x,y\na,0.5,0.5\nb,1,0\n"), file("met.csv", "id,m,n\na,inf,NaN\nb,1,\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"m"}, got.Metrics); diff != "" {
		t.Error(diff)
	}
	contains(t, notes, "m is missing, NaN or infinite in 1 row", "no run has a finite value of n; it is left out")
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	like := table.Table{Sources: []string{"ja", "en"}, Phases: 1}
	got, _, err := table.Candidates(file("more.csv", "id,en,ja\nx,0.25,0.75\n"), like)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]table.Run{{ID: "x", Shares: [][]float64{{.75, .25}}}}, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"id,en,fr\nx,0.5,0.5\n":                                         "more.csv:1: fr: is no source of the runs",
		"id,en,fr,ja\nx,0,0.5,0.5\n":                                    "more.csv:1: fr: is no source of the runs",
		"id,phase0_ja,phase0_en,phase1_ja,phase1_en\nx,0.5,0.5,0.5,0.5": "has columns of 2 phases, the runs have 1",
	} {
		if _, _, err := table.Candidates(file("more.csv", text), like); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestTable_Groups(t *testing.T) {
	t.Parallel()
	run := func(a float64, tokens float64) table.Run {
		return table.Run{Shares: [][]float64{{a, 1 - a}}, Tokens: tokens}
	}
	in := table.Table{Runs: []table.Run{run(.5, 0), run(.25, 0), run(.5+1e-12, 0), run(.5, 9), run(.25, 0), run(.333333, 0), run(.333334, 0), run(.3334, 0), run(.5, 9.4), run(.5, 9.5)}}
	if diff := cmp.Diff([][]int{{0, 2}, {1, 4}, {3, 8}, {5, 6}, {7}, {9}}, in.Groups()); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

// TestTable_Groups_law: whatever the order of runs, those of one mixture that was rounded stand together, and others don't.
func TestTable_Groups_law(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mixtures := rapid.SliceOfNDistinct(rapid.IntRange(0, 1000), 1, 30, rapid.ID[int]).Draw(t, "mixtures")
		var in table.Table
		of := map[string]int{}
		for i, thousandths := range mixtures {
			for seed := range rapid.IntRange(1, 4).Draw(t, "seeds") {
				off := rapid.Float64Range(-.4*table.Same, .4*table.Same).Draw(t, "off")
				ja := min(1, max(0, float64(thousandths)/1000+off))
				id := fmt.Sprint(i, "-", seed)
				of[id] = i
				in.Runs = append(in.Runs, table.Run{ID: id, Shares: [][]float64{{ja, 0, 1 - ja}}})
			}
		}
		in.Runs = rapid.Permutation(in.Runs).Draw(t, "order")
		groups := in.Groups()
		if len(groups) != len(mixtures) {
			t.Fatalf("%d groups of %d mixtures", len(groups), len(mixtures))
		}
		for _, g := range groups {
			for _, i := range g {
				if of[in.Runs[i].ID] != of[in.Runs[g[0]].ID] {
					t.Fatalf("%s stands with %s", in.Runs[i].ID, in.Runs[g[0]].ID)
				}
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(plainMixtures), []byte(plainMetrics), 0)
	f.Add([]byte(",run,name,index,web,code\n0,r0,one,0,0.75,0.25\n"), []byte(",run,name,index,bpb\n0,r0,one,0,1.25\n"), 1)
	f.Add([]byte("id,phase0_a,phase0_b,phase1_b,phase1_a\nx,0.1,0.9,0.4,0.6\n"), []byte("\xef\xbb\xbfid,m\nx,1e400\n"), 2)
	f.Add([]byte("id,a,b\n\"x\",0.5,0.5\n\n"), []byte("id,m\nx,-0\n"), -1)
	f.Fuzz(func(t *testing.T, mixtures, metrics []byte, phases int) {
		got, _, err := table.Read(table.File{Name: "mix.csv", Data: mixtures}, table.File{Name: "met.csv", Data: metrics}, phases)
		if err != nil {
			var bad *ablation.Invalid
			if !errors.As(err, &bad) || len(bad.Problems) == 0 {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		for _, r := range got.Runs {
			if len(r.Shares) != got.Phases || len(r.Values) != len(got.Metrics) {
				t.Fatalf("run %q has %d phases and %d values", r.ID, len(r.Shares), len(r.Values))
			}
			for _, phase := range r.Shares {
				sum := 0.0
				for _, w := range phase {
					sum += w
				}
				if len(phase) != len(got.Sources) || !(math.Abs(sum-1) < 1e-8) {
					t.Fatalf("run %q: %v sums to %v", r.ID, phase, sum)
				}
			}
		}
	})
}

// TestRead_spreadsheet: what a spreadsheet saves in another form is told from what is wrong in a row.
func TestRead_spreadsheet(t *testing.T) {
	t.Parallel()
	wide := []byte("\xff\xfe")
	for _, b := range []byte(plainMixtures) {
		wide = append(wide, b, 0)
	}
	for name, c := range map[string]struct{ data, want string }{
		"UTF-16":    {string(wide), "is UTF-16"},
		"Shift_JIS": {"id,\x93\xfa\x96\x7b\x8c\xea,en\na,0.5,0.5\n", "isn't UTF-8"},
		"tabs":      {strings.ReplaceAll(plainMixtures, ",", "\t"), "cells stand between tabs"},
		"semicolon": {strings.ReplaceAll(plainMixtures, ",", ";"), "cells stand between semicolons"},
	} {
		_, _, err := table.Read(file("mix.csv", c.data), file("met.csv", plainMetrics), 0)
		var bad *ablation.Invalid
		if !errors.As(err, &bad) || len(bad.Problems) != 1 || !strings.Contains(bad.Problems[0].Message.EN, c.want) || !strings.Contains(bad.Problems[0].Message.EN, "CSV UTF-8") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
