package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/plugins/cpu/runner"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestRun_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`unknown command "fly"; there are rows and run`: {"fly"},
		"more arguments than expected":                  {"run", "now"},
		"read spec: ":                                   {"run", "--dir", t.TempDir()},
	} {
		if err := run(args); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", args, err, want)
		}
	}
}

func TestParse_FindsTheRowsOfTheDataFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dir := spec.AttemptDir(spec.RunDir(data, "run"), 1)
	got, err := parse([]string{"run", "--dir", dir})
	if err != nil {
		t.Fatal(err)
	}
	want := runner.Options{Dir: dir, Rows: filepath.Join(data, "rows"), Program: spec.Program{Name: "cpu", Version: version}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
