package ablation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haigo-lab/haigo/services/ablation"
)

func TestParseSweep_earlyStop(t *testing.T) {
	t.Parallel()
	const head = "name: a\nsources: [ja]\nrecipe: {tokens: 1M}\nschedules: {c: {stages: [{until: 1.0, mixture: {ja: 1}}]}}\n"
	for text, want := range map[string]*ablation.EarlyStop{
		"":                        nil,
		"early_stop: no\n":        nil,
		"early_stop: yes\n":       {At: []float64{.1, .3}, Keep: 1. / 3},
		"early_stop: {keep: 0.5}": {At: []float64{.1, .3}, Keep: .5},
		"early_stop: {at: [20%, 0.5], by: [bpb/ja]}": {At: []float64{.2, .5}, Keep: 1. / 3, By: []string{"bpb/ja"}},
	} {
		s, err := ablation.ParseSweep([]byte(head + text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, s.EarlyStop); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"early_stop: {at: [30%, 10%]}": "rising order", "early_stop: {at: [60M]}": "no part of a run", "early_stop: {at: [1.0]}": "no part of a run",
		"early_stop: {keep: 0}": "number", "early_stop: maybe": "isn't one of the choices", "early_stop: {rungs: [0.1]}": "unknown key rungs",
	} {
		if _, err := ablation.ParseSweep([]byte(head + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
