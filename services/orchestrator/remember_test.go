package orchestrator_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

// counted counts how often it is asked about a run.
type counted struct {
	inProcess
	asked *int
}

func (c counted) Check(ctx context.Context, name string, s *spec.Spec) (trainer.Report, error) {
	*c.asked++
	return c.inProcess.Check(ctx, name, s)
}

// TestSweeper_Plan_remembers: while boundaries and shares are moved, plans ask the trainer once a kind of mixture; a start
// asks about what starts.
func TestSweeper_Plan_remembers(t *testing.T) {
	t.Parallel()
	store := pgtest.Store(t)
	addText(t, store)
	s, asked := sweeper(store), 0
	s.Trainers = counted{cpu, &asked}
	document := func(until, mixture, ramp string) []byte {
		return []byte(fmt.Sprintf(`name: turning
sources: [web-ja, web-en]
recipe: {trainer: cpu, shape: {layers: 1, width: 16, heads: 1, ffn: 16}, tokens: 1024, row_tokens: 16, batch_rows: 4, max_epochs: 1000}
schedules:
  turn: {stages: [{until: %s, mixture: {web-ja: 0.5, web-en: 0.5}}, {until: 1.0, mixture: {%s}, ramp: %s}]}
seeds: 1
`, until, mixture, ramp))
	}
	for _, tt := range []struct {
		of                   string
		until, mixture, ramp string
		asked                int
	}{
		{"the first", "0.25", "web-ja: 0.8, web-en: 0.2", "none", 1},
		{"a boundary moved", "0.5", "web-ja: 0.8, web-en: 0.2", "none", 0},
		{"a share moved", "0.5", "web-ja: 0.3, web-en: 0.7", "none", 0},
		{"a source less", "0.5", "web-ja: 1", "none", 1},
		{"a ramp", "0.5", "web-ja: 0.3, web-en: 0.7", "linear", 1},
		{"a ramp moved", "0.25", "web-ja: 0.2, web-en: 0.8", "linear", 0},
	} {
		asked = 0
		if plan, err := s.Plan(t.Context(), document(tt.until, tt.mixture, tt.ramp)); err != nil || len(plan.Problems) > 0 || asked != tt.asked {
			t.Errorf("%s: asked %d times, want %d; %v, %v", tt.of, asked, tt.asked, plan.Problems, err)
		}
	}
	asked = 0
	if _, _, err := s.Apply(t.Context(), document("0.25", "web-ja: 0.2, web-en: 0.8", "linear"), ""); err != nil || asked != 1 {
		t.Errorf("a start asked %d times, %v", asked, err)
	}
}
