package ablation_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

var update = flag.Bool("update", false, "write the golden files")

// TestParseSweep_broken holds every message: what it says, in both languages, and where it points. What the document alone
// can't tell comes from expanding it, with 20 MB of each source.
func TestParseSweep_broken(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 25 {
		t.Fatalf("got %d broken examples: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := ablation.ParseSweep(data)
			if err == nil {
				seed := uint64(1)
				s.Seed = &seed
				_, err = s.Expand(ofBytes(s, 20e6))
			}
			var bad *ablation.Invalid
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want problems", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", listed(bad.Problems))
		})
	}
}

// ofBytes is so much text of each source, in the language of its name.
func ofBytes(s ablation.Sweep, bytes int64) []ablation.Source {
	text := textOf(s)
	for i := range text {
		text[i].Bytes = bytes
	}
	return text
}

func listed(problems []ablation.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s\n    %s\n", p, p.Message.In("ja"))
		if p.Text != "" {
			fmt.Fprintf(&b, "    %q\n", p.Text)
		}
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
