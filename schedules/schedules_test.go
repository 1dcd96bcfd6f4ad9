package schedules_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/schedules"
	"github.com/haigo-lab/haigo/services/ablation"
)

func TestList_names_every_file(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(schedules.FS, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, e := range list(t) {
		listed[e.Name+".yaml"] = true
		if e.TitleEN == "" || e.TitleJA == "" {
			t.Errorf("%s has no title in both languages", e.Name)
		}
	}
	for _, f := range files {
		if !listed[f] {
			t.Errorf("%s isn't listed", f)
		}
	}
}

func TestList_expands(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"demo":            {"ja57", "ja33"},
		"demo-quick":      {"ja57", "ja33"},
		"calm-7b":         {"ja57", "ja33"},
		"ja-grid":         {"ja33", "ja33-ja20", "ja33-ja45", "ja33-ja57", "ja33-ja70"},
		"en-then-ja-step": {"en-then-ja", "en-then-ja-matched"},
		"en-then-ja-ramp": {"en-to-ja", "en-to-ja-matched"},
	}
	for _, e := range list(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			s, err := ablation.ParseSweep([]byte(e.Text))
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != e.Name {
				t.Errorf("the sweep's name is %s, want the file's", s.Name)
			}
			seed := uint64(1)
			s.Seed = &seed
			made, err := s.Expand(textOf(s))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range made.Arms {
				got = append(got, a.Name)
			}
			if diff := cmp.Diff(want[e.Name], got); diff != "" {
				t.Error(diff)
			}
			if len(made.Runs) != len(made.Arms)*len(s.Seeds) {
				t.Errorf("got %d runs of %d arms and %d seeds", len(made.Runs), len(made.Arms), len(s.Seeds))
			}
		})
	}
}

// textOf is a sweep's sources, in the language that a name begins or ends with.
func textOf(s ablation.Sweep) []ablation.Source {
	var out []ablation.Source
	for _, ref := range s.Sources {
		source := ablation.Source{Name: ref.Name, Lang: "other", Bytes: 8 << 20}
		for _, lang := range []string{"ja", "en", "code"} {
			if strings.HasPrefix(ref.Name, lang) || strings.HasSuffix(ref.Name, lang) {
				source.Lang = lang
			}
		}
		out = append(out, source)
	}
	return out
}

func list(t *testing.T) []schedules.Example {
	t.Helper()
	out, err := schedules.List()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
