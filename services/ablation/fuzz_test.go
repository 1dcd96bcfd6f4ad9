package ablation_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/haigo-lab/haigo/services/ablation"
)

// FuzzParseSweep: no document breaks the parser; what it takes, it takes again in the same way and can be made into arms;
// what it doesn't, it explains in both languages, in document order.
func FuzzParseSweep(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("\r\r0"))
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := readAgain(data); err != nil {
			t.Fatal(err)
		}
	})
}

func TestParseSweep_mutated(t *testing.T) {
	t.Parallel()
	pieces := []string{"[", "]", "{", "}", ": ", "- ", "\n", "  ", "\t", "'", `"`, "#", "&a ", "*a", "!!str ", "|\n", "? ", "<<: ", "---\n", "%", "e999", "-", "0", "日本", "\x00", "\xff", "null", "~", ".inf"}
	rapid.Check(t, func(t *rapid.T) {
		document := whole
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			at := rapid.IntRange(0, len(document)).Draw(t, "at")
			to := min(len(document), at+rapid.IntRange(0, 20).Draw(t, "cut"))
			document = document[:at] + rapid.SampledFrom(pieces).Draw(t, "piece") + document[to:]
		}
		if err := readAgain([]byte(document)); err != nil {
			t.Fatal(err)
		}
	})
}

// misformatted is what fmt leaves of a message whose arguments don't fit.
var misformatted = regexp.MustCompile(`%![a-zA-Z]?\(`)

func readAgain(data []byte) error {
	s, err := ablation.ParseSweep(data)
	if err != nil {
		return explained(err, 1+strings.Count(string(data), "\n")+strings.Count(string(data), "\r"))
	}
	again, err := ablation.ParseSweep([]byte(s.Document))
	if err != nil {
		return fmt.Errorf("read a second time: %w", err)
	}
	if diff := cmp.Diff(s, again); diff != "" {
		return errors.New(diff)
	}
	if s.Recipe.Steps() > 1000 || len(s.Schedules) > 20 {
		return nil // the laws of tables have tests of their own
	}
	if _, _, err := s.Arms(nil); err != nil {
		return explained(err, 1<<30)
	}
	return nil
}

func explained(err error, lines int) error {
	var bad *ablation.Invalid
	if !errors.As(err, &bad) || len(bad.Problems) == 0 {
		return fmt.Errorf("%w: not explained", err)
	}
	before := ablation.Problem{}
	for _, p := range bad.Problems {
		switch {
		case p.Message.JA == "" || p.Message.EN == "" || misformatted.MatchString(p.Message.EN+p.Message.JA):
			return fmt.Errorf("a message is broken: %+v", p)
		case p.Line < 1 || p.Column < 1 || p.Line > lines+1:
			return fmt.Errorf("a problem stands nowhere: %+v of %d lines", p, lines)
		case lines < 1<<30 && (p.Line < before.Line || p.Line == before.Line && p.Column < before.Column):
			return fmt.Errorf("%s comes after %s", before, p)
		}
		before = p
	}
	return nil
}

// TestParseSweep_any: what a document says is what the sweep holds.
func TestParseSweep_any(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.Int64Range(1000, 8_000_000).Draw(t, "tokens")
		want := drawSchedule(t, budget)
		want.Name = rapid.StringMatching(`[a-z0-9][a-z0-9._-]{0,30}`).Draw(t, "name")
		want.Label = ablation.Label{JA: "名", EN: "name"}
		var b strings.Builder
		fmt.Fprintf(&b, "name: x\nsources: [ja, en, code]\nrecipe: {tokens: %d, row_tokens: 8, batch_rows: 1}\nschedules:\n  %q:\n    label: {ja: 名, en: name}\n    stages:\n", budget, want.Name)
		for _, s := range want.Stages {
			fmt.Fprintf(&b, "      - {until: %d, ramp: %s, mixture: {ja: %v, en: %v, code: %v}}\n",
				s.Until.Tokens, s.Ramp, s.Mixture["ja"], s.Mixture["en"], s.Mixture["code"])
		}
		got, err := ablation.ParseSweep([]byte(b.String()))
		if err != nil {
			if strings.Contains(err.Error(), "shorter than a step") {
				return
			}
			t.Fatal(err)
		}
		if diff := cmp.Diff([]ablation.Schedule{want}, got.Schedules); diff != "" {
			t.Fatal(diff)
		}
	})
}
