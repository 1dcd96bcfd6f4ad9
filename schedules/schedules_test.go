package schedules_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode"

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

// TestList_asks: every file asks its question in both languages.
func TestList_asks(t *testing.T) {
	t.Parallel()
	for _, e := range list(t) {
		s, err := ablation.ParseSweep([]byte(e.Text))
		if err != nil {
			t.Fatal(err)
		}
		if s.QuestionEN == "" || strings.IndexFunc(s.QuestionEN, func(r rune) bool { return r > unicode.MaxLatin1 }) >= 0 {
			t.Errorf("%s asks %q in English", e.Name, s.QuestionEN)
		}
		if s.Question == s.QuestionEN || s.Asks("ja") != s.Question || s.Asks("en") != s.QuestionEN {
			t.Errorf("%s asks %q in Japanese", e.Name, s.Question)
		}
	}
}

func TestList_expands(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"demo":            {"ja57", "ja33"},
		"demo-quick":      {"ja57", "ja33"},
		"calm-7b":         {"ja57", "ja33"},
		"ja-grid":         append([]string{"ja50"}, numbered("ja50-ja%d", 10, 20, 30, 40, 60, 70, 80, 90)...),
		"en-then-ja-step": {"en-then-ja", "en-then-ja-matched"},
		"en-then-ja-ramp": {"en-to-ja", "en-to-ja-matched"},
		"when-to-switch":  {"late", "half", "early", "late-matched", "half-matched", "early-matched"},
		"size-ladder": {
			"ja57-0.2m-t500k", "ja57-0.2m-t1m", "ja57-0.5m-t500k", "ja57-0.5m-t1m", "ja57-1m-t500k", "ja57-1m-t1m",
			"ja33-0.2m-t500k", "ja33-0.2m-t1m", "ja33-0.5m-t500k", "ja33-0.5m-t1m", "ja33-1m-t500k", "ja33-1m-t1m",
		},
		"five-swarm":     append([]string{"centre"}, numbered("swarm-%03d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)...),
		"ja-adaptive":    {"even"}, // its first round is the start's
		"nightly":        {"ja57", "ja33"},
		"en-base":        {"en"},
		"ja-continued":   {"ja95", "ja60"},
		"decay-branch":   {"en", "ja"},
		"tune-full-lora": {"half-full", "half-lora8", "half-lora64"},
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
			s.Parents = parentsOf(t, s)
			if err := s.CheckStart(textOf(s)); err != nil {
				t.Fatal(err)
			}
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

// parentsOf are the runs that a sweep starts from, of the example that makes them.
func parentsOf(t *testing.T, s ablation.Sweep) (found []ablation.Parent) {
	t.Helper()
	if s.Recipe.Start == nil {
		return nil
	}
	name, arm, _, _ := s.Recipe.Start.Names()
	data, err := fs.ReadFile(schedules.FS, name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	base, err := ablation.ParseSweep(data)
	if err != nil {
		t.Fatal(err)
	}
	made, err := base.Expand(textOf(base))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range made.Runs {
		if r.Arm != arm {
			continue
		}
		step := s.Recipe.Start.Step
		if step == 0 {
			step = r.Steps
		}
		past := &ablation.Past{Recipe: base.Recipe, Sources: textOf(base), Weights: made.Arms[0].Weights}
		found = append(found, ablation.Parent{Replicate: r.Replicate, Run: r.ID, Step: step, Past: past})
	}
	return found
}

func numbered(format string, numbers ...int) []string {
	var out []string
	for _, n := range numbers {
		out = append(out, fmt.Sprintf(format, n))
	}
	return out
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
