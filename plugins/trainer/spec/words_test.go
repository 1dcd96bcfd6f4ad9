package spec_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
)

func TestSay(t *testing.T) {
	t.Parallel()
	damaged := spec.Say("%s has %d lines: %w", "%[2]d 行しかありません（%[1]s）：%[3]v", "a.jsonl", 3, fs.ErrInvalid)
	bad := func(ja string) error {
		return &spec.Invalid{Problems: []spec.Problem{{Field: "steps", Message: "is 0", MessageJA: ja}}}
	}
	for _, tt := range []struct {
		name   string
		err    error
		en, ja string
	}{
		{"plain", errors.New("no"), "no", ""},
		{"said", damaged, "a.jsonl has 3 lines: invalid argument", "3 行しかありません（a.jsonl）：invalid argument"},
		{"wrapped", fmt.Errorf("read: %w", damaged), "read: a.jsonl has 3 lines: invalid argument", "3 行しかありません（a.jsonl）：invalid argument"},
		{
			"said of said", spec.Say("source %s: %w", "データソース %s：%v", "ja", damaged),
			"source ja: a.jsonl has 3 lines: invalid argument", "データソース ja：3 行しかありません（a.jsonl）：invalid argument",
		},
		{"problems", bad("0 です"), "steps: is 0", "steps: 0 です"},
		{"problems without Japanese", bad(""), "steps: is 0", ""},
	} {
		if got := tt.err.Error(); got != tt.en {
			t.Errorf("%s: says %q, want %q", tt.name, got, tt.en)
		}
		if got := spec.InJapanese(tt.err); got != tt.ja {
			t.Errorf("%s: says %q in Japanese, want %q", tt.name, got, tt.ja)
		}
	}
	if !errors.Is(spec.Say("a: %w", "b：%v", damaged), fs.ErrInvalid) {
		t.Error("the cause is lost")
	}
}
