package orchestrator

import (
	"testing"

	"github.com/haigo-lab/haigo/plugins/trainer/spec"
	"github.com/haigo-lab/haigo/services/ablation"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	running := ablation.Run{State: ablation.RunRunning, Steps: 100}
	stopping := ablation.Run{State: ablation.RunStopping, Steps: 100}
	word := func(outcome string, step int64, retriable bool) *spec.Finished {
		return &spec.Finished{Outcome: outcome, Step: step, Retriable: retriable}
	}
	tests := map[string]struct {
		run      ablation.Run
		finished *spec.Finished
		bad      int
		outcome  string
		next     ablation.RunState
	}{
		"completed":                         {running, word("completed", 100, false), 0, "completed", ablation.RunCompleted},
		"completed while asked to stop":     {stopping, word("completed", 100, false), 0, "completed", ablation.RunCompleted},
		"completed early is a failure":      {running, word("completed", 99, false), 0, "failed", ablation.RunFailed},
		"stopped as asked":                  {stopping, word("stopped", 40, false), 0, "stopped", ablation.RunStopped},
		"left unasked is queued again":      {running, word("stopped", 40, false), 2, "stopped", ablation.RunQueued},
		"diverged":                          {running, word("diverged", 40, true), 0, "diverged", ablation.RunDiverged},
		"failed for good":                   {running, word("failed", 40, false), 0, "failed", ablation.RunFailed},
		"failed, worth another try":         {running, word("failed", 40, true), 0, "failed", ablation.RunQueued},
		"failed three times in a row":       {running, word("failed", 40, true), 2, "failed", ablation.RunFailed},
		"no last word":                      {running, nil, 0, "lost", ablation.RunQueued},
		"no last word, third time":          {running, nil, 2, "lost", ablation.RunFailed},
		"no last word while asked to stop":  {stopping, nil, 0, "lost", ablation.RunStopped},
		"failed while asked to stop":        {stopping, word("failed", 40, true), 0, "failed", ablation.RunStopped},
		"failed for good while asked to go": {stopping, word("failed", 40, false), 0, "failed", ablation.RunFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judge(tt.run, tt.finished, tt.bad)
			if got.outcome != tt.outcome || got.next != tt.next {
				t.Errorf("judge: %s then %s, want %s then %s", got.outcome, got.next, tt.outcome, tt.next)
			}
		})
	}
}
