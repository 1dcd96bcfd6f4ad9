package main_test

import (
	"os"
	"strings"
	"testing"
)

// TestSweep_grows: plan and apply say which runs a sweep that is there gets, and applying again adds none.
func TestSweep_grows(t *testing.T) {
	t.Parallel()
	data, file := folder(t), sweepFile(t, "grown", 20_000)
	sources(t, data)
	haigo(t, data, "sweep", "apply", file)
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	more := strings.Replace(string(document), "seeds: 2", "seeds: 4", 1)
	if err := os.WriteFile(file, []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ verb, want string }{
		{"plan", "4 runs to the 4 that are there: seeds of "},
		{"apply", "sweep grown grows: 8 runs, 8 queued\n  adds 4 runs to the 4 that are there: seeds of "},
		{"apply", "sweep grown is there already: 8 runs, 8 queued\n  adds nothing: all runs are among the 8 that are there\n"},
	} {
		if said := haigo(t, data, "sweep", step.verb, file); !strings.Contains(said, step.want) {
			t.Errorf("%s says\n%s\nwant %q", step.verb, said, step.want)
		}
	}
}
