package ablation_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestParseSweep_keep(t *testing.T) {
	t.Parallel()
	days := func(n int) *int { return &n }
	for text, want := range map[string]ablation.Keep{
		"":                            {},
		"keep: {checkpoints: 7}\n":    {Checkpoints: days(7)},
		"keep: {points: 90, logs: 0}": {Points: days(90), Logs: days(0)},
	} {
		if diff := cmp.Diff(want, parse(t, growing+text).Keep); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"keep: {points: -1}\n":    "11:16: keep.points: is -1; give a whole number from 0 to 36500",
		"keep:\n  scores: 90\n":   "12:3: keep.scores: unknown key scores; known are checkpoints, logs, points",
		"keep: 90\n":              "11:7: keep: is one value; give keys with values",
		"keep: {logs: 2 weeks}\n": "11:14: keep.logs: is 2 weeks; give a whole number from 0 to 36500",
	} {
		_, err := ablation.ParseSweep([]byte(growing + text))
		var bad *ablation.Invalid
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestGrow_keep: what somebody said of a started sweep holds until the file says otherwise than before.
func TestGrow_keep(t *testing.T) {
	t.Parallel()
	days := func(n int) *int { return &n }
	old := started(t)
	old.Keep = ablation.Keep{Points: days(3)}
	for text, want := range map[string]ablation.Keep{"": old.Keep, "keep: {logs: 5}\n": {Logs: days(5)}} {
		got, err := ablation.Grow(old, parse(t, growing+text))
		if diff := cmp.Diff(want, got.Keep); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
	}
}
