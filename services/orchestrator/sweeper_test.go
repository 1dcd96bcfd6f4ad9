package orchestrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer"
	"github.com/haigo-lab/haigo/services/orchestrator"
	"github.com/haigo-lab/haigo/services/postgres/pgtest"
)

var errCrashed = errors.New("the plugin exited before it served")

// besideCrashed is the embedded trainer beside one for GPUs whose program crashes.
type besideCrashed struct{ inProcess }

func (besideCrashed) Names() []string { return []string{"cpu", "gpu"} }

func (b besideCrashed) Describe(ctx context.Context, name string) (trainer.Description, error) {
	if name == "gpu" {
		return trainer.Description{}, errCrashed
	}
	return b.inProcess.Describe(ctx, name)
}

// TestSweeper_Apply_crashedTrainer: a recipe that names no trainer takes the first that works; one that names the crashed
// one hears of the crash.
func TestSweeper_Apply_crashedTrainer(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.URL(t))
	addText(t, store)
	s := &orchestrator.Sweeper{Store: store, Trainers: besideCrashed{cpu}, RunsAtOnce: 1}
	with := func(name, trainer string) []byte {
		return []byte(strings.Replace(string(sweepFile(name, "")), "trainer: cpu, ", trainer, 1))
	}
	sweep, _, err := s.Apply(t.Context(), with("any", ""), "")
	if err != nil || sweep.Recipe.Trainer != "cpu" {
		t.Errorf("any trainer: %q, %v; want cpu", sweep.Recipe.Trainer, err)
	}
	if _, _, err := s.Apply(t.Context(), with("crashed", "trainer: gpu, "), ""); !errors.Is(err, errCrashed) {
		t.Errorf("the crashed trainer: %v", err)
	}
}
