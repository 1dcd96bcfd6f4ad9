package ablation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func parse(t *testing.T, document string) ablation.Sweep {
	t.Helper()
	s, err := ablation.ParseSweep([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSweep_Arms(t *testing.T) {
	t.Parallel()
	s := parse(t, whole)
	arms, err := s.Arms(map[string]string{"web-ja": "ja", "web-en": "en", "misc": "other"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, a := range arms {
		got = append(got, a.Name)
		if a.Index != i {
			t.Errorf("%s has index %d, want %d", a.Name, a.Index, i)
		}
	}
	want := []string{"ja57", "ja33", "en-then-ja", "ja33-ja30", "ja33-ja40", "ja33-ja57", "ja33-ja12.5", "en-then-ja-matched"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
